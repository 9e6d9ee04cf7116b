"""Tables at terminals of every width, and on a pipe."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import Project, function, template

from samlocal.cli.tables import Form, Spare, drawn

ARN = "arn:aws:lambda:eu-central-1:123456789012:layer:AWSLambdaPowertoolsPythonV3-python311-x86_64:7"
HEADS: list[str | Spare] = ["Function", Spare(head="Name", weight=2), Spare(head="Code", weight=1), "Events"]
ROWS = [
    ["getEvent", "shop-dev-get-event", "src/functions/get_event", "GET /events/{id}, GET /events/{id}/seats"],
    ["putEvent", "shop-dev-put-event", "src/functions/put_event", "PUT /events/{id}"],
]
WIDTHS = (40, 80, 100, 160, 250)


def table(
    columns: int | None, heads: Sequence[str | Spare] = HEADS, rows: Sequence[Sequence[str]] = ROWS
) -> list[str]:
    return drawn(heads, rows, Form(columns=columns, has_colours=False, is_utf_8=True)).splitlines()


def width(text: str) -> int:
    """Columns of a terminal (Unicode Standard Annex 11: wide and fullwidth characters take two)."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_table_fits_its_terminal_with_every_word_whole(columns: int) -> None:
    lines = table(columns)
    assert max(map(width, lines)) <= columns
    words = {word for line in lines for word in line.split()}
    assert {"getEvent", "putEvent", "/events/{id},", "/events/{id}/seats"} <= words


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        (250, ["Function", "Name", "Code", "Events"]),
        (80, ["Function", "Name", "Code", "Events"]),
        (74, ["Function", "Name", "Events"]),
        (49, ["Function", "Events"]),
    ],
)
def test_the_column_of_least_weight_goes_first(columns: int, heads: list[str]) -> None:
    lines = table(columns)
    assert lines[0].split() == heads
    left_out = [str(head) for head in HEADS if str(head) not in heads]
    note = " ".join(lines[lines.index(next(line for line in lines if "Too narrow" in line)) :]) if left_out else ""
    assert note == (
        f"Too narrow for {', '.join(left_out)}: a wider terminal, a pipe and --output json have them."
        if left_out
        else ""
    )


def test_a_row_that_no_table_has_room_for_is_a_block_with_all_that_it_has() -> None:
    lines = table(80, ["Layer", Spare(head="Folder", weight=1)], [[ARN, "/cache/layers/1"], ["b", ""]])
    assert lines == [f"Layer   {ARN}", "Folder  /cache/layers/1", "", "Layer   b"]


@pytest.mark.parametrize("columns", WIDTHS)
def test_wide_characters_take_the_columns_that_they_have(columns: int) -> None:
    rows = [["イベント", "配布物一式", "🎫🎫"], ["event", "Zu\u0308rich", "x"]]
    lines = table(columns, ["Name", "Value", "Note"], rows)
    assert max(map(width, lines)) <= columns
    # The third column begins where it begins in every line.
    begins = [width(line[: line.index(cell)]) for line, cell in zip(lines[2:], ("🎫", "x"), strict=True)]
    assert begins[0] == begins[1]


def test_on_a_pipe_a_table_is_plain_with_a_record_in_each_line() -> None:
    lines = table(
        None, ["Name", Spare(head="Value", weight=1)], [["KEY", "-----BEGIN\nEND\t" + "x" * 300], ["B", ""]]
    )
    assert lines == ["Name  Value", "KEY   -----BEGIN\\nEND\\t" + "x" * 300, "B"]


def test_a_terminal_without_the_characters_of_a_line_has_none() -> None:
    lines = drawn(["A", "B"], [["1", "2"]], Form(columns=80, has_colours=False, is_utf_8=False))
    assert lines == "A  B\n1  2"


def test_heads_are_bold_where_there_are_colours_and_nothing_else_is_added() -> None:
    lines = drawn(["A"], [["1"]], Form(columns=80, has_colours=True, is_utf_8=True)).splitlines()
    assert lines[0] == "\x1b[1mA\x1b[0m"
    assert lines[-1] == "1"


@given(
    st.integers(min_value=1, max_value=300),
    st.lists(st.lists(st.text(alphabet="ab イ🎫-/:", max_size=60), min_size=3, max_size=3), max_size=4),
)
def test_no_word_is_ever_broken(columns: int, rows: list[list[str]]) -> None:
    lines = table(columns, ["One", Spare(head="Two", weight=2), "Three"], rows)
    words = {word for line in lines for word in line.split(" ")}
    assert {word for row in rows for cell in (row[0], row[2]) for word in cell.split(" ")} <= words | {""}


def test_on_a_pipe_nothing_is_imported_to_draw_with(project: Callable[..., Project]) -> None:
    made = project({"template.json": template(Fn=function()), "code/app.py": ""})
    for args in (("list",), ("env", "Fn"), ("event", "list", "sns"), ("layers", "list")):
        # What is imported is told on standard error (Python's PYTHONPROFILEIMPORTTIME).
        told = made.run(*args, environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded().stderr
        imported = {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}
        assert "samlocal.cli.tables" in imported, args
        assert not [name for name in imported if name.partition(".")[0] == "rich"], args
