"""Links in what a build has made: the folder runs elsewhere, so none may lead out of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class DanglingLinkError(Exception):
    """A link leads nowhere. Its text is a clause about the link."""


def settle_links(folder: Path) -> None:
    """Puts in the place of each link that leads out of the folder what it leads to.

    Raises DanglingLinkError, and OSError where it cannot be read.
    """
    root = folder.resolve()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for path in sorted(place.iterdir()):
            if not path.is_symlink():
                if path.is_dir():
                    waiting.append(path)
                continue
            text, target = path.readlink(), path.resolve()
            if not target.exists() or target in (root, *root.parents):
                raise DanglingLinkError(
                    f"the link {path.relative_to(folder)} leads to {text}, which "
                    f"{'holds it' if target.exists() else 'is not there'}"
                )
            if target.is_relative_to(root):
                # By its whole path it would lead nowhere once the folder is renamed.
                if text.is_absolute():
                    path.unlink()
                    path.symlink_to(os.path.relpath(target, path.parent.resolve()))
                continue
            path.unlink()
            if target.is_dir():
                shutil.copytree(target, path, symlinks=True)
                waiting.append(path)
            else:
                shutil.copy2(target, path)
