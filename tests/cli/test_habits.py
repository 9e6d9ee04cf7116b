"""What SAM CLI's users type: each of its options and commands is taken, or answered in a line.

``sam_cli_options.json`` is SAM CLI's own list (tools/sam_cli_options.py, by a Python that has it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import commands, said, spellings
from kit import Docker, Project, python

from samlocal.cli.habits import other_tools, sam_cli
from samlocal.cli.habits.unknown_option import way
from samlocal.cli.habits.ways import Always, Instead, Means, Other, Same, Way
from samlocal.cli.habits.words import REFUSED, TAKEN
from samlocal.errors import ExitStatus

_LIST = json.loads((Path(__file__).parent / "sam_cli_options.json").read_text())
_COMMANDS: dict[str, list[str]] = _LIST["commands"]
_OWN = dict(commands())


def _here() -> Iterator[tuple[str, str, Way]]:
    """Each command of samlocal's with each option of those of SAM CLI's that it stands for."""
    for command, theirs in sam_cli.HERE.items():
        for each in theirs:
            for option, found in sam_cli.OPTIONS[each].items():
                yield command, option, found


_WAYS = {(command, option): found for command, option, found in _here()}
_ANSWERED = [key for key, found in _WAYS.items() if isinstance(found, Instead)]
_ANSWERED = [(command, option) for command, option in _ANSWERED if option not in spellings(_OWN[command])]


def test_the_list_is_of_the_version_that_the_table_is_of() -> None:
    assert _LIST["version"] == sam_cli.VERSION


@pytest.mark.parametrize("command", sam_cli.OPTIONS)
def test_every_option_of_sam_cli_has_a_row(command: str) -> None:
    assert sorted(sam_cli.OPTIONS[command]) == sorted(_COMMANDS[command])


@pytest.mark.parametrize("command", [name for name in _COMMANDS if name not in sam_cli.OPTIONS])
def test_every_other_command_of_sam_cli_is_another_word_here_or_refused_with_the_way_on(
    command: str, tmp_path: Path
) -> None:
    words = command.split()
    heads = {tuple(words[:count]) for count in (1, 2)}
    if not heads & set(TAKEN):
        assert heads & set(REFUSED)
        status, stderr = said(*words, "--help", folder=tmp_path)
        assert status == ExitStatus.USAGE
        assert len(stderr.splitlines()) == 1


def test_what_is_the_same_is_an_option_of_the_command() -> None:
    same = [key for key, found in _WAYS.items() if isinstance(found, Same) and key[0] not in ("watch", "up")]
    assert len(same) > 50
    assert [key for key in same if key[1] not in spellings(_OWN[key[0]])] == []


def test_what_stands_for_something_else_here_is_an_option_and_so_is_what_it_stands_for_there() -> None:
    for (command, option), found in _WAYS.items():
        if isinstance(found, Other) and command in ("invoke", "start-api", "start-lambda"):
            assert {option, found.meant or option} <= spellings(_OWN[command])


def test_what_is_called_otherwise_here_is_an_option_of_the_command() -> None:
    others = [(key, each) for key, options in other_tools.OPTIONS.items() for each in options.values()]
    for command, found in [*((key[0], found) for key, found in _WAYS.items()), *others]:
        if isinstance(found, Means):
            assert found.option in spellings(_OWN[command])


def test_an_option_that_is_not_here_is_refused_in_one_line(tmp_path: Path) -> None:
    assert len(_ANSWERED) > 50
    for command, option in _ANSWERED:
        status, stderr = said(command, option, "x", folder=tmp_path)
        assert status == ExitStatus.USAGE, (command, option)
        assert stderr.startswith(f"Error: {option}: "), (command, option)
        assert len(stderr.splitlines()) == 1


def test_an_option_of_what_is_always_so_changes_nothing(tmp_path: Path) -> None:
    for (command, option), found in _WAYS.items():
        if isinstance(found, Always):
            status, stderr = said(command, option, "-t", "absent.yaml", folder=tmp_path)
            assert (status, "absent.yaml: there is no such template file." in stderr) == (ExitStatus.TEMPLATE, True)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("local invoke -e get.json", "-e names an environment, and get.json is a file: --event get.json is meant."),
        ("invoke -e -", "-e names an environment, and - is a file: --event - is meant."),
        ("local start-api -n env.JSON", "and env.JSON is a file: --env-vars env.JSON is meant."),
        ("sam local invoke --container-host h", "--container-host: Nothing connects to a container here"),
        ("deploy --guided", "There is no command deploy. samlocal deploys nothing to AWS"),
        ("sam logs -n Fn --tail", "There is no command logs. A run's log is on standard error"),
        ("remote invoke Fn", "There is no command remote invoke. `samlocal invoke FUNCTION -n STACK"),
        ("list stack-outputs", "There is no command list stack-outputs. "),
        ("dev", "`samlocal up` runs the whole application"),
        ("invoke --invocation-type Event", "`samlocal start-lambda` and `samlocal up` take asynchronous events"),
        ("invoke local --function Fn", "Two functions are named: local and Fn. Leave `local` out."),
        ("invoke --function-name Fn out.json", "An answer goes to standard output: write `> out.json`."),
        # Typing errors.
        ("lst", "There is no command lst; did you mean list?"),
        ("local strat", "There is no command local strat; did you mean start?"),
        ("invoke --evnt x", "--event"),
        ("list --output jsn", "'jsn' is not one of 'table', 'json'; did you mean json?"),
        ("invoke --code deplyed", "; did you mean deployed?"),
        # What another command has, and what stands in the wrong place.
        ("build --event x", "No such option: --event. It would do nothing here; samlocal debug-config, "),
        ("layers list --region x", "No such option: --region. It would do nothing here; samlocal build"),
        ("local status --env-vars x", "No such option: --env-vars. It would do nothing here; "),
        ("local start -e dev", "It is about the environment on this machine alone: leave -e dev out."),
        ("--env-name dev invoke", "Options stand behind their command: samlocal invoke --env-name"),
        ("help nonsense", "There is no command nonsense."),
    ],
)  # fmt: skip
def test_what_is_not_here_is_answered_with_what_is_meant(args: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    (tmp_path / "samconfig.toml").write_text('[dev.deploy.parameters]\nstack_name = "dev"\n')
    status, stderr = said(*args.split(), folder=tmp_path)
    assert status == ExitStatus.USAGE
    assert says in " ".join(stderr.split())


def test_an_option_after_two_dashes_is_left_alone(tmp_path: Path) -> None:
    status, stderr = said("invoke", "--", "--no-event", folder=tmp_path)
    assert (status, "Error" in stderr) == (ExitStatus.TEMPLATE, True)


def test_layers_list_answers_for_itself_and_not_for_list() -> None:
    assert way("list", "--no-beta-features") == Always("There are none.")
    assert way("layers list", "--no-beta-features") is None


@pytest.mark.docker
def test_a_run_as_sam_cli_has_it_puts_its_log_into_the_file_that_is_named(
    project: Callable[..., Project], docker: Docker
) -> None:
    made = project(python("def handler(event, context):\n    print('seen')\n    return event\n"))
    ran = made.run(
        "sam", "local", "invoke", "Fn", "--no-event", "--shutdown", "--skip-pull-image", "-l", "fn.log"
    ).succeeded()
    assert ran.payload == {}
    first, *_, last = log = (made.folder / "fn.log").read_text().splitlines()
    assert first.startswith("START RequestId: ")
    assert "seen" in log
    assert last.startswith("REPORT RequestId: ")
    assert "seen" not in ran.stderr
    nowhere = made.run("invoke", "Fn", "-l", "absent/fn.log").ended(ExitStatus.CONFIGURATION)
    assert "the log cannot be written there: No such file or directory." in nowhere.stderr


@pytest.mark.parametrize(
    ("typed", "ways_on"),
    [
        ("start-lambda getEvent", ("--function-name getEvent", "`samlocal invoke getEvent`")),
        ("start-api getEvent", ("`--api ID`", "`samlocal invoke getEvent`")),
        ("up getEvent", ("`samlocal watch getEvent`", "`samlocal invoke getEvent`")),
        ("list getEvent", ("`samlocal env getEvent`",)),
        ("invoke getEvent event.json", ("--event event.json",)),
        ("watch getEvent more", ("--event.",)),
        ("local stop now", ("further word: now.",)),
        ("env getEvent refresh", ("Did you mean --refresh?",)),
    ],
)
def test_a_word_too_many_is_answered_with_what_is_meant(typed: str, ways_on: tuple[str, ...], tmp_path: Path) -> None:
    status, stderr = said(*typed.split(), folder=tmp_path)
    assert status == ExitStatus.USAGE
    assert all(way_on in stderr for way_on in ways_on)
    assert "unexpected" not in stderr
