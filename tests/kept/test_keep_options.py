"""``--keep``, ``--cold`` and where they may stand."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from kit import Project, python

from samlocal.cli.invoke import command
from samlocal.cli.options.keep import Keep, keep_options, spread_keep
from samlocal.cli.world import World
from samlocal.errors import ConfigurationError, ExitStatus


def kept(tmp_path: Path, *args: str, file: str = "", **environ: str) -> tuple[Keep, str | None]:
    """What the command line, samconfig.toml and variables say, and the function that is named."""
    if file:
        (tmp_path / "samconfig.toml").write_text(f"[default.samlocal.parameters]\n{file}\n")
    world = World(environ=environ, cwd=tmp_path, stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        # click reads the process's own.
        for name, value in environ.items():
            patch.setenv(name, value)
        context = command.make_context("invoke", list(args), obj=world)
        return keep_options(context), context.params["function"]


@pytest.mark.parametrize(
    ("args", "seconds"),
    [
        (("--keep", "Fn"), 600.0),
        (("Fn", "--keep"), 600.0),
        (("--keep", "90", "Fn"), 90.0),
        (("--keep", "5m", "Fn"), 300.0),
        (("--keep=2h", "Fn"), 7200.0),
        (("Fn", "--keep", "1d"), 86400.0),
        (("--keep", "1.5m", "Fn"), 90.0),
        (("--keep=0", "Fn"), None),
        (("Fn",), None),
    ],
)
def test_keep_may_stand_alone_and_leaves_the_function_its_name(
    tmp_path: Path, args: tuple[str, ...], seconds: float | None
) -> None:
    assert kept(tmp_path, *args) == (Keep(seconds=seconds, cold=False), "Fn")


@pytest.mark.parametrize(
    ("args", "file", "environ", "expected"),
    [
        ((), 'keep = "5m"', {}, Keep(seconds=300.0, cold=False)),
        ((), "keep = 90", {}, Keep(seconds=90.0, cold=False)),
        ((), "keep = true", {}, Keep(seconds=600.0, cold=False)),
        ((), "keep = false", {}, Keep(seconds=None, cold=False)),
        ((), 'keep = "5m"', {"SAMLOCAL_KEEP": "1h"}, Keep(seconds=3600.0, cold=False)),
        (("--keep", "7s"), 'keep = "5m"', {"SAMLOCAL_KEEP": "1h"}, Keep(seconds=7.0, cold=False)),
        (("--cold",), 'keep = "5m"', {"SAMLOCAL_KEEP": "1h"}, Keep(seconds=None, cold=True)),
        (("--keep",), "cold = true", {}, Keep(seconds=600.0, cold=False)),
        ((), 'cold = true\nkeep = "5m"', {}, Keep(seconds=None, cold=True)),
        ((), 'keep = "5m"', {"SAMLOCAL_COLD": "1"}, Keep(seconds=None, cold=True)),
    ],
)
def test_flags_win_over_variables_and_these_over_the_file(
    tmp_path: Path, args: tuple[str, ...], file: str, environ: dict[str, str], expected: Keep
) -> None:
    assert kept(tmp_path, "Fn", *args, file=file, **environ)[0] == expected


def test_nobody_can_want_both(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="--keep and --cold exclude each other"):
        kept(tmp_path, "Fn", "--keep", "--cold")


@pytest.mark.parametrize("file", ['keep = "soon"', "keep = -1"])
def test_what_is_no_length_of_time_is_said_with_its_place(tmp_path: Path, file: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"samconfig.toml \[default\]: keep: .* is no length of time"
    ) as told:
        kept(tmp_path, "Fn", file=file)
    assert told.value.tip == "It is a length of time: 90s, 10m, 1h."


def test_nothing_behind_two_dashes_is_an_option() -> None:
    assert spread_keep(["--keep", "--", "--keep"]) == ["--keep=10m", "--", "--keep"]


def test_a_function_that_is_debugged_is_not_kept(project: Callable[..., Project]) -> None:
    made = project(python("def handler(event, context):\n    return event\n"))
    outcome = made.run("invoke", "Absent", "--keep", "--debug-port", "5858").ended(ExitStatus.FUNCTION_NOT_FOUND)
    assert outcome.lines[0] == "samlocal: a function that is debugged is not kept: it ends with its debugger."
