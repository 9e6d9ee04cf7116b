"""The memory that a container's processes hold, read from the kernel.

Lambda counts the pages that its processes hold, the files among them included. A cgroup charges a file's page to
whoever touched it first, so its own count leaves out the runtime's libraries and takes in every file written.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

from msgspec import Struct

_CGROUPS = Path("/sys/fs/cgroup")
_MB = 1024 * 1024
_PIECE = 64 * 1024

# proc_pid_status(5): what a process has held at most, and what it holds now, of its own and of files. Looked for with
# each event, by an expression whose beginning is there once.
_STATUS = re.compile(rb"\nVmHWM:\s*(\d+) kB\nVmRSS:.*\nRssAnon:\s*(\d+) kB\nRssFile:\s*(\d+) kB\n")

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
            self._peak = max(self._peak, _held(self._group, besides=self._init, peak=self._peak))
        return time.monotonic() - began


class _Group(Struct, frozen=True, kw_only=True):
    """A cgroup's files. ``anonymous`` is the line of ``memory.stat`` for pages that are no file's."""

    processes: str
    statistics: str
    anonymous: re.Pattern[bytes]
    charged: tuple[str, ...]


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
            anonymous, charged = b"total_rss", ["memory.max_usage_in_bytes"]
        elif controllers == "":
            folder = _CGROUPS / path.lstrip("/")
            anonymous, charged = b"anon", ["memory.peak", "memory.current"]
        else:
            continue
        if (folder / "memory.stat").is_file():
            return _Group(
                processes=f"{folder}/cgroup.procs",
                statistics=f"{folder}/memory.stat",
                anonymous=re.compile(rb"^%b (\d+)$" % anonymous, re.MULTILINE),
                charged=tuple(f"{folder}/{name}" for name in charged),
            )
    return None


def _held(group: _Group, *, besides: int, peak: int) -> int:
    """Bytes that the processes of a cgroup hold now; of one alone, the most that it has ever held.

    Forked processes share pages: those that are no file's are counted by the cgroup, each once, and of the files,
    which are mostly the same libraries, the process with the most stands for all. Less than that is given where it
    would be no megabyte more than ``peak`` anyway: this is read with each event.
    """
    most = files = apart = count = 0
    try:
        for process in _read(group.processes).split():
            if int(process) == besides:
                continue
            held = _STATUS.search(_status(process))
            count += 1
            if held is None:
                # It has ended.
                continue
            most = max(most, int(held[1]) * 1024)
            apart += int(held[2]) * 1024
            files = max(files, int(held[3]) * 1024)
        if count <= 1 or max(most, apart + files) <= -(-max(most, peak) // _MB) * _MB:
            return most
        anonymous = group.anonymous.search(_read(group.statistics))
    except OSError:
        return 0
    return max(most, files + (int(anonymous[1]) if anonymous else 0))


def _status(process: bytes) -> bytes:
    """Nothing for a process that has ended."""
    try:
        return _read(b"/proc/%b/status" % process)
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _number(file: str) -> int | None:
    try:
        return int(_read(file))
    except (OSError, ValueError):
        return None


def _read(file: str | bytes) -> bytes:
    """One of the kernel's, whole. Python's own files would look up their size and their place first."""
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        parts = []
        while part := os.read(opened, _PIECE):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(opened)
