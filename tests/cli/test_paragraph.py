"""What samlocal itself says, at a terminal: broken between words alone, and on a pipe as it was."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import Project, function, template

from samlocal.cli.paragraph import fits, paragraphs
from samlocal.cli.screen import Screen
from samlocal.cli.world import World
from samlocal.ide.target import WAITS

SGR = re.compile(r"\x1b\[[0-9;]*m")
ARN = "arn:aws:lambda:eu-central-1:123456789012:layer:AWSLambdaPowertoolsPythonV3-python311-x86_64:7"
COMMAND = "`samlocal trust add test --function-id PlaceOrder --stack-name shop-test`"


@given(st.text(alphabet="ab `漢ü\n"), st.integers(4, 30), st.sampled_from(("", "Error: ", "samlocal: ")))
def test_no_line_is_too_long_but_of_one_word_and_no_letter_is_lost(text: str, columns: int, head: str) -> None:
    shown = paragraphs(text, columns, head=head)
    assert shown.startswith(head)
    assert shown.split() == (head + text).split()
    # What stands in backticks is one word here.
    for line in re.sub(r"`[^`\n]*`", "c", shown[len(head) :]).split("\n"):
        assert fits(line, columns) or len(line.split()) <= 1 or line.startswith(" " * 5)


@pytest.mark.parametrize("columns", [20, 40, 80])
@pytest.mark.parametrize("word", [ARN, COMMAND, "/home/ada/a shop/template.yaml:12:", "https://example.com/a?b=c"])
def test_what_is_copied_stays_whole(word: str, columns: int) -> None:
    text = f"The layer that is meant is here: {word} and nowhere else, as far as anybody knows."
    shown = paragraphs(text, columns, head="Error: ", whole=("/home/ada/a shop",))
    assert sum(word in line for line in shown.splitlines()) == 1


def test_what_goes_on_stands_behind_its_label_and_what_is_to_be_pasted_is_left() -> None:
    pasted = f"     {COMMAND.strip('`')} --role-arn {ARN}"
    text = f"Two ways on:\n  1. Let the role trust you and go on:\n{pasted}\n  AWS:     No, you may not do this here."
    assert paragraphs(text, 30).split("\n") == [
        "Two ways on:",
        "  1. Let the role trust you",
        "     and go on:",
        pasted,
        "  AWS:     No, you may not do",
        "           this here.",
    ]


@pytest.mark.parametrize("columns", [20, 48, 200])
def test_what_an_editor_waits_for_stays_in_a_line_of_its_narrow_terminal(tmp_path: Path, columns: int) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    world = World(
        environ={"COLUMNS": str(columns)}, cwd=tmp_path, stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=terminal
    )
    said = Screen(terminal, world).message(
        "PlaceOrder: waiting for the debugger at 127.0.0.1:5678 …", head="samlocal: "
    )
    assert sum(re.search(WAITS, line) is not None for line in said.splitlines()) == 1


def test_an_error_and_its_tip_are_folded_at_a_terminal_and_lines_of_their_own_on_a_pipe(
    project: Callable[..., Project],
) -> None:
    unknown = {"Variables": {"TABLE": {"Fn::ImportValue": "orders-table"}}}
    made = project({"template.json": template(PlaceOrder=function(Environment=unknown)), "code/app.py": ""})
    args = ("invoke", "PlaceOrder", "--strict")
    piped = made.run(*args).ended(5).lines
    assert max(map(len, piped)) > 80
    for columns in (40, 80):
        seen = SGR.sub("", made.terminal(*args, columns=columns).ended(5).stderr).replace("\r\n", "\n")
        assert all(len(line) <= columns or len(line.split("`")[0].split()) <= 1 for line in seen.splitlines())
        assert seen.split() == " ".join(piped).split()
        assert "\n  " in seen


def test_an_error_of_usage_is_folded_too(project: Callable[..., Project]) -> None:
    seen = SGR.sub("", project({}).terminal("invoke", "--repeat", "many", columns=40).ended(2).stderr)
    assert all(len(line) <= 40 for line in seen.replace("\r\n", "\n").splitlines())
