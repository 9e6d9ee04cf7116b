"""Somebody's request, signed anew and sent to a service as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from samlocal.aws.http import HttpAnswer, sent

# A function may run for so long before it answers, and a connection is slow now and then.
_ANSWER_SECONDS = 15 * 60 + 30
_CONNECT_SECONDS = 10

_PIECE = 64 * 1024

# Of one connection, or of the signature that the request had.
_NOT_PASSED_ON = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_NOT_PASSED_BACK = frozenset({"connection", "keep-alive", "trailer", "transfer-encoding", "upgrade"})


class Reply(Struct, frozen=True, kw_only=True):
    """What a service answers. ``pieces`` come as they come, to their end or until ``close``, from any thread."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]
    close: Callable[[], None]


def signed_request(
    credentials: Any,
    service: str,
    region: str,
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    verify: str | bool,
    direct: bool,
    seconds: float = _ANSWER_SECONDS,
) -> Reply:
    """``credentials`` are botocore's, ``verify`` and ``direct`` ``http.sent``'s. The answer may take ``seconds``.

    Raises botocore's own errors, and AwsUnreachableError while the pieces are read.
    """
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest

    kept = {name: value for name, value in headers.items() if name not in _NOT_PASSED_ON}
    request = AWSRequest(method=method, url=url, headers=kept, data=body)
    # S3 signs paths as they are.
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(credentials, service, region).add_auth(request)
    answer = sent(request, verify=verify, direct=direct, timeout=(_CONNECT_SECONDS, seconds), streams=True)
    return Reply(
        status=answer.status,
        headers={name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_BACK},
        pieces=_pieces(answer),
        close=answer.close,
    )


def _pieces(answer: HttpAnswer) -> Iterator[bytes]:
    with answer:
        yield from answer.as_it_comes(_PIECE)
