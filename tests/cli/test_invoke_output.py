"""Standard output is the payload, standard error is everything else; and the ways to name function and event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from kit import Project, function, node, python, template

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

TALKS = """
import logging, sys
print("from init")
def handler(event, context):
    print("to standard output")
    print("to standard error", file=sys.stderr)
    logging.getLogger().warning("by logging")
    return {"event": event, "ümlaut": "é"}
"""
REPORT = re.compile(
    r"REPORT RequestId: [0-9a-f-]{36}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
    r"(Max Memory Used: \d+ MB\t)?Init Duration: \d+\.\d\d ms\t"
)


def test_standard_output_is_the_payload_and_everything_else_goes_to_standard_error(
    project: Callable[..., Project],
) -> None:
    outcome = project(python(TALKS)).invoke("Fn", event={"id": 7}).succeeded()
    assert outcome.payload == {"event": {"id": 7}, "ümlaut": "é"}
    lines = outcome.lines
    start, end = lines.index(f"START RequestId: {outcome.request_id} Version: $LATEST"), len(lines) - 2
    assert "from init" in lines[:start]
    assert {"to standard output", "to standard error"} < set(lines[start:end])
    assert any(re.match(rf"\[WARNING\]\t.*\t{outcome.request_id}\tby logging", line) for line in lines[start:end])
    assert lines[end] == f"END RequestId: {outcome.request_id}"
    assert REPORT.fullmatch(lines[end + 1])
    billed = outcome.report_number("Billed Duration")
    # The one is rounded to 10 µs, the other up to a whole millisecond of what it was before.
    assert billed - 1 <= outcome.report_number("Duration") <= billed


def test_a_stand_in_for_aws_image_is_told_in_one_line_once(project: Callable[..., Project]) -> None:
    made = project(python("def handler(event, context): pass"))
    quiet, first, second = (made.invoke("Fn", *given).succeeded() for given in (("-q",), (), ()))
    (told,) = [line for line in first.lines if "samlocal/lambda-python:3.11" in line]
    assert "stand-in" in told
    assert "stand-in" not in quiet.stderr + second.stderr


def test_a_deprecated_runtime_runs_with_a_warning(project: Callable[..., Project]) -> None:
    files = python("def handler(event, context): pass", Runtime="python3.9")
    outcome = project(files).invoke("Fn", "--image", "python3.9=samlocal/lambda-python:3.11").succeeded()
    assert any("python3.9" in line and "deprecated" in line for line in outcome.lines)


def test_a_handler_that_returns_nothing_answers_null(project: Callable[..., Project]) -> None:
    assert project(python("def handler(event, context): pass")).invoke("Fn").succeeded().stdout == b"null\n"


def test_output_json_is_one_object_with_payload_and_figures(project: Callable[..., Project]) -> None:
    outcome = project(python(TALKS, Timeout=5, MemorySize=256)).invoke("Fn", "--output", "json").succeeded()
    shown = outcome.payload
    assert shown.pop("request_id") == outcome.request_id
    assert shown.pop("payload") == {"event": {}, "ümlaut": "é"}
    assert f"{shown.pop('duration'):.2f} ms" == outcome.report["Duration"]
    assert f"{shown.pop('billed_duration')} ms" == outcome.report["Billed Duration"]
    assert f"{shown.pop('init_duration'):.2f} ms" == outcome.report["Init Duration"]
    used = shown.pop("max_memory_used")
    assert outcome.report.get("Max Memory Used") == (None if used is None else f"{used} MB")
    assert shown == {"status": "success", "error_type": None, "memory_size": 256}


def test_output_json_of_a_failure_holds_its_error(project: Callable[..., Project]) -> None:
    files = python("def handler(event, context): raise KeyError('id')")
    outcome = project(files, SAMLOCAL_OUTPUT="json").invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["status"] == "error"
    assert outcome.payload["error_type"] == "KeyError"
    assert outcome.payload["payload"]["errorMessage"] == "'id'"


def test_output_json_holds_a_streamed_response_whole(project: Callable[..., Project]) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.write("one,"); stream.write("two"); stream.end(); });"""
    outcome = project(node(source)).invoke("Fn", "--output", "json").succeeded()
    assert outcome.payload["payload"] == "one,two"


@pytest.mark.parametrize(
    "args",
    [("Fn",), ("-f", "Fn"), ("--function-id", "Fn"), ("orders-list",), ("-f", "orders-list"), ("Fn", "-f", "Fn")],
    ids=" ".join,
)
def test_a_function_is_named_by_position_or_option_by_logical_id_or_name(
    args: tuple[str, ...], project: Callable[..., Project]
) -> None:
    files = python("def handler(event, context): return context.function_name", FunctionName="orders-list")
    assert project(files).invoke(*args).succeeded().payload == "orders-list"


def test_an_event_is_a_file_standard_input_or_the_json_itself(project: Callable[..., Project]) -> None:
    files = {
        **python("def handler(event, context): return event"),
        "events/get.json": b"\xef\xbb\xbf" + '{"id": "é"}'.encode(),
    }
    echo = project(files)
    assert echo.run("invoke", "Fn", "--event", "events/get.json").succeeded().payload == {"id": "é"}
    assert echo.run("invoke", "Fn", "--event", "-", stdin=b"[1, 2]").succeeded().payload == [1, 2]
    assert echo.run("invoke", "Fn", "--event", ' {"id": 1}').succeeded().payload == {"id": 1}
    assert echo.run("invoke", "Fn").succeeded().payload == {}


def test_an_event_of_lambdas_largest_size_arrives_whole(project: Callable[..., Project]) -> None:
    text = "x" * (6_291_456 - 2)
    sizes = project(python("def handler(event, context): return len(event)", MemorySize=512))
    assert sizes.run("invoke", "Fn", "--event", "-", stdin=json.dumps(text).encode()).succeeded().payload == len(text)


def test_flags_win_over_variables_and_these_over_the_file(project: Callable[..., Project]) -> None:
    configured = '[default.samlocal.parameters]\noutput = "json"\n'
    settings = project({**python("def handler(event, context): return 1"), "samconfig.toml": configured})
    assert settings.invoke("Fn").succeeded().payload["payload"] == 1
    assert settings.invoke("Fn", environ={"SAMLOCAL_OUTPUT": "text"}).succeeded().payload == 1
    given = settings.invoke("Fn", "--output", "json", environ={"SAMLOCAL_OUTPUT": "text"})
    assert given.succeeded().payload["payload"] == 1


def test_without_an_environment_placeholders_are_named_in_one_line(project: Callable[..., Project]) -> None:
    variables = {"TABLE": {"Ref": "Orders"}, "ARN": {"Fn::GetAtt": ["Orders", "Arn"]}}
    files = {
        "template.json": template(
            Fn=function(Environment={"Variables": variables}), Orders={"Type": "AWS::DynamoDB::Table"}
        ),
        "code/app.py": "import os\ndef handler(event, context): return [os.environ['TABLE'], os.environ['ARN']]\n",
    }
    outcome = project(files).invoke("Fn").succeeded()
    name, arn = outcome.payload
    assert re.fullmatch(rf"arn:aws:dynamodb:us-east-1:\d{{12}}:table/{re.escape(name)}", arn)
    (told,) = [line for line in outcome.lines if "placeholder" in line]
    assert "Orders" in told
