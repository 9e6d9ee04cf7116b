"""samlocal's own files, which a function's user has to read wherever and however samlocal was installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import kit

import samlocal
from samlocal.artifact.cache import Cache
from samlocal.engine import Mount
from samlocal.sandbox.own_files import readable, readable_mounts


def for_its_owner_alone(folder: Path) -> Path:
    """What a umask of 077 makes."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else path.stat().st_mode & 0o700)
    return folder


def test_files_that_everybody_can_read_are_mounted_from_where_they_are(tmp_path: Path) -> None:
    kit.write(tmp_path / "inside/entry.sh", "exit 0\n")
    (tmp_path / "inside").chmod(0o755)
    (tmp_path / "inside/entry.sh").chmod(0o644)
    assert readable(tmp_path / "inside", Cache(tmp_path / "cache")) == tmp_path / "inside"
    assert not (tmp_path / "cache").exists()


def test_of_files_that_only_their_owner_can_read_a_copy_is_mounted(tmp_path: Path) -> None:
    kit.write(tmp_path / "inside/debug.sh", "exit 0\n")
    (tmp_path / "inside/debug.sh").chmod(0o700)
    for_its_owner_alone(tmp_path / "inside")
    mounts = (
        Mount(source=tmp_path / "inside/debug.sh", target="/.samlocal/debug.sh"),
        Mount(source=tmp_path / "inside", target="/.samlocal/debugpy"),
    )
    file, folder = readable_mounts(mounts, Cache(tmp_path / "cache"))
    assert (file.target, folder.target) == ("/.samlocal/debug.sh", "/.samlocal/debugpy")
    assert file.source == folder.source / "debug.sh"
    assert file.source.read_text() == "exit 0\n"
    assert (file.source.stat().st_mode & 0o777, folder.source.stat().st_mode & 0o777) == (0o755, 0o755)


def test_a_function_runs_with_a_samlocal_that_was_installed_under_a_narrow_umask(
    project: Callable[..., kit.Project],
) -> None:
    made = project(kit.python("def handler(event, context):\n    return event\n"))
    shutil.copytree(Path(samlocal.__file__).parent, made.folder / "samlocal")
    for_its_owner_alone(made.folder / "samlocal")
    done = subprocess.run(
        [sys.executable, "-m", "samlocal", "invoke", "Fn", "--event", '{"a": 1}'],
        cwd=made.folder,
        env={**os.environ, "SAMLOCAL_CACHE_DIR": str(made.cache)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, '{"a": 1}\n'), done.stderr
