"""One run of samlocal: the labels on what it makes in Docker, and the sweep after runs that were killed."""

from __future__ import annotations

import fcntl
import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from samlocal import __version__
from samlocal.engine import LABEL, Engine
from samlocal.errors import ConfigurationError

_SESSION = f"{LABEL}.session"
_OWNER = f"{LABEL}.owner"
_FOLDER = f"{LABEL}.sessions"


class Session:
    """The owner of containers. It holds a lock on a file of its own as long as it lives.

    The kernel lets go of the lock however the process ends, so the lock tells the dead from the living where a
    process id, which is given out again, does not.
    """

    def __init__(self, folder: Path, *, id_: str) -> None:
        self.id = id_
        self._folder = folder
        self._made = 0

    def next_name(self) -> str:
        """A name for the next container: known before it is made, so that it can be removed in any case."""
        self._made += 1
        return f"samlocal-{self.id}-{self._made}"

    @property
    def labels(self) -> Mapping[str, str]:
        return {
            LABEL: __version__,
            _SESSION: self.id,
            _OWNER: f"{os.getpid()}@{socket.gethostname()}",
            _FOLDER: str(self._folder),
        }

    def sweep(self, engine: Engine) -> int:
        """Removes the containers of runs that ended without cleaning up; the number of them."""
        gone: dict[str, bool] = {}
        removed = 0
        for container, labels in engine.labelled().items():
            owner = labels.get(_SESSION, "")
            folder = labels.get(_FOLDER, "")
            # Another user's, or another machine's on the same engine: not ours to judge.
            if owner == self.id or (folder != str(self._folder) and not _is_lost(folder, labels.get(_OWNER, ""))):
                continue
            if owner not in gone:
                gone[owner] = _has_ended(Path(folder) / owner)
            if gone[owner]:
                engine.remove(container)
                removed += 1
        for owner, ended in gone.items():
            if ended:
                (self._folder / owner).unlink(missing_ok=True)
        return removed


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """Starts a session; ``folder`` holds the sessions' lock files."""
    id_ = uuid.uuid4().hex[:12]
    path = folder / id_
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        raise ConfigurationError(
            f"The cache folder {folder} cannot be written: {error}.", tip="Name another with SAMLOCAL_CACHE_DIR."
        ) from error
    try:
        yield Session(folder, id_=id_)
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _is_lost(folder: str, owner: str) -> bool:
    """Whether a session of this machine had its folder deleted: nobody else will ever clear up after it."""
    return owner.endswith(f"@{socket.gethostname()}") and bool(folder) and not Path(folder).exists()


def _has_ended(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
