"""Which samlocal this is: two processes that are not the same one do not understand each other."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import msgspec

from samlocal import __version__


def this_samlocal() -> str:
    """A key of its version, its Python, its libraries' folder and its own files as they are on disk now."""
    package = Path(__file__).parent.parent
    # One Python has several names in a bin folder.
    parts = [__version__, sys.version, os.path.realpath(sys.executable), sys.prefix, str(package), msgspec.__file__]
    parts.append(str(Path(msgspec.__file__).parent.parent.stat().st_mtime_ns))
    folders = [str(package)]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir():
                    folders += [entry.path] if entry.name != "__pycache__" else []
                elif not entry.name.endswith(".pyc"):
                    about = entry.stat()
                    parts.append(f"{entry.path} {about.st_mtime_ns} {about.st_size}")
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
