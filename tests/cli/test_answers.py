"""An answer as a person reads it, and what has changed of it."""

from __future__ import annotations

import json

import pytest

from samlocal.cli.runs.answer import difference, readable


@pytest.mark.parametrize(
    ("payload", "lines"),
    [
        (b'"text"', ['"text"']),
        (b"null", ["null"]),
        (b"{}", ["{}"]),
        (b"[]", ["[]"]),
        (b'{"a": {}, "b": [1, "two"]}', ["{", '  "a": {},', '  "b": [', "    1,", '    "two"', "  ]", "}"]),
        ('{"ü": "é\\n"}'.encode(), ["{", '  "ü": "é\\n"', "}"]),
        # No JSON, or none that anybody could read.
        (b"not\njson", ["not", "json"]),
        (b"", [""]),
        (b"NaN", ["NaN"]),
        (b"\xff", ["�"]),
        (b"[" * 100_000, ["[" * 100_000]),
    ],
)
def test_json_stands_in_lines_and_everything_else_as_it_is(payload: bytes, lines: list[str]) -> None:
    assert readable(payload) == lines


def test_every_digit_stays() -> None:
    payload = b"[1.0, 1.10, 1e400, 123456789012345678901234567890, -0]"
    assert [line.strip(" ,") for line in readable(payload)[1:-1]] == payload.decode().strip("[]").split(", ")


def test_json_in_a_string_is_read_as_such_and_marked() -> None:
    payload = json.dumps({"statusCode": 200, "body": json.dumps({"items": [1]}), "text": "{no json"})
    assert readable(payload.encode()) == [
        "{",
        '  "statusCode": 200,',
        '  "body" (JSON): {',
        '    "items": [',
        "      1",
        "    ]",
        "  },",
        '  "text": "{no json"',
        "}",
    ]


def test_only_what_has_changed_is_shown_with_what_stands_around_it() -> None:
    before = {"head": 1, "many": list(range(40)), "tail": "old"}
    after = {"head": 2, "many": list(range(40)), "tail": "new", "more": True}
    shown = list(difference(readable(json.dumps(before).encode()), readable(json.dumps(after).encode())))
    assert [line for line in shown if line[0] in "+-"] == [
        '-  "head": 1,',
        '+  "head": 2,',
        '-  "tail": "old"',
        '+  "tail": "new",',
        '+  "more": true',
    ]
    assert shown.count("…") == 1
    assert len(shown) < 20


def test_of_the_same_answer_nothing_is_shown() -> None:
    lines = readable(b'{"a": 1}')
    assert list(difference(lines, lines)) == []


def test_lines_that_look_like_a_differences_own_are_shown() -> None:
    assert list(difference(["a"], ["--- a", "+++ b", "@@ c"])) == ["-a", "+--- a", "++++ b", "+@@ c"]
