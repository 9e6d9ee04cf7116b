"""What is downloaded, in pieces: from a signed URL, or an object of S3."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from samlocal.aws.call_log import log_url
from samlocal.aws.failures import AwsCallError, AwsUnreachableError
from samlocal.aws.http import sent, unbroken

_PIECE = 256 * 1024

# To connect, and between two reads.
_SECONDS = (10, 30)


class Body(Struct, frozen=True, kw_only=True):
    """What is downloaded: its bytes from ``start`` on, in pieces. ``total`` is the whole's size where it is told."""

    start: int
    total: int | None
    pieces: Iterator[bytes]


@contextmanager
def opened_url(url: str, *, start: int, verify: str | bool, direct: bool) -> Iterator[Body]:
    """``verify`` and ``direct`` are ``http.sent``'s. Raises as ``Aws.open_url`` does."""
    import botocore.awsrequest
    import botocore.exceptions

    what = f"GET {url.partition('?')[0]}"
    headers = {"Range": f"bytes={start}-"} if start else {}
    request = botocore.awsrequest.AWSRequest(method="GET", url=url, headers=headers)
    began = time.monotonic()
    try:
        with sent(request, verify=verify, direct=direct, timeout=_SECONDS, streams=True) as answer:
            log_url(what, answer.status, began)
            if answer.status >= 400:
                raise AwsCallError(f"{what}: HTTP {answer.status}.", code=str(answer.status), action="GET")
            yield _body(answer.headers, answer.pieces(_PIECE), start=start if answer.status == 206 else 0)
    except botocore.exceptions.BotoCoreError as error:
        raise AwsUnreachableError(f"{what}: {error}") from error


@contextmanager
def opened_object(answer: Mapping[str, Any], *, start: int) -> Iterator[Body]:
    """What S3 has answered to GetObject, from ``start`` on where it could."""
    stream = answer["Body"]
    try:
        yield _body(
            answer["ResponseMetadata"]["HTTPHeaders"],
            unbroken(iter(lambda: stream.read(_PIECE), b"")),
            start=start if answer.get("ContentRange") else 0,
        )
    finally:
        stream.close()


def _body(headers: Mapping[str, str], pieces: Iterator[bytes], *, start: int) -> Body:
    length = headers.get("content-length")
    return Body(start=start, total=None if length is None else start + int(length), pieces=pieces)
