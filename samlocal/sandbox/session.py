"""One run of samlocal: the labels on what it makes in Docker, and the sweep after runs that were killed."""

from __future__ import annotations

import fcntl
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal import __version__
from samlocal.engine import LABEL, PROBE, Engine
from samlocal.engine_choice import CURRENT
from samlocal.errors import ConfigurationError, system_reason
from samlocal.own_folder import own_folder

if TYPE_CHECKING:
    from samlocal.sandbox.network.relays import Relays

_SESSION = f"{LABEL}.session"
_OWNER = f"{LABEL}.owner"
_BORN = f"{LABEL}.born"
_FOLDER = f"{LABEL}.sessions"

# Longer than anybody takes to look into an image, and to lock the file that they have just made.
_SETTLED_SECONDS = 60.0


# How long clearing up after others may hold up a run that is over.
SWEEP_SECONDS = 5.0


class Fate(Enum):
    """What has become of a session."""

    LIVES = auto()
    ENDED = auto()
    KILLED = auto()


class Session:
    """The owner of containers. It holds a lock on a file of its own as long as it lives.

    The kernel lets go of the lock however the process ends, so the lock tells the dead from the living where a
    process id, which is given out again, does not. Where the file has been removed under a session that lives, its
    process, by id and time of birth, still tells.
    """

    def __init__(self, folder: Path, *, id_: str) -> None:
        self.id = id_
        self._folder = folder
        self._made = 0
        self._relays: Relays | None = None

    @property
    def relays(self) -> Relays:
        """Its ways back from engines that do not reach this machine."""
        if self._relays is None:
            from samlocal.sandbox.network.relays import Relays

            self._relays = Relays(self)
        return self._relays

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
            _BORN: birth(os.getpid()) or "",
            _FOLDER: str(self._folder),
        }

    def clear(self, engine: Engine) -> None:
        """Removes what is left of its own: an engine that was away has not done so when it was asked to.

        Raises EngineError.
        """
        for container, labels in engine.labelled().items():
            if labels.get(_SESSION) == self.id:
                engine.remove(container)

    def sweep(self, engine: Engine) -> int:
        """Removes the containers of runs that ended without cleaning up; the number of those that were killed."""
        fates: dict[str, Fate] = {}
        killed = 0
        for container, labels in engine.labelled().items():
            owner = labels.get(_SESSION, "")
            if _is_old_probe(labels):
                engine.remove(container)
                continue
            folder = labels.get(_FOLDER, "")
            # Another user's, or another machine's on the same engine: not ours to judge.
            if not owner or not folder or owner == self.id:
                continue
            if folder != str(self._folder) and _may_be_there(folder):
                continue
            if owner not in fates:
                fates[owner] = _fate(Path(folder) / owner, labels)
            # What a run has left that ended in good order is on its way out: nobody need hear of it.
            if fates[owner] is not Fate.LIVES and engine.remove(container) and fates[owner] is Fate.KILLED:
                killed += 1
        for owner, fate in fates.items():
            if fate is Fate.KILLED:
                (self._folder / owner).unlink(missing_ok=True)
        self._sweep_files()
        return killed

    def _sweep_files(self) -> None:
        """Those of runs that were killed before they had a container."""
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                old = time.time() - path.stat().st_mtime > _SETTLED_SECONDS
                if path.name != self.id and old and _lock_is_free(path):
                    path.unlink(missing_ok=True)


def swept_now(own: Session, environ: Mapping[str, str], place: str = CURRENT) -> int:
    """Sweeps an engine beside what else goes on; the number of containers of runs that were killed.

    It is asked by a connection of its own. Raises EngineError.
    """
    with closing(Engine.connect(environ, at=place)) as engine:
        return own.sweep(engine)


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """Starts a session; ``folder`` holds the sessions' lock files."""
    id_ = uuid.uuid4().hex[:12]
    path = folder / id_
    try:
        own_folder(folder)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        raise ConfigurationError(
            f"The cache folder {folder} cannot be written: {system_reason(error)}.",
            tip="Name another with SAMLOCAL_CACHE_DIR.",
        ) from error
    try:
        yield Session(folder, id_=id_)
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _may_be_there(folder: str) -> bool:
    """Of what another user's folder holds nobody else can tell."""
    try:
        Path(folder).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def birth(process: int) -> str | None:
    """What tells a process from a later one of the same id: its boot and its start; None where it is not to be had.

    Linux, proc(5): field 22 of ``stat`` is the start in clock ticks since the boot.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{boot}:{stat.rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return None


def _fate(path: Path, labels: Mapping[str, str]) -> Fate:
    free = _lock_is_free(path)
    if free is not None:
        return Fate.KILLED if free else Fate.LIVES
    # There is no file: it has ended in good order, or somebody has emptied the folder.
    return Fate.ENDED if _process_is_gone(labels) else Fate.LIVES


def swept(removed: int) -> str:
    """What a sweep has done, in words."""
    if removed == 1:
        return "removed 1 container of a run that was killed."
    return f"removed {removed} containers of runs that were killed."


def _lock_is_free(path: Path) -> bool | None:
    """None where there is no such file, or it goes in this moment."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True if os.path.samestat(os.fstat(handle), path.stat()) else None
    except FileNotFoundError:
        return None
    except OSError:
        return False
    finally:
        os.close(handle)


def _process_is_gone(labels: Mapping[str, str]) -> bool:
    """Whether it is proven that the process that made a container has ended."""
    number, _, host = labels.get(_OWNER, "").partition("@")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    born = labels.get(_BORN)
    return bool(born) and birth(int(number)) not in (None, born)


def _is_old_probe(labels: Mapping[str, str]) -> bool:
    """A container that was made to look into an image, by somebody who was killed meanwhile."""
    made = labels.get(PROBE, "")
    return made.isdigit() and time.time() - int(made) > _SETTLED_SECONDS
