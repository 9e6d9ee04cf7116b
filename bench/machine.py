"""The machine and the programs that were measured, read when they are."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path


def description(*, engine: str, sam_cli: str) -> Mapping[str, str]:
    """No names of hosts or folders: the results are published."""
    return {
        "Cores": f"{os.cpu_count()} ({_processor()})",
        "Kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Docker engine": engine,
        "Python": platform.python_version(),
        "samlocal": version("samlocal"),
        "aws-sam-cli": sam_cli,
    }


def load() -> str:
    """The average number of waiting processes over the last minute, as the kernel counts."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
