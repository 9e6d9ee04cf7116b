"""Folders that hold a machine's or a person's own things, and that no function sees unless the user says so."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

# The machine's own (Filesystem Hierarchy Standard 3.0): its devices and processes, what runs now (the engine's socket
# among it), its settings, what the engine keeps.
_SYSTEM = ("/dev", "/proc", "/sys", "/run", "/var/run", "/etc", "/boot", "/var/lib/docker", "/var/lib/containerd")
_MEMORY = "/dev/shm"  # noqa: S108 - where people build in memory

# What only a home folder has: keys, and other people's trust.
_KEYS = (".ssh", ".gnupg", ".aws/credentials")


class PrivateFolders(Struct, frozen=True, kw_only=True):
    """``home`` is the user's home folder; ``allowed`` says that the user wants any folder mounted."""

    home: Path | None = None
    allowed: bool = False

    def reason(self, folder: Path) -> str | None:
        """Why a function should not see a folder, as a clause: ``is the home folder``. None where it may."""
        if self.allowed:
            return None
        real = os.path.realpath(folder)
        if real == "/":
            return "is the whole disk"
        for system in _SYSTEM:
            if _holds(os.path.realpath(system), real) and not real.startswith(f"{_MEMORY}/"):
                return f"is one of the machine's own, {system}"
        if self.home is not None:
            home = os.path.realpath(self.home)
            if home == real:
                return "is the home folder"
            if home != "/" and _holds(real, home):
                return f"holds the home folder {home}"
        for name in _KEYS:
            if os.path.lexists(f"{real}/{name}"):
                return f"holds {name}"
        return None


def _holds(folder: str, other: str) -> bool:
    return other == folder or other.startswith(f"{folder}/")
