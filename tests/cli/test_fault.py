"""An exception that nobody expected: one line, a status of its own, and a file to send in."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from samlocal.cli import run
from samlocal.cli.world import World
from samlocal.errors import ExitStatus

SECRET = "hunter2-of-the-database"


class Failing(Mapping[str, str]):
    """An environment whose reading ends in an exception, as a fault of samlocal's own would."""

    def __init__(self, error: BaseException, cache: Path) -> None:
        self._error = error
        self._cache = cache

    def __getitem__(self, name: str) -> str:
        password = SECRET
        if name == "SAMLOCAL_CACHE_DIR":
            return str(self._cache)
        if name == "SAMLOCAL_ENV_NAME":
            raise self._error from KeyError(password)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def failed(error: BaseException, tmp_path: Path, *, cache: Path | None = None) -> tuple[int, str]:
    world = World(
        environ=Failing(error, cache or tmp_path / "cache"),
        cwd=tmp_path,
        stdin=io.BytesIO(),
        stdout=io.BytesIO(),
        stderr=io.StringIO(),
    )
    status = run(["list", "--set", f"PASSWORD={SECRET}"], world)
    return status, world.stderr.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "error",
    [
        AssertionError("x"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),
        EOFError("Compressed file ended"),
        ZeroDivisionError("division by zero"),
        OSError(errno.EIO, "Input/output error", "/somewhere"),
        RecursionError("maximum recursion depth exceeded"),
        SystemExit(1),
        ValueError("two\nlines \x1b[2J"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_it_is_one_line_and_has_a_status_of_its_own(error: BaseException, tmp_path: Path) -> None:
    status, said = failed(error, tmp_path)
    assert status == ExitStatus.UNFORESEEN == 70
    (line,) = said.splitlines()
    assert line.startswith("Error: ")
    assert type(error).__name__ in line
    assert re.search(r"samlocal/cli/options/command_line\.py:\d+", line)
    assert "\x1b" not in line


def test_the_file_holds_the_traceback_and_no_value(tmp_path: Path) -> None:
    _, said = failed(ValueError(f"{SECRET!r} is no number"), tmp_path)
    (file,) = (tmp_path / "cache" / "faults").iterdir()
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    report = file.read_text()
    assert "builtins.ValueError" in report
    assert "builtins.KeyError" in report
    assert re.search(r'samlocal/cli/options/command_line\.py", line \d+, in read_file', report)
    assert "command: list" in report
    assert SECRET not in report


def test_the_newest_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "faults"
    folder.mkdir(parents=True)
    for day in range(10, 30):
        (folder / f"202001{day}-000000-1.txt").touch()
    _, said = failed(ZeroDivisionError("division by zero"), tmp_path)
    left = sorted(file.name for file in folder.iterdir())
    assert len(left) == 10
    assert left[0] == "20200121-000000-1.txt"
    assert left[-1] in said


def test_where_the_cache_takes_no_file_the_temporary_folder_does(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, said = failed(ZeroDivisionError("division by zero"), tmp_path, cache=tmp_path / "file" / "cache")
    assert status == ExitStatus.UNFORESEEN
    found = re.search(r"/\S*samlocal-fault-\S*\.txt", said)
    assert found
    file = Path(found[0])
    assert "builtins.ZeroDivisionError" in file.read_text()
    file.unlink()


def test_a_full_disk_and_a_cache_that_refuses_are_the_users_to_mend(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    status, said = failed(full, tmp_path)
    assert (status, len(said.splitlines())) == (ExitStatus.CONFIGURATION, 2)
    assert "No space left on device" in said
    refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "cache" / "layers"))
    status, said = failed(refused, tmp_path)
    assert status == ExitStatus.CONFIGURATION
    assert "SAMLOCAL_CACHE_DIR" in said
    assert not (tmp_path / "cache" / "faults").exists()
