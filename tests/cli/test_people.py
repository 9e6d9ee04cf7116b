"""What a person at a terminal gets to see of a run, and a program as it is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kit import Project, function, node, python, template

from samlocal.cli.runs.own_paths import OwnPaths
from samlocal.cli.runs.people import People, Piece, Subject, json_pieces
from samlocal.function.logging_config import LogFormat, LoggingConfig, LogLevel
from samlocal.sandbox.apis.telemetry import Category
from samlocal.sandbox.journal import Record, SandboxIdentity
from samlocal.sandbox.result import FunctionError, Result, Success

FAILING = "def handler(event, context):\n    print('it is', event)\n    return {}[event]\n"


def text(pieces: tuple[Piece, ...] | None) -> str:
    assert pieces is not None
    return "".join(piece.text for piece in pieces)


def shown(result: Result, *heard: str) -> list[str]:
    people = People(marks=True)
    for line in heard:
        people.line(record(line))
    return [text(pieces) for pieces in people.answer(result)]


def record(line: str | None, type_: str = "function", level: LogLevel | None = None, **fields: Any) -> Record:
    identity = SandboxIdentity(
        function_name="Fn",
        handler="app.handler",
        account="123456789012",
        instance="stream",
        memory=128,
        logging=LoggingConfig(group="/aws/lambda/Fn", format=LogFormat.TEXT),
    )
    return Record(
        sandbox=identity,
        request_id="id",
        stream=Category.FUNCTION if type_ == "function" else Category.PLATFORM,
        time=datetime.datetime.now(datetime.UTC),
        level=level,
        type=type_,
        text=line,
        fields=fields or None,
    )


def report(status: str = "success", error_type: str | None = None, **metrics: float) -> Record:
    told = {"durationMs": 35.2, "billedDurationMs": 36, "memorySizeMB": 128, **metrics}
    return record(
        "REPORT …",
        "platform.report",
        metrics=told,
        status=status,
        **({} if error_type is None else {"errorType": error_type}),
    )


# the log


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (report(initDurationMs=614.0, maxMemoryUsedMB=43), "✓ 35.2 ms, init 614 ms, 43 of 128 MB"),
        (report(), "✓ 35.2 ms, 128 MB"),
        (report("error", "KeyError", maxMemoryUsedMB=43), "✗ 35.2 ms, 43 of 128 MB  KeyError"),
        (report("timeout", maxMemoryUsedMB=43), "✗ 35.2 ms, 43 of 128 MB  timed out: that is its Timeout (t.yaml:7)"),
        (
            report("error", "Runtime.ExitError", maxMemoryUsedMB=128),
            "✗ 35.2 ms, 128 of 128 MB  out of memory: its MemorySize is 128 MB (t.yaml:7)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_report_is_a_line_with_what_ended_a_function(of: Record, expected: str) -> None:
    people = People(marks=True)
    people.is_of(Subject(location="t.yaml:7"))
    assert text(people.line(of)) == expected


def test_a_terminal_without_other_characters_gets_words() -> None:
    assert text(People(marks=False).line(report())) == "ok 35.2 ms, 128 MB"


@pytest.mark.parametrize(
    ("line", "level", "colour"),
    [
        ("[ERROR] KeyError: 1", None, "red"),
        ("[WARNING]\t2026-11-26T00:00:00.000Z\tid\tslow", None, "yellow"),
        ("2026-11-26T00:00:00.000Z\tid\tERROR\tno", None, "red"),
        ("2026-11-26T00:00:00.000Z\tid\tINFO\tERROR is a word", None, None),
        ("ERROR", None, None),
        ('{"level": "ERROR"}', LogLevel.ERROR, "red"),
        ('{"level": "INFO"}', LogLevel.INFO, None),
    ],
)
def test_a_level_has_its_colour(line: str, level: LogLevel | None, colour: str | None) -> None:
    (piece,) = People(marks=True).line(record(line, level=level)) or ()
    assert (piece.text, piece.fg) == (line, colour)


def test_an_error_of_nodes_has_its_stack_in_lines_and_once() -> None:
    stack = ["Error: no", "    at handler (file:///var/task/app.mjs:3:9)"]
    error = {"errorType": "Error", "errorMessage": "no", "stack": stack}
    line = f"2026-11-26T00:00:00.000Z\tid\tERROR\tInvoke Error \t{json.dumps(error)}"
    people = People(marks=True)
    assert text(people.line(record(line))).splitlines()[1:] == stack
    failed = FunctionError(payload=json.dumps({"errorType": "Error", "errorMessage": "no", "trace": stack}).encode())
    assert [text(pieces) for pieces in people.answer(failed)] == ["Error: no"]


@pytest.mark.parametrize("line", ["\tERROR\tInvoke Error \t{", '\tERROR\tInvoke Error \t{"stack": "no list"}'])
def test_what_only_looks_like_one_is_left(line: str) -> None:
    assert text(People(marks=True).line(record(line))) == line


# paths


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('  File "/var/task/app.py", line 3, in handler', '  File "src/app.py", line 3, in handler'),
        ("    at handler (file:///var/task/lib/a.mjs:3:9)", "    at handler (src/lib/a.mjs:3:9)"),
        ("    at /var/task/lib/a.mjs:3:9", "    at src/lib/a.mjs:3:9"),
        ("    at example.Orders.put(Orders.java:12)", "    at src/src/main/java/example/Orders.java:12)"),
        ('  File "/var/task/none.py", line 3', '  File "/var/task/none.py", line 3'),
        ('  File "/var/task/../secret.py", line 3', '  File "/var/task/../secret.py", line 3'),
        ('  File "/var/runtime/app.py", line 3', '  File "/var/runtime/app.py", line 3'),
        ("    at java.util.HashMap.get(HashMap.java:5)", "    at java.util.HashMap.get(HashMap.java:5)"),
    ],
)
def test_a_functions_own_files_are_shown_where_they_lie(tmp_path: Path, line: str, expected: str) -> None:
    for name in ("src/app.py", "src/lib/a.mjs", "src/src/main/java/example/Orders.java", "secret.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    expected = expected.replace("at src/src/main", "at example.Orders.put(src/src/main")
    assert OwnPaths(tmp_path / "src", tmp_path).put_into(line) == expected


# the answer


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"statusCode": 204}, ["204 No Content"]),
        (
            {"statusCode": 200, "headers": {"A": "b"}, "multiValueHeaders": {"C": [1, 2]}, "body": '{"d": [1]}'},
            ["200 OK", "A: b", "C: 1", "C: 2", "", "{", '  "d": [', "    1", "  ]", "}"],
        ),
        ({"statusCode": 200, "body": "dGV4dA==", "isBase64Encoded": True}, ["200 OK", "", "text"]),
        (
            {"statusCode": 200, "body": "//79", "isBase64Encoded": True},
            ["200 OK", "", "(4 characters of base64)"],
        ),
        ({"statusCode": 200, "cookies": ["a=1"]}, ["200 OK", "Set-Cookie: a=1"]),
        ({"statusCode": 299}, ["299"]),
    ],
    ids=str,
)
def test_an_answer_for_an_api_is_shown_as_its_client_gets_it(
    response: Mapping[str, Any], expected: list[str]
) -> None:
    assert shown(Success(payload=json.dumps(response).encode())) == expected


@pytest.mark.parametrize(
    "payload",
    [
        '{"statusCode": 200, "more": 1}',
        '{"statusCode": "200"}',
        '{"statusCode": true}',
        '{"statusCode": 9}',
        '{"statusCode": 200, "headers": []}',
        '{"statusCode": 200, "multiValueHeaders": {"A": "b"}}',
        "[1, 2.50]",
        '"text"',
        "null",
    ],
)
def test_any_other_is_shown_as_the_json_that_it_is(payload: str) -> None:
    assert json.loads("\n".join(shown(Success(payload=payload.encode())))) == json.loads(payload)


def test_numbers_keep_their_digits_and_json_its_colours() -> None:
    pieces = json_pieces('  "a \\"b\\"": [1.50, -2e9, true, "c: 1"],')
    assert [(piece.text, piece.fg) for piece in pieces if piece.fg] == [
        ('"a \\"b\\""', "cyan"),
        ("1.50", "magenta"),
        ("-2e9", "magenta"),
        ("true", "magenta"),
        ('"c: 1"', "green"),
    ]


def test_an_errors_stack_is_shown_where_the_log_has_none_of_it() -> None:
    failed = FunctionError(
        payload=b'{"errorType": "Bad", "errorMessage": "no", "stackTrace": ["  one\\n", "  two"], "requestId": "id"}'
    )
    assert shown(failed) == ["Bad: no", "  one", "  two"]
    assert shown(failed, "  one") == ["Bad: no"]


@pytest.mark.parametrize("payload", [b"no JSON", b"[1]", b'{"errorMessage": "no type"}', b'{"errorType": 1}'])
def test_an_error_of_another_form_is_shown_as_it_is(payload: bytes) -> None:
    assert "".join("".join(shown(FunctionError(payload=payload))).split()) == payload.decode().replace(" ", "")


# a run


@pytest.mark.docker
def test_at_a_terminal_a_run_is_for_people_and_on_a_pipe_for_programs(project: Callable[..., Project]) -> None:
    made = project(python(FAILING))
    seen = made.terminal("invoke", "Fn", "--event", "1", environ={"NO_COLOR": "1"}).ended(1).stderr
    assert 'File "code/app.py", line 3' in seen
    assert seen.rstrip().endswith("KeyError: 1")
    assert "REPORT" not in seen
    piped = made.invoke("Fn", event=1).ended(1)
    assert 'File "/var/task/app.py", line 3' in piped.stderr
    assert piped.payload["errorType"] == "KeyError"
    assert piped.report
    raw = made.terminal("invoke", "Fn", "--event", "1", "--plain").ended(1).stderr
    assert "REPORT" in raw
    assert "/var/task/app.py" in raw
    assert '"errorType": "KeyError"' in raw


@pytest.mark.docker
def test_a_kept_sandboxs_run_is_shown_alike(project: Callable[..., Project]) -> None:
    made = project(python(FAILING))
    for _ in range(2):
        seen = made.terminal("invoke", "Fn", "--event", "1", "--keep", environ={"NO_COLOR": "1"}).ended(1).stderr
        assert 'File "code/app.py", line 3' in seen
    made.run("kept", "--stop")


@pytest.mark.docker
def test_the_only_function_of_a_template_needs_no_name(project: Callable[..., Project]) -> None:
    only = project(node("exports.handler = async (event) => event"))
    assert only.run("invoke", "--event", "1").succeeded().payload == 1


def test_of_several_functions_none_is_chosen(project: Callable[..., Project]) -> None:
    files = {"template.json": template(One=function(), Two=function()), "code/app.py": ""}
    outcome = project(files).run("invoke", "--event", "1").ended(2)
    assert "Name the function: samlocal invoke FUNCTION. The template has One, Two." in outcome.stderr
