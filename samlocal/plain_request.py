"""Which HTTP requests are plain: those that nearly every client sends, told by their first bytes.

samlocal reads these with llhttp (httptools), which takes a fifth of the time that h11 does, and all others with h11.
llhttp alone would not do: it has no limit for a head, knows no method that it has not heard of, reads trailers as
headers, and takes the body of a request that offers another protocol (``Upgrade: h2c``, Java's own client) for the
next request. What is plain ends where it says, so that the two agree about where the next request begins.
"""

from __future__ import annotations

import re

HEAD_BYTES = 16 * 1024
"""A plain request's line and headers together: more than API Gateway takes (``http_api/request_size.py``)."""

_LINE = re.compile(rb'(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[!"$-~]* HTTP/1\.1\r\n')

# There is more to such a request than a head and so many bytes.
_MORE = (b"\ntransfer-encoding:", b"\nupgrade:", b"\nexpect:")

_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r")


def head_and_body(data: bytes) -> tuple[int, int] | None:
    """How many bytes of them the request has that begins with ``data``; None where it is not plain.

    Its head is there, whole; its body may have yet to come.
    """
    end = data.find(b"\r\n\r\n", 0, HEAD_BYTES) + 4
    if end < 4 or not _LINE.match(data):
        return None
    head = data[:end].lower()
    lines = head.count(b"\r\n")
    if head.count(b"\n") != lines or b"\n " in head or b"\n\t" in head or head.count(b"\nhost:") != 1:
        return None
    if any(each in head for each in _MORE):
        return None
    lengths = head.count(b"\ncontent-length:")
    if not lengths:
        return end, 0
    found = _LENGTH.search(head)
    return (end, int(found[1])) if found and lengths == 1 else None
