"""What running processes hold."""

from __future__ import annotations

import re
from pathlib import Path

_PROC = Path("/proc")


def held(pid: int) -> float | None:
    """MB of a process and all that descend from it, pages that several share counted once (Pss, proc(5)).

    None where the kernel does not tell.
    """
    try:
        return sum(_own(each) for each in (pid, *_descendants(pid)))
    except OSError:
        return None


def _own(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB$", (_PROC / str(pid) / "smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _descendants(pid: int) -> list[int]:
    children = [int(child) for child in (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    return [each for child in children for each in (child, *_descendants(child))]
