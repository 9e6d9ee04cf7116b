"""Archives that lie in S3, brought to this machine once for each of their versions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import Cache, hash_of
from samlocal.artifact.fetch.download import download
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.fetch.unpacked import Unpacked, unpacked
from samlocal.aws import AwsCallError, AwsUnreachableError, Body
from samlocal.function.package import S3Code
from samlocal.records import read_record, write_record

KIND = "s3"

# Somebody else may be deploying all the time.
_ATTEMPTS = 3
_CHANGED = ("PreconditionFailed", "412")


def stored(code: S3Code, supply: ArtifactStore, cache: Cache, *, region: str, mounted_at: str) -> Unpacked:
    """The archive, unpacked. Raises ArchiveError, DownloadError, AwsError."""
    for attempt in range(_ATTEMPTS):
        etag = None if code.version else _etag(code, supply, cache, region, anew=attempt > 0)
        try:
            return _stored(code, etag, supply, cache, region=region, mounted_at=mounted_at)
        except AwsCallError as error:
            # It has been overwritten since its ETag was asked for.
            if error.code not in _CHANGED or attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _stored(
    code: S3Code, etag: str | None, supply: ArtifactStore, cache: Cache, *, region: str, mounted_at: str
) -> Unpacked:
    version = code.version or etag or ""
    name = f"s3://{code.bucket}/{code.key}"

    def open_at(start: int, _: bool) -> AbstractContextManager[Body]:
        return supply.caller.open_object(
            code.bucket, code.key, version=code.version, start=start, region=region, etag=etag
        )

    def obtain(part: Path) -> Path:
        download(part, open_at=open_at, sha256=None, size=None, step=supply.step(name))
        return part

    key = hash_of(code.bucket, code.key, version, supply.endpoint_url or "")
    return unpacked(cache, KIND, key, origin=name, obtain=obtain, mounted_at=mounted_at)


class _Etag(Struct, frozen=True, kw_only=True):
    """What S3 said of an object, and when, in epoch seconds."""

    at: float
    etag: str


def _etag(code: S3Code, supply: ArtifactStore, cache: Cache, region: str, *, anew: bool) -> str:
    """What tells one content of the object from another; asked for again when the answer has grown old."""
    memo = cache.root / KIND / f".etag-{hash_of(code.bucket, code.key, supply.endpoint_url or '')}.json"
    kept = read_record(memo, _Etag)
    if kept is not None and not anew and not supply.refresh and 0 <= supply.clock() - kept.at < supply.max_age:
        return kept.etag
    try:
        etag = str(supply.caller.call("s3", "head_object", region=region, Bucket=code.bucket, Key=code.key)["ETag"])
    except AwsUnreachableError:
        if kept is None:
            raise
        supply.notice(f"AWS cannot be reached; what s3://{code.bucket}/{code.key} held before is used.")
        return kept.etag
    write_record(memo, _Etag(at=supply.clock(), etag=etag))
    return etag
