"""Requests that are wrong, strange, or cut in two, for whoever answers HTTP.

What is to become of them: RFC 9112 (message framing, request smuggling: sections 2.2, 3, 6.3, 11.2), RFC 9110
(section 5.5 for what a header may hold, 7.8 for offers of another protocol).
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

DEADLINE = 60.0

_HOST = b"Host: a\r\n"
_POST = b"POST /x HTTP/1.1\r\n" + _HOST
_GET = b"GET /x HTTP/1.1\r\n" + _HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """``answers`` are those to its requests; what is ``refused`` has a 4xx or 501 then, and the connection ends."""

    data: bytes
    answers: tuple[bytes, ...] = ()
    refused: bool = False


def _taken(data: bytes, *answers: bytes) -> Hostile:
    return Hostile(data=data, answers=answers)


def _refused(data: bytes, *before: bytes) -> Hostile:
    return Hostile(data=data, answers=before, refused=True)


_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
_SECOND = b"GET /x HTTP/1.1\r\nHost: b\r\n\r\n"

REQUESTS = {
    # lines
    "TLS": _refused(b"\x16\x03\x01\x00\x05hello\r\n\r\n"),
    "an unknown method": _taken(b"BREW /x HTTP/1.1\r\n" + _HOST + b"\r\n", b"BREW "),
    "a method in small letters": _taken(b"brew /x HTTP/1.1\r\n" + _HOST + b"\r\n", b"brew "),
    "two blanks": _refused(b"GET  /x HTTP/1.1\r\n" + _HOST + b"\r\n"),
    "NUL in the path": _refused(b"GET /x\x00 HTTP/1.1\r\n" + _HOST + b"\r\n"),
    "a path that is no ASCII": _refused(b"GET /x\xff HTTP/1.1\r\n" + _HOST + b"\r\n"),
    "HTTP/1.0": _taken(b"GET /x HTTP/1.0\r\n\r\n", b"GET "),
    "line feeds alone": _taken(b"GET /x HTTP/1.1\nHost: a\n\n", b"GET "),
    # headers
    "no host": _refused(b"GET /x HTTP/1.1\r\n\r\n"),
    "two hosts": _refused(_GET + b"Host: b\r\n\r\n"),
    "NUL in a header": _refused(_GET + b"A: \x00\r\n\r\n"),
    "a carriage return in a header": _refused(_GET + b"A: b\rContent-Length: 9\r\n\r\n"),
    "a blank before the colon": _refused(_POST + b"Content-Length : 2\r\n\r\n{}"),
    "no name": _refused(_GET + b": b\r\n\r\n"),
    "no colon": _refused(_GET + b"A\r\n\r\n"),
    "a folded line": _taken(_GET + b"A: b\r\n c\r\n\r\n", b"GET "),
    "a long head that never ends": _refused(_GET + b"A: " + b"x" * 300_000),
    "a line that never ends": _refused(b"GET /" + b"x" * 300_000),
    # bodies
    "a length and chunks": _taken(
        _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"POST {}"
    ),
    "two lengths that agree": _taken(_POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", b"POST {}"),
    "two lengths that do not": _refused(_POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
    "a length with a sign": _refused(_POST + b"Content-Length: +2\r\n\r\n{}"),
    "a negative length": _refused(_POST + b"Content-Length: -1\r\n\r\n"),
    "a length in hex": _refused(_POST + b"Content-Length: 0x2\r\n\r\n{}"),
    "no length in its header": _refused(_POST + b"Content-Length:\r\n\r\n{}"),
    "chunks": _taken(_CHUNKED + b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n", b"POST {}"),
    "trailers": _taken(_CHUNKED + b"2\r\n{}\r\n0\r\nHost: evil\r\nContent-Length: 9\r\n\r\n", b"POST {}"),
    "chunks under another one's name": _refused(_POST + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "chunks within gzip": _refused(_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
    # what stands behind
    "two requests at once": _taken(_POST + b"Content-Length: 2\r\n\r\n{}" + _SECOND, b"POST {}", b"GET "),
    "another one behind chunks": _taken(_CHUNKED + b"2\r\n{}\r\n0\r\n\r\n" + _SECOND, b"POST {}", b"GET "),
    "an unknown one behind another": _taken(_GET + b"\r\nBREW /x HTTP/1.1\r\nHost: b\r\n\r\n", b"GET ", b"BREW "),
    "chunks behind another": _taken(_GET + b"\r\n" + _CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", b"GET ", b"POST {}"),
    "garbage behind another": _refused(_GET + b"\r\n\x00\x01\r\n\r\n", b"GET "),
    "more than the length says": _refused(_POST + b"Content-Length: 2\r\n\r\n{}}\r\n\r\n", b"POST {}"),
    "a request behind the last one": _taken(_GET + b"Connection: close\r\n\r\n" + _SECOND, b"GET "),
    "an offer of HTTP/2": _taken(
        _POST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\nContent-Length: 2\r\n\r\n{}"
        + _SECOND,
        b"POST {}",
        b"GET ",
    ),
    "an offer of what nobody knows": _taken(
        _POST + b"Connection: upgrade\r\nUpgrade: a\r\nContent-Length: 2\r\n\r\n{}", b"POST {}"
    ),
}

METHODS = ("GET", "POST", "BREW", "brew")
"""That ``REQUESTS`` ask for ``/x`` with."""

_LAST = _GET + b"Connection: close\r\n\r\n"


def check(address: tuple[str, int], request: Hostile, *, cut: int | None) -> None:
    """Asks a server that answers ``METHOD body``; the request is sent in two where it is ``cut``."""
    answers = _answers(_said(address, request.data + (b"" if request.refused else _LAST), cut=cut))
    statuses, bodies = [status for status, _ in answers], tuple(body for _, body in answers)
    if request.refused:
        assert statuses[:-1] == [200] * len(request.answers)
        assert statuses[-1] in range(400, 500) or statuses[-1] == 501
        assert bodies[:-1] == request.answers
    else:
        assert set(statuses) == {200}
        # Behind a client's own last request nothing is answered.
        assert bodies in (request.answers, (*request.answers, b"GET "))


def _said(address: tuple[str, int], data: bytes, *, cut: int | None) -> bytes:
    """What a server says until it hangs up."""
    with socket.create_connection(address, timeout=DEADLINE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        heard = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(data[:cut])
            if cut is not None:
                connection.sendall(data[cut:])
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                heard += part
        return heard


def _answers(heard: bytes) -> list[tuple[int, bytes]]:
    """Statuses and bodies."""
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        line, *others = head.lower().split(b"\r\n")
        size = int(dict(each.split(b": ", 1) for each in others).get(b"content-length", len(rest)))
        found.append((int(line.split(b" ")[1]), rest[:size]))
        heard = rest[size:]
    return found
