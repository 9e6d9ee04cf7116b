"""Plain requests and what is answered to them, byte by byte; and that they are the same to both parsers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from samlocal.service.http_protocol import cased_headers
from samlocal.service.server import listening, serving

VISIBLE = bytes(range(0x21, 0x7F))
TARGET = b"/" + VISIBLE.replace(b"#", b"").replace(b"?", b"") + b"//%00%ff?" + VISIBLE.replace(b"#", b"")

Headers = list[tuple[bytes, bytes]]


async def conversation(application: Callable[..., Awaitable[None]], *requests: bytes) -> bytes:
    """What is said to these requests, one after another, until the server hangs up."""
    with contextlib.closing(listening("127.0.0.1", 0)) as listens:
        address = listens.getsockname()[:2]
        async with asyncio.timeout(60), serving(application, [listens]):
            reader, writer = await asyncio.open_connection(*address)
            for request in requests:
                writer.write(request)
                await writer.drain()
            said = await reader.read()
            writer.close()
            return said


def asked(*requests: bytes) -> list[dict[str, Any]]:
    """The scopes that an application has of requests."""
    scopes: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        wanted = {
            "type",
            "http_version",
            "scheme",
            "method",
            "root_path",
            "path",
            "raw_path",
            "query_string",
            "headers",
        }
        scopes.append({name: scope[name] for name in wanted} | {"cased": cased_headers(scope)})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    asyncio.run(conversation(application, *requests))
    return scopes


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_both_parsers_tell_an_application_the_same(method: str) -> None:
    head = (
        method.encode()
        + b" "
        + TARGET
        + b" HTTP/1.1\r\nHost: a:1\r\nX-CaSed:\t b \xff c \t\r\nx-cased: d\r\nEmpty:\r\n"
    )
    # Who asks first is not plain.
    other = head + b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
    plain = head + b"Connection: close\r\n\r\n"
    (by_h11,), (by_llhttp,) = asked(other), asked(plain)
    for scope in (by_h11, by_llhttp):
        for names in ("headers", "cased"):
            scope[names] = [(name, value) for name, value in scope[names] if name.lower() != b"expect"]
    assert by_llhttp == by_h11
    assert (b"X-CaSed", b"b \xff c") in by_llhttp["cased"]


def answer(status: int, headers: Headers, *parts: bytes, method: str = "GET") -> tuple[bytes, list[bytes], bytes]:
    """The line, the headers besides the date, and the body of an answer; the connection is kept after it."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts, start=1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})

    request = f"{method} / HTTP/1.1\r\nHost: a\r\n".encode()
    said = asyncio.run(conversation(application, request + b"\r\n", request + b"Connection: close\r\n\r\n"))
    head, _, rest = said.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    again = rest.rpartition(line)
    assert again[1] or not rest or not line.startswith(b"HTTP"), said
    return line, [each for each in fields if not each.startswith(b"date: ")], again[0]


@pytest.mark.parametrize(
    ("status", "given", "parts", "method", "fields", "body"),
    [
        (
            200,
            [(b"Content-Length", b"2"), (b"X-Own", b"a")],
            [b"{}"],
            "GET",
            [b"Content-Length: 2", b"X-Own: a"],
            b"{}",
        ),
        (200, [(b"Content-Length", b"4")], [b"{}", b"[]"], "GET", [b"Content-Length: 4"], b"{}[]"),
        (200, [], [b"{}", b"", b"a"], "GET", [b"Transfer-Encoding: chunked"], b"2\r\n{}\r\n1\r\na\r\n0\r\n\r\n"),
        (
            200,
            [(b"transfer-encoding", b"chunked"), (b"content-length", b"9")],
            [b"{}"],
            "GET",
            [b"Transfer-Encoding: chunked"],
            b"2\r\n{}\r\n0\r\n\r\n",
        ),
        # RFC 9110, 8.6: the length that a body would have.
        (200, [(b"Content-Length", b"2")], [b""], "HEAD", [b"Content-Length: 2"], b""),
        (304, [(b"Content-Length", b"2")], [b""], "GET", [b"Content-Length: 2"], b""),
        (204, [], [b""], "GET", [], b""),
        (599, [(b"Content-Length", b"0")], [b""], "GET", [b"Content-Length: 0"], b""),
    ],
)
def test_an_answer_goes_out_as_it_was_given(
    status: int, given: Headers, parts: list[bytes], method: str, fields: list[bytes], body: bytes
) -> None:
    line, found, said = answer(status, given, *parts, method=method)
    assert line.startswith(b"HTTP/1.1 %d " % status)
    assert (found, said) == (fields, body)


@pytest.mark.parametrize(
    "given",
    [
        [(b"A", b"b\r\nC: d")],
        [(b"A b", b"c")],
        [(b"", b"c")],
        [(b"\xe9", b"c")],
        [(b"Content-Length", b"2"), (b"content-length", b"3")],
        [(b"Content-Length", b"many")],
        [(b"Transfer-Encoding", b"gzip")],
        [(b"Content-Length", b"1")],
    ],
)
def test_an_answer_that_http_has_no_form_for_breaks_off(given: Headers) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": given})
        await send({"type": "http.response.body", "body": b"{}"})

    said = asyncio.run(conversation(application, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert b"{}" not in said
    assert b"C: d" not in said
