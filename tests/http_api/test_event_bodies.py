"""How a body gets into an event: as text, in base64, decompressed, or not at all."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable

import pytest
from api_kit import api_of, event_of, matched_of, request_of, route_of
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.events.body import TooLargeError, UnsupportedEncodingError
from samlocal.http_api.events.event import event
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import ApiKind

TEXT = b'{"a": "\xce\xbb"}'


def made(
    kind: ApiKind, body: bytes, media: str | None, *, encoding: str | None = None, **members: object
) -> tuple[str | None, bool]:
    headers = {"Host": "h"}
    if media is not None:
        headers["Content-Type"] = media
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    request = request_of("POST", headers=headers, body=body)
    event = event_of(api_of(kind, **members), matched_of(request), request)
    return event.get("body"), event["isBase64Encoded"]


def test_a_rest_api_without_binary_media_types_spoils_what_is_no_text() -> None:
    assert made(ApiKind.REST, b"\xff\xfeA", "image/png") == ("��A", False)


def test_text_that_is_no_utf8_is_kept_in_base64_where_the_content_type_decides() -> None:
    assert made(ApiKind.HTTP, b"\xff", "text/plain") == ("/w==", True)


def test_an_encoded_body_is_base64_whatever_it_calls_itself() -> None:
    # ELB user guide, "Lambda functions as targets": if the content-encoding header is present.
    packed = gzip.compress(TEXT)
    expected = (base64.b64encode(packed).decode(), True)
    assert made(ApiKind.ALB, packed, "application/json", encoding="gzip") == expected
    assert made(ApiKind.HTTP, packed, "application/json", encoding="gzip") == expected


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(TEXT, mtime=0)), ("deflate", zlib.compress(TEXT)), ("identity", TEXT)],
)
def test_a_rest_api_that_compresses_decompresses_too(encoding: str, packed: bytes) -> None:
    # API Gateway developer guide, "Invoke an API method with a compressed payload".
    found = made(ApiKind.REST, packed, "application/json", encoding=encoding, minimum_compression_size=0)
    assert found == (TEXT.decode(), False)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"x"),
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9]),
        ("deflate", b"no deflate"),
        ("deflate", zlib.compress(TEXT)[:-5]),
    ],
)
def test_what_a_rest_api_cannot_decompress_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(UnsupportedEncodingError):
        made(ApiKind.REST, body, "application/json", encoding=encoding, minimum_compression_size=0)


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_small_body_that_would_be_decompressed_to_much_is_too_large(
    encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(bytes(10 * 1024 * 1024 + 1))
    assert len(packed) < 20_000

    with pytest.raises(TooLargeError):
        made(ApiKind.REST, packed, "application/json", encoding=encoding, minimum_compression_size=0)


def test_an_event_over_lambdas_own_limit_is_too_large_though_its_body_is_not() -> None:
    request = request_of("POST", headers={"Content-Type": "image/png"}, body=b"x" * 5_000_000)
    with pytest.raises(TooLargeError):
        event(api_of(ApiKind.HTTP), matched_of(request), request)


TEXTS = st.text(max_size=20)
TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABC-", min_size=1, max_size=12)


@given(
    kind=st.sampled_from([ApiKind.REST, ApiKind.HTTP, ApiKind.FUNCTION_URL, ApiKind.ALB]),
    payload_format=st.sampled_from(PayloadFormat),
    method=st.sampled_from(["GET", "POST", "OPTIONS", "PURGE"]),
    path=st.text("abc/%?#;.+ 0123456789ABCDEF", max_size=30).map(lambda text: f"/{text}"),
    query=st.text(max_size=40),
    headers=st.lists(st.tuples(TOKENS, st.text(st.characters(max_codepoint=255), max_size=10)), max_size=6),
    body=st.binary(max_size=40),
)
def test_any_request_has_an_event(
    kind: ApiKind,
    payload_format: PayloadFormat,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
) -> None:
    request = HttpRequest(
        method=method, path=path, query=query, headers=tuple(headers), body=body, received=0, request_id="r"
    )
    made = event_of(api_of(kind), matched_of(request, route_of(payload_format=payload_format)), request)
    if made["isBase64Encoded"]:
        assert base64.b64decode(made["body"]) == body
