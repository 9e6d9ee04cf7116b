"""The memory that a container's processes hold, read from the kernel.

Lambda counts the pages that its processes hold, the files among them included. A cgroup charges a file's page to
whoever touched it first, so its own count leaves out the runtime's libraries and takes in every file written.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from msgspec import Struct

_CGROUPS = Path("/sys/fs/cgroup")
_MB = 1024 * 1024

# The kernel keeps the peak of each process that lives; what is looked for in between are those that come and go.
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.25

# A pause is at least so many times what a look takes, within its bounds: many sandboxes share the loop.
_PAUSES_TO_LOOKS = 20


class MemoryWatch:
    """Watches one container as long as ``watch`` runs. ``process`` is its first, as its engine numbers them.

    Where this machine cannot read the kernel's figures (an engine in a virtual machine, or seen from inside a
    container) there are none.
    """

    def __init__(self, process: int, *, container: str) -> None:
        self._init = process
        self._group = _cgroup(process, container)
        self._peak = 0

    @property
    def megabytes(self) -> int | None:
        """The most that the processes have held at one time, in MB, rounded up."""
        self._sample()
        return -(-self._peak // _MB) if self._peak else None

    @property
    def charged(self) -> int | None:
        """The most bytes that the kernel has charged to the container: what it has written to files among them."""
        if self._group is None:
            return None
        return next((size for file in self._group.charged if (size := _number(file)) is not None), None)

    def forget(self) -> None:
        """The processes that there were have ended."""
        self._peak = 0

    async def watch(self) -> None:
        """Looks now and then, until the task is cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        while self._group is not None:
            await asyncio.sleep(pause)
            took = self._sample()
            pause = min(max(pause * 1.2, took * _PAUSES_TO_LOOKS), _LONGEST_PAUSE_SECONDS)

    def _sample(self) -> float:
        """Seconds that it took."""
        began = time.monotonic()
        if self._group is not None:
            self._peak = max(self._peak, _held(self._group, besides=self._init))
        return time.monotonic() - began


class _Group(Struct, frozen=True, kw_only=True):
    """A cgroup's files. ``anonymous`` is the line of ``memory.stat`` for pages that are no file's."""

    folder: Path
    anonymous: str
    charged: tuple[Path, ...]


def _cgroup(process: int, container: str) -> _Group | None:
    """cgroup v2 has ``memory.peak`` (Linux 5.19), v1 ``memory.max_usage_in_bytes``.

    Engines name a container's cgroup by its id; another process of the same number here has another one.
    """
    try:
        lines = Path(f"/proc/{process}/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container not in path:
            continue
        if "memory" in controllers.split(","):
            folder = _CGROUPS / "memory" / path.lstrip("/")
            found = _Group(folder=folder, anonymous="total_rss", charged=(folder / "memory.max_usage_in_bytes",))
        elif controllers == "":
            folder = _CGROUPS / path.lstrip("/")
            found = _Group(
                folder=folder, anonymous="anon", charged=(folder / "memory.peak", folder / "memory.current")
            )
        else:
            continue
        if (folder / "memory.stat").is_file():
            return found
    return None


def _held(group: _Group, *, besides: int) -> int:
    """Bytes that the processes of a cgroup hold now; of one alone, the most that it has ever held.

    Forked processes share pages: those that are no file's are counted by the cgroup, each once, and of the files,
    which are mostly the same libraries, the process with the most stands for all.
    """
    peaks, files = [0], [0]
    try:
        processes = (group.folder / "cgroup.procs").read_text(encoding="ascii").split()
        for process in processes:
            if int(process) != besides:
                status = _fields(Path(f"/proc/{process}/status"))
                peaks.append(status.get("VmHWM", 0) * 1024)
                files.append(status.get("RssFile", 0) * 1024)
        anonymous = _fields(group.folder / "memory.stat").get(group.anonymous, 0)
    except OSError:
        return 0
    if len(peaks) <= 2:
        return max(peaks)
    return max(max(peaks), anonymous + max(files))


def _fields(file: Path) -> dict[str, int]:
    """``name number`` or ``name: number kB``, line by line; nothing for a process that has ended."""
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    parts = (line.split() for line in lines)
    return {part[0].rstrip(":"): int(part[1]) for part in parts if len(part) > 1 and part[1].isdigit()}


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
