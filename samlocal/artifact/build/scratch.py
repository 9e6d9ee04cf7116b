"""Where a build works: a folder of its own among the temporary ones, gone with the build."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from samlocal.artifact.cache_entry import remove_tree
from samlocal.artifact.lease import lease, unused

_PREFIX = "samlocal-build-"

# Between the making of a folder and the lease of it.
_SETTLED_SECONDS = 60.0


@contextmanager
def build_scratch() -> Iterator[Path]:
    """The folder. Those of builds that were killed are cleared away first."""
    _remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
    held = lease(folder)
    try:
        yield folder
    finally:
        if held is not None:
            held.end()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(temporary: Path) -> None:
    for folder in temporary.glob(f"{_PREFIX}*"):
        # What cannot be looked at or removed is another user's, or being removed by somebody else.
        with suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < _SETTLED_SECONDS:
                continue
            with unused(folder) as free:
                if free:
                    remove_tree(folder)
