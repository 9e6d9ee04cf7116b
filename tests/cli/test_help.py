"""The help: what stands where, that it fits into 80 columns, and that its examples can be typed."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from command_line import commands, said, spellings

_COMMANDS = dict(commands())
_TITLES = ("Options", "Project and environment", "Variables", "Rights", "Code, layers and builds", "Containers",
           "Debugger", "Output")  # fmt: skip


def _help(words: str, capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    status, stderr = said(*words.split(), folder=folder)
    assert (status, stderr) == (0, "")
    return capsys.readouterr().out


def _examples() -> Iterator[tuple[str, str]]:
    for words, command in _COMMANDS.items():
        text = inspect.cleandoc(f"{command.help or ''}\n{command.epilog or ''}").replace("\\\n", "")
        _, _, examples = text.partition("Examples:")
        for line in re.findall(r"^ *(?:.*\| )?samlocal (.*?)(?: {3,}.*)?$", examples, re.MULTILINE):
            yield words, line


@pytest.mark.parametrize("words", ["", *_COMMANDS])
def test_a_help_fits_into_80_columns(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = _help(f"{words} -h", capsys, tmp_path).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_the_list_of_commands_has_the_first_line_of_each_ones_help(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    listed = dict(re.findall(r"^  ([a-z-]+) {2,}(\S.*)$", _help("--help", capsys, tmp_path), re.MULTILINE))
    first = {name: inspect.cleandoc(each.help or "").split("\n\n")[0] for name, each in _COMMANDS.items()}
    assert {name: listed[name] for name in first if " " not in name} == {
        name: text for name, text in first.items() if " " not in name
    }


def test_the_options_of_a_command_that_runs_functions_stand_in_groups(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shown = _help("help invoke", capsys, tmp_path)
    assert re.findall(r"^(\S.*):$", shown, re.MULTILINE) == list(_TITLES)
    heads = {re.split(" {2,}| / ", line.strip())[0] for line in shown.splitlines() if line.startswith("  -")}
    invoke = [option for option in _COMMANDS["invoke"].params if isinstance(option, click.Option)]
    assert len(heads) == len(invoke) + len(["--help"])


@pytest.mark.parametrize("words", ["invoke", "local seed", "event generate s3 put"])
def test_help_and_a_command_is_the_commands_help(
    words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert _help(f"help {words}", capsys, tmp_path) == _help(f"{words} --help", capsys, tmp_path)


@pytest.mark.parametrize(("words", "example"), list(_examples()))
def test_an_example_names_a_command_and_options_that_there_are(words: str, example: str) -> None:
    typed = shlex.split(example.partition(" | ")[0].partition(" > ")[0])
    count = next(count for count in (3, 2, 1) if " ".join(typed[:count]) in _COMMANDS)
    command = _COMMANDS[" ".join(typed[:count])]
    if not isinstance(command, click.Group):
        options = {word.partition("=")[0] for word in typed if word.startswith("-") and word != "-"}
        assert options <= spellings(command)


@pytest.mark.parametrize("name", [name for name in _COMMANDS if " " not in name])
def test_every_command_shows_how_it_is_used(name: str) -> None:
    assert [words for words, _ in _examples() if words == name]
