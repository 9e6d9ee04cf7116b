"""How long the local endpoint stays: files by which its process and its users know of each other.

``alive`` is locked by the process as long as it lives, ``use`` by everyone who uses it, for as long as they do. The
kernel lets go of the locks however a process ends, so no number of a process or a port has to be believed.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from samlocal.errors import ConfigurationError
from samlocal.own_folder import own_folder

_PAUSE = 5.0


class Residence:
    """The files of one endpoint, in a folder of its own, which only its user can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def state(self) -> Path:
        """What the users know of the process; touched by each of them."""
        return self.folder / "server.json"

    # the process's side

    def live(self) -> None:
        """Says that the process is there, until its end."""
        handle = self._open("alive")
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())

    def until_idle(self, seconds: float, requests: Callable[[], int]) -> None:
        """Returns when nobody has used the endpoint for that long; ``requests`` counts up.

        The folder's state is gone then, and no new user comes in between.
        """
        seen = (requests(), self._touched())
        last = time.monotonic()
        while True:
            time.sleep(min(_PAUSE, seconds / 4))
            now = (requests(), self._touched())
            if now != seen:
                seen, last = now, time.monotonic()
            elif time.monotonic() - last >= seconds and self._nobody_uses_it():
                break
        self.state.unlink(missing_ok=True)

    def _nobody_uses_it(self) -> bool:
        # Held to the end of the process: who comes now waits for it, and starts another one.
        return self._own_use() is not None

    def _own_use(self) -> int | None:
        handle = self._open("use")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def _touched(self) -> int:
        try:
            return self.state.stat().st_mtime_ns
        except OSError:
            return 0

    # the users' side

    def use(self) -> int:
        """Keeps the endpoint from ending until the handle given back is closed (``os.close``)."""
        handle = self._open("use")
        fcntl.flock(handle, fcntl.LOCK_SH)
        return handle

    @property
    def in_use(self) -> bool:
        """Whether somebody else uses it now."""
        handle = self._own_use()
        if handle is None:
            return True
        os.close(handle)
        return False

    def touch(self) -> None:
        """A use that asks the endpoint nothing is one too."""
        try:
            os.utime(self.state)
        except OSError:
            return

    @property
    def alive(self) -> bool:
        try:
            handle = os.open(self.folder / "alive", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    @property
    def pid(self) -> int | None:
        """The process's id, while it is alive."""
        try:
            return int((self.folder / "alive").read_text(encoding="ascii")) if self.alive else None
        except (OSError, ValueError):
            return None

    def make(self) -> None:
        """Raises ConfigurationError where the folder cannot be made."""
        try:
            own_folder(self.folder)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _open(self, name: str) -> int:
        self.make()
        try:
            return os.open(self.folder / name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise unwritable(self.folder, error) from error


def unwritable(folder: Path, error: OSError) -> ConfigurationError:
    """The local environment's process and its users know of each other by files alone."""
    return ConfigurationError(
        f"The cache folder {folder} cannot be written: {error.strerror}.", tip="Name another with SAMLOCAL_CACHE_DIR."
    )
