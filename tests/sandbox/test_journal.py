"""What a sandbox's log has is records: of whom, of which invocation, from when, and how grave.

Streams and types: Lambda developer guide, "Lambda Telemetry API Event schema reference"; levels: "Log-level
filtering". What they look like as lines is the business of other tests.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from extension_kit import watched
from kit import Project, eventually, function, python, template

from samlocal.function.logging_config import LogLevel
from samlocal.sandbox.journal import Record
from samlocal.sandbox.log_format import render

pytestmark = pytest.mark.docker

BOOTSTRAP = r"""#!/bin/sh
api="http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
echo "in init"
while curl -sS --fail --dump-header /tmp/headers --output /tmp/event "$api/next"; do
  id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/headers | cut -d: -f2 | tr -d '[:space:]')
  echo "handles $id" >&2
  curl -sS --fail --output /dev/null --data-binary @/tmp/event "$api/$id/response"
  echo "has answered $id"
done
"""
PRINTS = "print('in init')\ndef handler(event, context):\n    print('in the handler')\n    return event\n"


def shown(records: list[Record]) -> list[tuple[str, str | None, str]]:
    """Stream, request id and line of what a reader sees."""
    return [(str(each.stream), each.request_id, line) for each in records if (line := render(each)) is not None]


def of_type(records: list[Record], *types: str) -> list[Record]:
    return [record for record in records if record.type in types]


def test_each_line_names_the_invocation_in_which_it_was_written(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    files = {"template.json": template(Fn=function("provided.al2023")), "code/bootstrap": BOOTSTRAP}
    running = opened(project(files))
    first = running.invoke(b"1")
    eventually(lambda: f"has answered {first.request_id}" in running.lines)
    second = running.invoke(b"2")
    running.stop()
    expected: list[tuple[str, str | None, str]] = [("function", None, "in init")]
    for invocation in (first, second):
        id_ = invocation.request_id
        expected += [
            ("platform", id_, f"START RequestId: {id_} Version: $LATEST"),
            ("function", id_, f"handles {id_}"),
            ("function", id_, f"has answered {id_}"),
            ("platform", id_, f"END RequestId: {id_}"),
            ("platform", id_, invocation.report.line()),
        ]
    # Two streams have no order between them.
    assert sorted(shown(running.records), key=str) == sorted(expected, key=str)
    assert [line for stream, _, line in shown(running.records) if stream == "platform"] == [
        line for stream, _, line in expected if stream == "platform"
    ]


def test_a_record_names_its_function_and_its_moment(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    before = datetime.datetime.now(datetime.UTC)
    running = opened(project(python(PRINTS)))
    running.invoke()
    running.stop()
    after = datetime.datetime.now(datetime.UTC)
    assert {record.function for record in running.records} == {"Fn"}
    assert all(before <= record.time <= after for record in running.records)
    # One log stream, in the form that Lambda gives its name.
    (stream,) = {record.sandbox.instance for record in running.records}
    assert stream.startswith(f"{before:%Y/%m/%d}/[$LATEST]")


def test_end_and_report_are_the_last_of_an_invocation_and_stand_before_the_next_start(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    running = opened(project(watched(PRINTS)))
    for _ in range(2):
        id_ = running.invoke().request_id
        own = [record for record in running.records if record.request_id == id_]
        assert [record.type for record in own][-2:] == ["platform.end", "platform.report"]
        assert own[0].type == "platform.start"
        assert [record.text for record in of_type(own, "function")] == ["in the handler"]
    running.stop()
    # Its extensions end after it, in no invocation.
    (shutdown,) = [record for record in running.records if record.text and '"SHUTDOWN"' in record.text]
    assert (str(shutdown.stream), shutdown.request_id) == ("extension", None)


def test_what_an_extension_does_is_told_in_its_stream_and_what_becomes_of_it_in_lambdas(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    running = opened(project(watched(PRINTS)))
    id_ = running.invoke().request_id
    eventually(lambda: len(of_type(running.records, "extension")) == 2)
    written = of_type(running.records, "extension")
    assert {str(record.stream) for record in written} == {"extension"}
    registered, event = ((json.loads(record.text)["watcher"], record.request_id) for record in written)
    assert registered == ("registered", None)
    # A line may come a moment after the end of its invocation, and is no part of it then.
    assert event in [("event", id_), ("event", None)]
    (ready,) = of_type(running.records, "platform.extension")
    assert (str(ready.stream), ready.request_id, ready.level) == ("platform", None, LogLevel.INFO)
    assert ready.fields == {"name": "watcher", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}


def test_a_crash_and_a_timeout_are_errors_of_their_invocation_before_its_end(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    source = """
import os, time
def handler(event, context):
    print("before", flush=True)
    os._exit(7) if event else time.sleep(30)
"""
    running = opened(project(python(source, Timeout=3)))
    for event, words in (
        (b"1", ["RequestId: {id} Error: Runtime exited with error: exit status 7", "Runtime.ExitError"]),
        (b"0", ["{id} Task timed out after 3.00 seconds"]),
    ):
        invocation = running.invoke(event)
        id_ = invocation.request_id
        own = [record for record in running.records if record.request_id == id_ and record.text is not None]
        start, before, *said, end, report = own
        assert [record.type for record in (start, before, end, report)] == [
            "platform.start",
            "function",
            "platform.end",
            "platform.report",
        ]
        assert {(str(record.stream), record.level) for record in said} == {("platform", LogLevel.ERROR)}
        expected = [line.replace("{id}", id_) for line in words]
        # Lambda puts the time before a timeout's.
        assert [record.text.partition("Z ")[2] or record.text for record in said] == expected
        assert report.level == LogLevel.WARN
        assert report.text == invocation.report.line()


def test_an_init_that_fails_is_told_once_outside_and_once_inside_the_invocation(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    running = opened(project(python("print('in init')\nraise ValueError('no')\n")))
    id_ = running.invoke().request_id
    assert [record.request_id for record in running.records if record.text == "in init"] == [None, id_]
    reports = of_type(running.records, "platform.initReport")
    assert [(record.request_id, record.level, record.fields["phase"]) for record in reports] == [
        (None, LogLevel.WARN, "init"),
        (id_, LogLevel.WARN, "invoke"),
    ]
    # A text log has nothing of them.
    assert [render(record) for record in reports] == [None, None]


def test_a_json_log_has_levels_and_its_records_are_all_there_whatever_is_shown(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    source = """
import json
def handler(event, context):
    print(json.dumps({"level": "DEBUG", "message": "a detail"}))
    print(json.dumps({"level": "ERROR", "message": "a fault"}))
    print("plain words")
"""
    config = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO"}
    running = opened(project(python(source, LoggingConfig=config)))
    id_ = running.invoke().request_id
    running.stop()
    assert [(record.level, render(record) is not None) for record in of_type(running.records, "function")] == [
        (LogLevel.DEBUG, False),
        (LogLevel.ERROR, True),
        (LogLevel.INFO, False),
    ]
    platform = [record for record in running.records if str(record.stream) == "platform"]
    assert [(record.type, record.request_id, record.level, render(record) is not None) for record in platform] == [
        ("platform.initStart", None, LogLevel.DEBUG, False),
        ("platform.initRuntimeDone", None, LogLevel.DEBUG, False),
        ("platform.initReport", None, LogLevel.DEBUG, False),
        ("platform.start", id_, LogLevel.INFO, True),
        ("platform.runtimeDone", id_, LogLevel.DEBUG, False),
        ("platform.end", id_, None, False),
        ("platform.report", id_, LogLevel.INFO, True),
    ]
    entry = json.loads(str(render(platform[-1])))
    assert (entry["type"], entry["record"]["requestId"]) == ("platform.report", id_)
