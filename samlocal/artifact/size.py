"""How large code and layers are, beside what Lambda takes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.artifact.code.folder import Code
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.layers.opt import Opt
from samlocal.function import limits
from samlocal.records import read_record, write_record

_KIND = "sizes"

# What stands in a source folder and is not deployed with it.
_LEFT_OUT = frozenset({".git", ".aws-sam", ".venv", "venv", ".tox", ".nox", "__pycache__"})

# Measuring a folder of 30,000 files takes a tenth of a second; it need not be done at each invocation.
_GOOD_SECONDS = 3600.0


def warn_of_size(logical_id: str, code: Code, opt: Opt | None, supply: ArtifactStore) -> None:
    """Says with the sizes when Lambda would refuse the function (Lambda developer guide, "Lambda quotas")."""
    own = _size(code.folder, code.size, supply)
    layers = _size(opt.folder, opt.size, supply) if opt else 0
    if own + layers > limits.UNZIPPED_BYTES:
        supply.notice(
            f"{logical_id}: code ({own:,} bytes) and layers ({layers:,} bytes) hold {own + layers:,} bytes unzipped; "
            f"Lambda takes {limits.UNZIPPED_BYTES:,} at most."
        )


class _Measured(Struct, frozen=True, kw_only=True):
    """A folder's bytes, and when they were counted, in epoch seconds."""

    at: float
    size: int


def _size(folder: Path, known: int | None, supply: ArtifactStore) -> int:
    """Bytes of the files in a folder; a folder of the user's own is measured once an hour."""
    if known is not None:
        return known
    memo = supply.cache.root / _KIND / f"{hash_of(str(folder))}.json"
    kept = read_record(memo, _Measured)
    if kept is not None and 0 <= supply.clock() - kept.at < _GOOD_SECONDS:
        return kept.size
    size = _measure(folder)
    write_record(memo, _Measured(at=supply.clock(), size=size))
    return size


def _measure(folder: Path) -> int:
    size = 0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            with suppress(OSError):
                size += (Path(root) / name).lstat().st_size
    return size
