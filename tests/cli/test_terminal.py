"""What a terminal gets to see: nothing in it that it would obey, and what fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import Project, function, python, template

from samlocal.cli.visible import coloured, visible, visible_bytes
from samlocal.errors import ExitStatus

# OSC 52 writes the clipboard; C1's CSI clears the screen; a right-to-left override shows `nimda` as `admin`.
CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"
HOSTILE = f"a{CLIPBOARD}\x9b2J\u202enimda\r\x7f"
SGR = re.compile(r"\x1b\[[0-9;]*m")


def dangers(text: str) -> list[str]:
    """What is left in a text that a terminal obeys, beside colours and ends of lines."""
    rest = SGR.sub("", text).replace("\r\n", "\n")
    return re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest)


def hostile() -> dict[str, Any]:
    properties = {
        "Environment": {"Variables": {"NAME": HOSTILE, "OTHER": {"Ref": f"No{HOSTILE}"}}},
        "Description": HOSTILE,
        "Layers": [f"layer{HOSTILE}"],
        "Events": {f"Get{HOSTILE}": {"Type": "Api", "Properties": {"Path": f"/{HOSTILE}", "Method": "get"}}},
    }
    return {
        **python("def handler(event, context):\n    return event\n"),
        "template.json": template(
            **{"Fn": function(**properties), f"Fn{HOSTILE}": function(**properties, Handler=HOSTILE)}
        ),
        ".env": f"FROM_FILE='{HOSTILE}'\n",
    }


COMMANDS: list[tuple[str, ...]] = [
    ("list",),
    ("env", "Fn"),
    ("env", f"Fn{HOSTILE}"),
    ("invoke", f"No{HOSTILE}"),
    ("invoke", "Fn", "--event", f"events/{HOSTILE}.json"),
    ("invoke", f"--no{HOSTILE}"),
    ("env", "Fn", "--output", HOSTILE),
    (HOSTILE,),
    ("env", "Fn", "--set", HOSTILE),
    ("env", "Fn", "--parameter-overrides", HOSTILE),
    ("list", "--env-name", HOSTILE),
    ("list", "--template", HOSTILE),
    ("doctor", "--template", HOSTILE),
]


@pytest.mark.parametrize("args", COMMANDS, ids=lambda args: args[0][:6] + str(len(args)))
def test_nothing_that_samlocal_says_is_obeyed_by_a_terminal(
    project: Callable[..., Project], args: tuple[str, ...]
) -> None:
    made = project(hostile())
    piped = made.run(*args)
    assert dangers(piped.stdout.decode()) == []
    assert dangers(piped.stderr) == []
    shown = made.terminal(*args)
    assert shown.status == piped.status
    assert dangers(shown.stderr) == []


def test_json_spelled_out_is_the_same_json(project: Callable[..., Project]) -> None:
    made = project(hostile())
    outcome = made.run("env", "Fn", "--output", "json")
    values = {entry["name"]: entry["value"] for entry in outcome.payload}
    assert values["NAME"] == HOSTILE
    assert dangers(outcome.stdout.decode()) == []


@pytest.mark.docker
def test_a_functions_log_is_whole_on_a_pipe_and_colours_alone_at_a_terminal(project: Callable[..., Project]) -> None:
    line = f"\x1b[1;31mred\x1b[0m {CLIPBOARD}end"
    source = f"def handler(event, context):\n    print({line!r})\n    return {{'name': {HOSTILE!r}}}\n"
    made = project(python(source))
    assert line in made.invoke("Fn").succeeded().lines
    shown = made.terminal("invoke", "Fn")
    assert "\x1b[1;31mred\x1b[0m end\r\n" in shown.stderr
    assert dangers(shown.stderr) == []
    for environ in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = made.terminal("invoke", "Fn", environ=environ)
        assert "red end\r\n" in plain.stderr
        assert "\x1b" not in plain.stderr


@pytest.mark.docker
def test_a_payload_is_whole_on_a_pipe_and_spelled_out_at_a_terminal(project: Callable[..., Project]) -> None:
    # The runtime client leaves C1 and the bidirectional controls as they are in its JSON.
    made = project(python(f"def handler(event, context):\n    return {{'name': {HOSTILE!r}}}\n"))
    assert made.invoke("Fn").succeeded().payload == {"name": HOSTILE}
    shown = made.terminal("invoke", "Fn", "--plain").stderr
    payload = next(line for line in shown.splitlines() if line.startswith("{"))
    assert dangers(payload) == []
    assert json.loads(payload) == {"name": HOSTILE}
    drawn = made.terminal("invoke", "Fn", environ={"NO_COLOR": "1"}).stderr
    assert dangers(drawn) == []
    assert json.loads(drawn[drawn.index("{") :]) == {"name": HOSTILE}


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize("args", [("list",), ("env", "Fn"), ("env", "No"), ("list", "-t", "no")], ids=" ".join)
def test_who_wants_no_colours_gets_none(
    project: Callable[..., Project], args: tuple[str, ...], environ: dict[str, str]
) -> None:
    assert "\x1b" not in project(python("")).terminal(*args, environ=environ).stderr


def whole(made: Project) -> list[str]:
    return made.run("list").succeeded().stdout.decode().splitlines()


@pytest.mark.parametrize("columns", [20, 80])
def test_a_table_fits_the_terminal_and_no_name_is_cut(project: Callable[..., Project], columns: int) -> None:
    events = {"Get": {"Type": "Api", "Properties": {"Path": "/events/{id}/seats", "Method": "get"}}}
    names = ("GetEventWithAllItsSeats", "PutEvent")
    made = project({"template.json": template(**{name: function(Events=events) for name in names})})
    lines = SGR.sub("", made.terminal("list", columns=columns).succeeded().stderr).splitlines()
    # A word that is wider by itself stays one, behind its label: the terminal has it go on in its next line.
    assert all(len(line) <= columns or len(line.split()) <= 2 for line in lines)
    # Whoever has exported COLUMNS wants them on a pipe, too; nobody else has a table cut up for grep.
    on_a_pipe = made.run("list", environ={"COLUMNS": str(columns)}).succeeded().stdout.decode().splitlines()
    assert [line.rstrip() for line in on_a_pipe if line] == [line.rstrip() for line in lines if line]
    assert any(all(name in line for name in (names[0], "app.handler")) for line in whole(made))
    shown = " ".join(lines)
    assert all(word in shown for word in (*names, "Timeout", "python3.11", "/events/{id}/seats"))


def test_an_error_that_is_quoted_keeps_its_status(project: Callable[..., Project]) -> None:
    project(hostile()).run("env", f"No{HOSTILE}").ended(ExitStatus.FUNCTION_NOT_FOUND)


@given(st.text())
def test_visible_text_holds_no_control_and_plain_text_is_left_alone(text: str) -> None:
    shown = visible(text)
    assert dangers(shown) == []
    assert visible(shown) == shown
    shown.encode()


@given(st.binary())
def test_any_bytes_can_be_shown(data: bytes) -> None:
    assert dangers(visible_bytes(data).decode()) == []


@given(st.text(alphabet="\x1b[]();:0123456789mJHP_^X\\\x07\x9b\x9d\x9c\rab"))
def test_a_line_of_a_log_keeps_colours_alone(line: str) -> None:
    assert dangers(coloured(line)) == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[38;5;196mred\x1b[m", "\x1b[38;5;196mred\x1b[m"),
        ("50%\r100%\tdone", "50%100%\tdone"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title without an end", ""),
        ("\x1b[2J\x1b[1;1Htop", "top"),
        ("\x1bP1$r0m\x1b\\q", "q"),
        ("\x1b(0lqk\x1b(B", "lqk"),
        ("plain ü 漢字 😀", "plain ü 漢字 😀"),
    ],
)
def test_a_line_of_a_log_loses_sequences_whole(line: str, shown: str) -> None:
    assert coloured(line) == shown
