"""What a person at a terminal gets to see of a run, and a program as it is."""

from __future__ import annotations

import datetime
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kit import Project, function, node, python, template
from msgspec.structs import replace

from samlocal.cli.output import Output
from samlocal.cli.pieces import Piece
from samlocal.cli.runs.own_paths import OwnPaths
from samlocal.cli.runs.people import People, Subject, json_pieces
from samlocal.cli.world import World
from samlocal.function.logging_config import LogFormat, LoggingConfig, LogLevel
from samlocal.sandbox.apis.telemetry import Category
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.journal import Record
from samlocal.sandbox.result import FunctionError, Result, Success

FAILING = "def handler(event, context):\n    print('it is', event)\n    return {}[event]\n"


def text(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def log(people: People, of: Record) -> list[str]:
    return [text(pieces) for pieces in people.lines(of)]


def shown(result: Result, *heard: str) -> list[str]:
    people = People(marks=True)
    for line in heard:
        people.lines(record(line))
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
        (report("timeout", maxMemoryUsedMB=43), "✗ 35.2 ms, 43 of 128 MB  timed out: Timeout (t.yaml:7)"),
        (
            report("error", "Runtime.ExitError", maxMemoryUsedMB=128),
            "✗ 35.2 ms, 128 of 128 MB  out of memory: MemorySize (t.yaml:8)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_report_is_a_line_with_what_ended_a_function(of: Record, expected: str) -> None:
    people = People(marks=True)
    people.is_of(Subject(timeout_at="t.yaml:7", memory_at="t.yaml:8"))
    assert log(people, of) == [expected]


def test_lambdas_own_lines_are_dimmed_and_as_a_text_log_has_them() -> None:
    started = record("START RequestId: id Version: $LATEST", "platform.start", level=LogLevel.INFO, requestId="id")
    logging = LoggingConfig(group="/aws/lambda/Fn", format=LogFormat.JSON)
    in_json = replace(started, sandbox=replace(started.sandbox, logging=logging))
    for each in (started, in_json):
        ((piece,),) = People(marks=True).lines(each)
        assert (piece.text, piece.dim) == ("START RequestId: id Version: $LATEST", True)


def test_a_terminal_without_other_characters_gets_words() -> None:
    assert log(People(marks=False), report()) == ["ok 35.2 ms, 128 MB"]


@pytest.mark.parametrize(
    ("line", "level", "colour"),
    [
        ("[ERROR] KeyError: 1", None, "red"),
        ("[WARNING]\t2026-11-26T00:00:00.000Z\tid\tslow", None, "yellow"),
        ("2026-11-26T00:00:00.000Z\tid\tERROR\tno", None, "red"),
        ("2026-11-26T00:00:00.000Z\tid\tINFO\tERROR is a word", None, None),
        ("ERROR", None, None),
        ('{"any": "JSON"}', LogLevel.ERROR, "red"),
        ('{"any": "JSON"}', LogLevel.INFO, None),
    ],
)
def test_a_level_has_its_colour(line: str, level: LogLevel | None, colour: str | None) -> None:
    ((piece,),) = People(marks=True).lines(record(line, level=level))
    assert (piece.text, piece.fg) == (line, colour)


def test_an_error_of_nodes_has_its_stack_in_lines_and_once() -> None:
    stack = ["Error: no", "    at handler (file:///var/task/app.mjs:3:9)"]
    error = {"errorType": "Error", "errorMessage": "no", "stack": stack}
    line = f"2026-11-26T00:00:00.000Z\tid\tERROR\tInvoke Error \t{json.dumps(error)}"
    people = People(marks=True)
    assert log(people, record(line))[1:] == stack
    failed = FunctionError(payload=json.dumps({"errorType": "Error", "errorMessage": "no", "trace": stack}).encode())
    assert [text(pieces) for pieces in people.answer(failed)] == []
    # The next run's log may not have it.
    assert [text(pieces) for pieces in people.answer(failed)] == ["Error: no", *stack]


@pytest.mark.parametrize(
    ("line", "error_type", "message"),
    [
        ("[ERROR] KeyError: 'price'", "KeyError", "'price'"),
        ("[ERROR] ValueError", "ValueError", ""),
        ("[ERROR] ValueError: one", "ValueError", "one\ntwo"),
        ("RequestId: id Error: Runtime exited with error: exit status 1", "Runtime.ExitError", None),
        ("2026-11-26T00:00:00.000Z id Task timed out after 3.00 seconds", "Sandbox.Timedout", None),
        ("java.lang.IllegalStateException: no", "java.lang.IllegalStateException", "no"),
        ('{"level": "ERROR", "errorMessage": "no", "errorType": "Bad"}', "Bad", "no"),
    ],
)
def test_an_error_that_the_log_has_shown_is_no_answer_too(line: str, error_type: str, message: str | None) -> None:
    if message is None:
        # As Lambda has its own (Lambda developer guide, "Troubleshoot execution issues").
        own = "Runtime exited with error: exit status 1" if "exited" in line else "Task timed out after 3.00 seconds"
        message = f"RequestId: id Error: {own}"
    failed = FunctionError(payload=json.dumps({"errorType": error_type, "errorMessage": message}).encode())
    people = People(marks=True)
    level = LogLevel.ERROR if "id" in line else None
    (pieces, *_) = people.lines(record(line, level=level))
    assert any(piece.fg == "red" for piece in pieces)
    assert list(people.answer(failed)) == []
    # Where the next run's log has nothing of it, it is one.
    told = f"{error_type}: {message}" if message else error_type
    assert [text(pieces) for pieces in people.answer(failed)] == [told]


def test_an_error_of_which_the_log_has_another_word_is_an_answer() -> None:
    failed = FunctionError(payload=b'{"errorType": "Bad", "errorMessage": "no"}')
    assert shown(failed, "no", "it says no", "[ERROR] it is another's: nono") == ["Bad: no"]


@pytest.mark.parametrize("line", ["\tERROR\tInvoke Error \t{", '\tERROR\tInvoke Error \t{"stack": "no list"}'])
def test_what_only_looks_like_one_is_left(line: str) -> None:
    assert log(People(marks=True), record(line)) == [line]


def test_an_entry_in_json_has_its_level_in_a_colour_and_its_rest_behind() -> None:
    line = {"timestamp": "2026-11-26T12:00:00.123Z", "level": "ERROR", "message": "no", "order": 7, "requestId": "id"}
    (pieces,) = People(marks=True).lines(record(json.dumps(line)))
    assert [(piece.text, piece.fg, piece.dim) for piece in pieces] == [
        ("12:00:00.123 ", None, True),
        ("ERROR ", "red", False),
        ("no", None, False),
        ("  order=7", None, True),
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        # Lambda developer guide, "Log and event formats": Python's and Node's own errors in JSON.
        (
            {
                "timestamp": "2026-11-26T12:00:00Z",
                "log_level": "ERROR",
                "errorType": "KeyError",
                "errorMessage": "1",
                "requestId": "id",
                "location": "app.py",
                "stackTrace": ['  File "/var/task/app.py", line 3, in handler\n    return {}[1]\n'],
            },
            [
                "12:00:00 ERROR KeyError: 1  location=app.py",
                '  File "/var/task/app.py", line 3, in handler',
                "    return {}[1]",
            ],
        ),
        (
            {
                "timestamp": "2026-11-26T12:00:00.001Z",
                "level": "WARN",
                "requestId": "id",
                "message": {"errorType": "Error", "errorMessage": "no", "stackTrace": ["Error: no", "    at a"]},
            },
            # Node's stack begins with the message.
            ["12:00:00.001 WARN  Error: no", "    at a"],
        ),
        # Powertools: Python's logging writes the time so.
        (
            {
                "level": "INFO",
                "location": "handler:3",
                "message": {"order": 1},
                "timestamp": "2026-11-26 12:00:00,123+0000",
                "service": "the shop",
                "xray_trace_id": None,
            },
            ['12:00:00,123 INFO  {"order":1}  location=handler:3  service="the shop"'],
        ),
        # pino
        ({"level": 50, "time": 1795694400000, "msg": "no", "pid": 8}, ["1795694400000 ERROR no  pid=8"]),
    ],
    ids=["python", "node", "powertools", "pino"],
)
def test_what_loggers_write_in_json_is_put_in_order(entry: Mapping[str, Any], expected: list[str]) -> None:
    assert log(People(marks=True), record(json.dumps(entry))) == expected


@pytest.mark.parametrize(
    "line", ['{"statusCode": 200}', '{"level": "INFO"}', '{"level": 7, "msg": "x"}', '{"level": "INFO", "msg"', "[1]"]
)
def test_other_json_is_left(line: str) -> None:
    assert log(People(marks=True), record(line)) == [line]


# paths


@pytest.mark.parametrize(
    ("line", "expected", "link"),
    [
        ('  File "/var/task/app.py", line 3, in handler', "  src/app.py:3, in handler", "src/app.py#3"),
        ("    at handler (file:///var/task/lib/a.mjs:3:9)", "    at handler (src/lib/a.mjs:3:9)", "src/lib/a.mjs#3"),
        ("    at /var/task/lib/a.mjs:3:9", "    at src/lib/a.mjs:3:9", "src/lib/a.mjs#3"),
        ("/var/task/app.rb:3:in `handler'", "src/app.rb:3:in `handler'", "src/app.rb#3"),
        ("/var/task/app.py is read", "src/app.py is read", "src/app.py"),
        (
            "    at example.Orders.put(Orders.java:12)",
            "    at example.Orders.put(src/src/main/java/example/Orders.java:12)",
            "src/src/main/java/example/Orders.java#12",
        ),
        # The payload of Java's runtime has no `at`.
        (
            "example.Orders$1.put(Orders.java:12)",
            "example.Orders$1.put(src/src/main/java/example/Orders.java:12)",
            "src/src/main/java/example/Orders.java#12",
        ),
        ('  File "/var/task/none.py", line 3', None, None),
        ('  File "/var/task/../secret.py", line 3', None, None),
        ('  File "/var/runtime/app.py", line 3', None, None),
        ("    at java.util.HashMap.get(HashMap.java:5)", None, None),
    ],
)
def test_a_functions_own_files_are_shown_where_they_lie_and_lead_there(
    tmp_path: Path, line: str, expected: str | None, link: str | None
) -> None:
    sources = ("app.py", "app.rb", "lib/a.mjs", "src/main/java/example/Orders.java", "../secret.py")
    for name in sources:
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).touch()
    parts = list(OwnPaths(tmp_path / "src", tmp_path).parts(line))
    assert "".join(part.text for part in parts) == (expected or line)
    assert [part.link for part in parts if part.link] == ([f"file://{tmp_path}/{link}"] if link else [])


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


@pytest.mark.parametrize("looked_at", [True, False])
def test_what_runs_again_and_again_shows_an_error_once_with_the_paths_of_its_own_files(
    tmp_path: Path, *, looked_at: bool
) -> None:
    class Error(io.StringIO):
        def isatty(self) -> bool:
            return True

    class Answer(io.BytesIO):
        def isatty(self) -> bool:
            return looked_at

    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").touch()
    stderr, stdout = Error(), Answer()
    world = World(environ={"NO_COLOR": "1"}, cwd=tmp_path, stdin=io.BytesIO(), stdout=stdout, stderr=stderr)
    output = Output(world, for_people=True)
    for line in ("[ERROR] KeyError: 1", '  File "/var/task/app.py", line 3, in handler'):
        of = record(line)
        output.said(replace(of, sandbox=replace(of.sandbox, source=str(tmp_path / "code"))))
    output.failure(
        FunctionError(
            payload=b'{"errorType": "KeyError", "errorMessage": "1", '
            b'"stackTrace": ["  File \\"/var/task/app.py\\", line 3, in handler\\n"]}'
        )
    )
    assert "code/app.py:3, in handler" in stderr.getvalue()
    # A program gets the whole of it.
    assert (stdout.getvalue() == b"") is looked_at
    assert (b'"errorType": "KeyError"' in stdout.getvalue()) is not looked_at


# a run


@pytest.mark.docker
def test_at_a_terminal_a_run_is_for_people_and_on_a_pipe_for_programs(project: Callable[..., Project]) -> None:
    made = project(python(FAILING))
    seen = made.terminal("invoke", "Fn", "--event", "1").ended(1).stderr
    # OSC 8: the file's URL, what is shown, and the end of the link.
    link = rf"\x1b]8;;file://{re.escape(str(made.folder))}/code/app\.py#3\x1b\\.*code/app\.py:3.*\x1b]8;;\x1b\\"
    assert re.search(link, seen)
    assert "\x1b[31m[ERROR] KeyError: 1\x1b[0m" in seen
    assert seen.count("KeyError: 1") == 1
    assert "REPORT" not in seen
    piped = made.invoke("Fn", event=1).ended(1)
    assert 'File "/var/task/app.py", line 3' in piped.stderr
    assert piped.payload["errorType"] == "KeyError"
    assert piped.report
    raw = made.terminal("invoke", "Fn", "--event", "1", "--plain").ended(1).stderr
    assert "REPORT" in raw
    assert "/var/task/app.py" in raw
    assert '"errorType": "KeyError"' in raw


ENDED = """
import time
def handler(event, context):
    held = [bytearray(50_000_000) for _ in range(event)]
    time.sleep(60)
"""


@pytest.mark.docker
def test_what_ends_a_function_is_said_with_the_line_of_its_limit_and_a_kept_sandbox_says_the_same(
    project: Callable[..., Project],
) -> None:
    properties = "Runtime: python3.11, CodeUri: code/, Handler: app.handler"
    made = project(
        {
            "template.yaml": (
                "Transform: AWS::Serverless-2016-10-31\n"
                "Globals: {Function: {MemorySize: 128}}\n"
                "Resources:\n"
                "  Fn:\n"
                "    Type: AWS::Serverless::Function\n"
                "    Properties:\n"
                f"      {properties.replace(', ', chr(10) + '      ')}\n"
                "      Timeout: 2\n"
            ),
            "code/app.py": ENDED,
        }
    )
    plain = {"NO_COLOR": "1"}
    seen = made.terminal("invoke", "Fn", "--event", "9", environ=plain).ended(1).stderr
    assert "out of memory: MemorySize (template.yaml:2)" in seen
    for keep in ((), ("--keep",)):
        seen = made.terminal("invoke", "Fn", "--event", "0", *keep, environ=plain).ended(1).stderr
        assert "timed out: Timeout (template.yaml:10)" in seen
    made.run("kept", "--stop")


@pytest.mark.docker
def test_the_only_function_of_a_template_needs_no_name(project: Callable[..., Project]) -> None:
    only = project(node("exports.handler = async (event) => event"))
    assert only.run("invoke", "--event", "1").succeeded().payload == 1


def test_of_several_functions_none_is_chosen(project: Callable[..., Project]) -> None:
    files = {"template.json": template(One=function(), Two=function()), "code/app.py": ""}
    outcome = project(files).run("invoke", "--event", "1").ended(2)
    assert "Name the function: samlocal invoke FUNCTION. The template has One, Two." in outcome.stderr
