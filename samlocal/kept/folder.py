"""Where the processes that run a project's functions are found: a folder of sockets, which is its owner's alone.

That somebody listens at a socket is the proof of their life; the kernel ends it with the process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samlocal.errors import KeptError
from samlocal.own_folder import own_folder
from samlocal.project.settings import Settings

KEEPER = "keeper"
"""What the socket of a keeper is called, before the number; another command's has the command's name."""

_PATH_BYTES = 103
"""The longest path of a socket: unix(7) has 108 bytes on Linux and 104 on macOS, with a NUL at the end."""

_WAITING = 64

_LOCK_SECONDS = 10.0

_LOG_SECONDS = 86400.0


class Folder:
    """One template's."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, cache: Path, template: Path) -> Folder:
        key = hashlib.sha256(os.fsencode(template.resolve())).hexdigest()[:16]
        return cls(cache / "kept" / key)

    def names(self) -> list[str]:
        """The sockets' names, other commands' before the keepers'."""
        try:
            found = [entry.name for entry in os.scandir(self.path) if entry.name.endswith(".sock")]
        except OSError:
            return []
        return sorted(found, key=lambda name: (is_keeper(name), name))

    def make(self) -> None:
        """Raises KeptError where it cannot be made, or where others could come in."""
        try:
            own_folder(self.path)
            about = self.path.lstat()
            if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and about.st_mode & 0o077:
                self.path.chmod(0o700)
        except OSError as error:
            raise KeptError(
                f"Nothing can be kept: the folder {self.path} cannot be used: {error.strerror}.",
                tip="Name another cache folder with SAMLOCAL_CACHE_DIR.",
            ) from error
        self._check_owner(about)

    def connect(self, name: str) -> socket.socket | None:
        """A connection to who listens there, None where nobody does. Raises KeptError."""
        try:
            self._check_owner(self.path.lstat())
        except FileNotFoundError:
            return None
        connection = socket.socket(socket.AF_UNIX)
        try:
            with self._address(name) as address:
                connection.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            connection.close()
            return None
        except OSError as error:
            connection.close()
            raise KeptError(
                f"{self.path / name} cannot be reached: {error.strerror}.", tip="Remove it if nothing is kept there."
            ) from error
        return connection

    def listen(self, name: str) -> socket.socket:
        """A socket for a process that serves. Raises KeptError."""
        self.make()
        listening = socket.socket(socket.AF_UNIX)
        try:
            with self._address(name) as address:
                listening.bind(address)
            (self.path / name).chmod(0o600)
            listening.listen(_WAITING)
        except OSError as error:
            listening.close()
            self.remove(name)
            raise KeptError(
                f"Nothing can be kept: {self.path / name} cannot be made: {error.strerror}.",
                tip="Name another cache folder with SAMLOCAL_CACHE_DIR.",
            ) from error
        return listening

    def log(self, name: str) -> Path:
        """What the process at that socket has said, if anything."""
        return self.path / name.replace(".sock", ".log")

    def forget_log(self, name: str) -> None:
        """Unless there is something in it."""
        with contextlib.suppress(OSError):
            if self.log(name).stat().st_size == 0:
                self.log(name).unlink()

    def remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """One at a time starts or ends a process; what others have left behind is gone. Raises KeptError."""
        self.make()
        try:
            handle = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise KeptError(
                f"Nothing can be kept: {self.path} cannot be written: {error.strerror}.",
                tip="Make room there, or name another cache folder with SAMLOCAL_CACHE_DIR.",
            ) from error
        try:
            self._lock(handle)
            self._clear_up()
            yield
        finally:
            os.close(handle)

    def _clear_up(self) -> None:
        """What processes that were killed have left, and their logs once nobody asks for them any more."""
        for name in self.names():
            with contextlib.suppress(KeptError):
                there = self.connect(name)
                if there is None:
                    self.remove(name)
                else:
                    there.close()
        sockets = set(self.names())
        with contextlib.suppress(OSError):
            for log in self.path.glob("*.log"):
                old = time.time() - log.stat().st_mtime > _LOG_SECONDS
                if old and log.with_suffix(".sock").name not in sockets:
                    log.unlink()

    def _lock(self, handle: int) -> None:
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > until:
                    raise KeptError(
                        f"Another samlocal has held {self.path / 'lock'} for {_LOCK_SECONDS:.0f} seconds.",
                        tip="End it, or run without --keep.",
                    ) from None
                time.sleep(0.01)
            else:
                return

    def _check_owner(self, about: os.stat_result) -> None:
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
            raise KeptError(
                f"Nothing can be kept: the folder {self.path} is another user's.",
                tip="Name a cache folder of your own with SAMLOCAL_CACHE_DIR.",
            )

    @contextmanager
    def _address(self, name: str) -> Iterator[str]:
        """What the socket is called for the kernel, which takes no long path. Raises KeptError."""
        path = str(self.path / name)
        if len(os.fsencode(path)) <= _PATH_BYTES:
            yield path
        elif sys.platform == "linux":
            folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                yield f"/proc/self/fd/{folder}/{name}"
            finally:
                os.close(folder)
        else:
            raise KeptError(
                f"Nothing can be kept: {path} is too long for a socket's path, of {_PATH_BYTES} bytes at most.",
                tip="Name a cache folder with a shorter path with SAMLOCAL_CACHE_DIR.",
            )


def is_served(settings: Settings) -> bool:
    """Whether another command runs the functions of a template now."""
    folder = Folder.of(settings.world.cache_folder, settings.world.cwd / settings.template)
    return any(not is_keeper(name) for name in folder.names())


def serving_commands(settings: Settings) -> list[str]:
    """The names of the commands that run a template's functions now, in the order of the alphabet."""
    folder = Folder.of(settings.world.cache_folder, settings.world.cwd / settings.template)
    found = set()
    for name in folder.names():
        with contextlib.suppress(KeptError):
            if not is_keeper(name) and (connection := folder.connect(name)) is not None:
                connection.close()
                found.add(name.rpartition("-")[0])
    return sorted(found)


def is_keeper(name: str) -> bool:
    return name.startswith(f"{KEEPER}-")


def folders(cache: Path) -> list[Folder]:
    """Those of all templates."""
    try:
        return [Folder(path) for path in sorted((cache / "kept").iterdir())]
    except OSError:
        return []
