"""How a streamed response begins."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.answers.payload import MalformedError
from samlocal.http_api.answers.prelude import CONTENT_TYPE, Prelude
from samlocal.http_api.model import ApiKind

NULS = b"\0" * 8
# Lambda developer guide, "Writing response streaming-enabled Lambda functions": awslambda.HttpResponseStream.from.
STREAM = b'{"statusCode":201,"headers":{"Content-Type":"text/html"},"cookies":["a=1","b=2"]}' + NULS + b"<p>\0one"


def read(parts: list[bytes], kind: ApiKind = ApiKind.FUNCTION_URL) -> tuple[Prelude, bytes]:
    prelude = Prelude(kind, CONTENT_TYPE)
    body = b"".join(prelude.feed(part) for part in parts) + prelude.end()
    return prelude, body


def test_status_headers_and_cookies_come_before_the_body() -> None:
    prelude, body = read([STREAM])
    assert (prelude.status, body) == (201, b"<p>\0one")
    assert prelude.headers == (("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_it_does_not_matter_where_the_parts_are_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    prelude, body = read([STREAM[start:end] for start, end in itertools.pairwise(places)])
    assert (prelude.status, body) == (201, b"<p>\0one")


@pytest.mark.parametrize("plain", [b"hello", b"", b'{"just": "json"}', b"\x89PNG" + NULS])
def test_a_stream_without_a_prelude_is_body_from_the_first_byte(plain: bytes) -> None:
    prelude, body = read([plain])
    assert (prelude.status, body) == (200, plain)
    assert prelude.headers == (("Content-Type", "application/octet-stream"),)


# A stream of JSON lines: a runtime announces one with a prelude (HttpResponseStream.js) by its content type.
@pytest.mark.parametrize(
    ("announced", "said"),
    [
        (None, "application/octet-stream"),
        ("application/json", "application/json"),
        ("text/event-stream; charset=utf-8", "text/event-stream; charset=utf-8"),
    ],
)
def test_what_is_not_announced_with_a_prelude_is_not_kept_back(announced: str | None, said: str) -> None:
    prelude = Prelude(ApiKind.FUNCTION_URL, announced)
    assert prelude.feed(b'{"line": 1}\n') == b'{"line": 1}\n'
    assert prelude.feed(STREAM) == STREAM
    assert (prelude.status, prelude.end()) == (200, b"")
    assert prelude.headers == (("Content-Type", said),)


def test_plain_text_is_not_kept_back() -> None:
    prelude = Prelude(ApiKind.FUNCTION_URL, CONTENT_TYPE)
    assert prelude.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert prelude.is_known


def test_a_prelude_that_says_nonsense_is_malformed() -> None:
    for wrong in (b"{no json" + NULS, b'{"statusCode": "x"}' + NULS):
        with pytest.raises(MalformedError):
            Prelude(ApiKind.FUNCTION_URL, CONTENT_TYPE).feed(wrong)


# API Gateway developer guide, "Set up a Lambda proxy integration with payload response streaming": the payload begins
# after the metadata and eight NULs, which have to come in the first 16 KB. AWS's own samples write both by
# themselves, and announce nothing: responseStream.write('{"statusCode": 200}').
@pytest.mark.parametrize("announced", [None, "application/octet-stream", CONTENT_TYPE])
def test_a_rest_api_reads_a_prelude_whatever_is_announced(announced: str | None) -> None:
    prelude = Prelude(ApiKind.REST, announced)
    assert prelude.feed(STREAM) == b"<p>\0one"
    assert prelude.status == 201


@pytest.mark.parametrize("begins", [b"hello", b'{"line": 1}\n' * 2000, b'{"just": "json"}', b""])
def test_a_stream_without_a_prelude_is_malformed_to_a_rest_api(begins: bytes) -> None:
    with pytest.raises(MalformedError, match="eight NULs"):
        read([begins], ApiKind.REST)
