"""samlocal as it was at an earlier commit, taken from the history of this checkout."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import installed

COMMIT = "a03b187a6e87018e7670fc6215ea124c381c69f0"
"""The last one of the layer that ran one event and ended: dataclasses, uvicorn and three threads for each sandbox."""


class NoHistoryError(Exception):
    """The checkout has not the commit: it is an unpacked archive, or a shallow clone."""


def install(commit: str, folder: Path, *, tell: Callable[[str], None]) -> Path:
    """The path of that commit's ``samlocal``. Raises NoHistoryError."""
    with tempfile.TemporaryDirectory(prefix="samlocal-earlier-") as scratch:
        archive, source = Path(scratch) / "source.tar", Path(scratch) / "source"
        _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", commit=commit)
        _git("archive", "--format=tar", f"--output={archive}", commit, commit=commit)
        with tarfile.open(archive) as packed:
            packed.extractall(source, filter="data")
        return installed.install(source, folder, tell=tell)


def _git(*arguments: str, commit: str) -> None:
    git = ["git", "-C", str(installed.ROOT), *arguments]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoHistoryError(f"there is no git to get commit {commit[:7]} with") from error
    if done.returncode != 0:
        raise NoHistoryError(f"this checkout's history has no commit {commit[:7]}")
