"""Folders of samlocal's own: for their owner alone, whatever the umask says."""

from __future__ import annotations

from pathlib import Path


def own_folder(path: Path) -> Path:
    """The folder, made with those above it that are not there. Raises OSError."""
    if not path.is_dir():
        own_folder(path.parent)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            # A umask takes away, also what the owner needs.
            path.chmod(0o700)
    return path
