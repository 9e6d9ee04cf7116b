"""Archives that lie in S3, brought to this machine once for each of their versions."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from samlocal.artifact.cache import Cache, hash_of
from samlocal.artifact.download import download
from samlocal.artifact.supply import Supply
from samlocal.artifact.unpacked import Unpacked, unpacked
from samlocal.aws import AwsUnreachableError, Body
from samlocal.function.package import S3Code

KIND = "s3"


def stored(code: S3Code, supply: Supply, cache: Cache, *, region: str, mounted_at: str) -> Unpacked:
    """The archive, unpacked. Raises ArchiveError, DownloadError, AwsError."""
    version = code.version or _etag(code, supply, cache, region)
    name = f"s3://{code.bucket}/{code.key}"

    def open_at(start: int, _: bool) -> AbstractContextManager[Body]:
        return supply.caller.open_object(code.bucket, code.key, version=code.version, start=start, region=region)

    def obtain(part: Path) -> Path:
        download(part, open_at=open_at, sha256=None, size=None, step=supply.step(name))
        return part

    key = hash_of(code.bucket, code.key, version, supply.endpoint_url or "")
    return unpacked(cache, KIND, key, origin=name, obtain=obtain, mounted_at=mounted_at)


def _etag(code: S3Code, supply: Supply, cache: Cache, region: str) -> str:
    """What tells one content of the object from another; asked for anew when the answer has grown old."""
    memo = cache.root / KIND / f".etag-{hash_of(code.bucket, code.key, supply.endpoint_url or '')}.json"
    at, known = 0.0, None
    with suppress(OSError, ValueError, KeyError):
        kept = json.loads(memo.read_text(encoding="utf-8"))
        at, known = float(kept["at"]), str(kept["etag"])
    if known is not None and not supply.refresh and 0 <= supply.clock() - at < supply.max_age:
        return known
    try:
        etag = str(supply.caller.call("s3", "head_object", region=region, Bucket=code.bucket, Key=code.key)["ETag"])
    except AwsUnreachableError:
        if known is None:
            raise
        supply.notice(f"AWS cannot be reached; what s3://{code.bucket}/{code.key} held before is used.")
        return known
    with suppress(OSError):
        memo.parent.mkdir(parents=True, exist_ok=True)
        memo.write_text(json.dumps({"at": supply.clock(), "etag": etag}), encoding="utf-8")
    return etag
