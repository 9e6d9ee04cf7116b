"""The package that Lambda runs now."""

from __future__ import annotations

import base64
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from samlocal.artifact.cache import hash_of
from samlocal.artifact.fetch.download import download
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.fetch.unpacked import Unpacked, read_unpacked, unpacked
from samlocal.aws import Body
from samlocal.function.package import DeployedCode

_KIND = "deployed"


def deployed(code: DeployedCode, supply: ArtifactStore, *, region: str, mounted_at: str) -> Unpacked:
    """The package, unpacked; AWS is asked only for one that is not in the cache.

    Raises ArchiveError, DownloadError, AwsError.
    """
    kept = supply.cache.find(_KIND, hash_of(code.sha256))
    if kept is not None:
        return read_unpacked(kept)
    described = _described(code, supply, region)
    # It may have been deployed anew since AWS was last asked.
    sha256 = described["Configuration"]["CodeSha256"]
    location = described["Code"]["Location"]

    def open_at(start: int, again: bool) -> AbstractContextManager[Body]:
        nonlocal location
        if again:
            # The signed URL is good for ten minutes only.
            location = _described(code, supply, region)["Code"]["Location"]
        return supply.caller.open_url(location, start=start)

    def obtain(part: Path) -> Path:
        download(
            part,
            open_at=open_at,
            sha256=base64.b64decode(sha256).hex(),
            size=described["Configuration"].get("CodeSize"),
            step=supply.step(code.function),
        )
        return part

    return unpacked(supply.cache, _KIND, hash_of(sha256), origin=code.function, obtain=obtain, mounted_at=mounted_at)


def _described(code: DeployedCode, supply: ArtifactStore, region: str) -> dict[str, Any]:
    return supply.caller.call("lambda", "get_function", region=region, FunctionName=code.function)
