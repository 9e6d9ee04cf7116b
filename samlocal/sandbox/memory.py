"""The most memory a container has used, read from the kernel."""

from __future__ import annotations

from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def peak_memory_file(pid: int) -> Path | None:
    """The kernel's own record for the process's cgroup, None where this machine cannot read it.

    cgroup v2 has ``memory.peak`` (Linux 5.19), v1 ``memory.max_usage_in_bytes``.
    """
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            file = _CGROUPS / "memory" / path.lstrip("/") / "memory.max_usage_in_bytes"
        elif controllers == "":
            file = _CGROUPS / path.lstrip("/") / "memory.peak"
        else:
            continue
        if file.is_file():
            return file
    return None


def read_megabytes(file: Path | None) -> int | None:
    """MB, rounded up; None when it cannot be read (any more)."""
    if file is None:
        return None
    try:
        used = int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return -(-used // (1024 * 1024))
