"""``samlocal help``: every exit status has its section on the page of errors, and every command its help."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Project

from samlocal.cli.help_command import as_text, sections
from samlocal.errors import ExitStatus


@pytest.mark.parametrize("status", ExitStatus, ids=lambda status: status.name)
def test_every_exit_status_is_explained(status: ExitStatus) -> None:
    found = sections()
    # A signal's status is explained with Ctrl-C's.
    if status is ExitStatus.TERMINATED:
        assert "143" in found[str(int(ExitStatus.INTERRUPTED))]
    else:
        head, *lines = as_text(found[str(int(status))])
        assert head.startswith(f"Exit status {int(status)}: ")
        assert max(map(len, lines)) <= 80
        assert not [line for line in lines if line.startswith(("|", "```", "<!--")) or "](" in line]


def test_help_tells_of_a_status_by_its_number_and_its_name_and_of_commands(project: Callable[..., Project]) -> None:
    asked = "samlocal help 15 && samlocal help no-stack && samlocal help local seed"
    by_number, by_name, of_command = (
        project({}).shell(asked).succeeded().stdout.decode().replace("Usage:", "Exit status").split("Exit status")[1:]
    )
    assert by_number == by_name
    assert "not deployed in this account and region" in by_number
    assert of_command.startswith(" samlocal local seed")
    narrow = project({}).run("help", "5", environ={"COLUMNS": "40"}).succeeded().stdout.decode()
    assert max(map(len, narrow.splitlines())) <= 40


def test_no_status_is_called_like_a_command(project: Callable[..., Project]) -> None:
    listed = project({}).run("--help").succeeded().stdout.decode()
    commands = {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line.split()}
    assert not commands & {name for name in sections() if not name.isdigit()}


def test_what_is_neither_is_wrong_usage(project: Callable[..., Project]) -> None:
    made = project({})
    assert "There is no command inwoke; did you mean invoke?" in made.run("help", "inwoke").ended(2).stderr
    assert "`samlocal invoke` has no command it." in made.run("help", "invoke", "it").ended(2).stderr
