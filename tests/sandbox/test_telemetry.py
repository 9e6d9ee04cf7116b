"""The Telemetry and Logs APIs as extensions see them, in a real sandbox.

Schemas: Lambda developer guide, "Lambda Telemetry API Event schema reference" and "Lambda Logs API".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from extension_kit import ANSWER, LISTENER, said, watched, with_layer
from kit import Outcome, Project

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

EVERYTHING = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function", "extension"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243/all"},
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def reported(seen: Outcome) -> dict[str, float]:
    """The figures of the REPORT line, by the Telemetry API's names."""
    names = {
        "durationMs": "Duration",
        "billedDurationMs": "Billed Duration",
        "memorySizeMB": "Memory Size",
        "maxMemoryUsedMB": "Max Memory Used",
        "initDurationMs": "Init Duration",
    }
    return {name: seen.report_number(field) for name, field in names.items() if field in seen.report}


def telemetry(seen: Outcome) -> list[dict[str, Any]]:
    return [each["event"] for each in said(seen.lines, "watcher", "telemetry")]


def of_type(events: list[dict[str, Any]], name: str) -> Any:
    """The record of the one event of a type."""
    (record,) = [event["record"] for event in events if event["type"] == name]
    return record


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, docker: object) -> Outcome:
    """One run that most tests here look at."""
    from kit import make_project

    files = watched(
        "import time\nprint('in init')\n" + ANSWER.replace("    return", "    time.sleep(0.2)\n    return"),
        telemetry=EVERYTHING,
    )
    return make_project(tmp_path_factory.mktemp("telemetry"), files).invoke("Fn", event=[1]).succeeded()


def test_the_subscription_is_taken_and_told(seen: Outcome) -> None:
    assert said(seen.lines, "watcher", "subscribed") == [{"watcher": "subscribed", "status": 200, "body": "OK"}]
    assert of_type(telemetry(seen), "platform.telemetrySubscription") == {
        "name": "watcher",
        "state": "Subscribed",
        "types": ["platform", "function", "extension"],
    }
    assert "TELEMETRY\tName: watcher\tState: Subscribed\tTypes: [Platform, Function, Extension]" in seen.lines
    assert {each["path"] for each in said(seen.lines, "watcher", "telemetry")} == {"/all"}


def test_the_report_is_the_report_lines(seen: Outcome) -> None:
    report = of_type(telemetry(seen), "platform.report")
    assert report["metrics"] == reported(seen)
    assert set(report["metrics"]) >= {"durationMs", "billedDurationMs", "memorySizeMB", "initDurationMs"}
    assert report["requestId"] == seen.request_id
    assert report["status"] == "success"
    assert [span["name"] for span in report["spans"]] == ["extensionOverhead"]


def test_the_init_phase_is_told_to_those_who_subscribe_in_it(seen: Outcome) -> None:
    events = telemetry(seen)
    phase = {"initializationType": "on-demand", "phase": "init"}
    start = of_type(events, "platform.initStart")
    assert start.items() >= (phase | {"functionName": "Fn", "functionVersion": "$LATEST"}).items()
    assert start["instanceMaxMemory"] == 128 * 1024 * 1024
    assert of_type(events, "platform.initRuntimeDone") == phase | {"status": "success"}
    report = of_type(events, "platform.initReport")
    assert report == phase | {"metrics": report["metrics"], "status": "success"}
    assert report["metrics"] == {"durationMs": seen.report_number("Init Duration")}
    assert of_type(events, "platform.extension") == {
        "name": "watcher",
        "state": "Ready",
        "events": ["INVOKE", "SHUTDOWN"],
    }


def test_the_invocation_is_told_with_what_it_took(seen: Outcome) -> None:
    events = telemetry(seen)
    start, done = of_type(events, "platform.start"), of_type(events, "platform.runtimeDone")
    assert start["requestId"] == done["requestId"] == seen.request_id
    assert start["version"] == "$LATEST"
    assert start["tracing"] == done["tracing"]
    assert start["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert f"Parent={start['tracing']['spanId']};" in start["tracing"]["value"]
    assert done["status"] == "success"
    assert done["metrics"]["producedBytes"] == len(seen.stdout.rstrip(b"\n"))
    assert 200 <= done["metrics"]["durationMs"] <= seen.report_number("Duration")
    spans = {span["name"]: span for span in done["spans"]}
    assert list(spans) == ["responseLatency", "responseDuration", "runtimeOverhead"]
    assert spans["responseLatency"]["durationMs"] >= 200
    total = sum(span["durationMs"] for span in spans.values())
    assert total == pytest.approx(done["metrics"]["durationMs"], abs=0.01)


def test_what_function_and_extension_write_is_told_line_by_line(seen: Outcome) -> None:
    events = telemetry(seen)
    function = [event["record"] for event in events if event["type"] == "function"]
    assert function == ["in init", "a line of the function"]
    written = [event["record"] for event in events if event["type"] == "extension"]
    assert any('"watcher": "registered"' in line for line in written)


def test_events_come_in_their_order_with_their_time(seen: Outcome) -> None:
    events = telemetry(seen)
    assert all(TIME.fullmatch(event["time"]) for event in events)
    now = datetime.datetime.now(datetime.UTC)
    began = datetime.datetime.fromisoformat(events[0]["time"])
    assert now - datetime.timedelta(minutes=5) < began < now
    types = [event["type"] for event in events if event["type"].startswith("platform.")]
    # What the runtime and what the extension do in the init they do beside each other.
    first, *init, start, done, report = types
    assert first == "platform.initStart"
    assert sorted(init) == [
        "platform.extension",
        "platform.initReport",
        "platform.initRuntimeDone",
        "platform.telemetrySubscription",
    ]
    assert init.index("platform.telemetrySubscription") < init.index("platform.extension")
    assert (start, done, report) == ("platform.start", "platform.runtimeDone", "platform.report")


def test_a_handlers_error_is_told_as_lambda_does(project: Callable[..., Project]) -> None:
    source = "def handler(event, context):\n    raise ValueError('no')\n"
    failed = project(watched(source, telemetry=EVERYTHING)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    events = telemetry(failed)
    # The runtime went on: it is the function that failed.
    assert of_type(events, "platform.runtimeDone")["status"] == "success"
    report = of_type(events, "platform.report")
    assert (report["status"], report["errorType"]) == ("error", "ValueError")
    assert report["metrics"] == reported(failed)


@pytest.mark.parametrize(
    ("source", "status", "error_type"),
    [
        ("import time\ndef handler(event, context):\n    time.sleep(9)\n", "timeout", None),
        ("import os\ndef handler(event, context):\n    os._exit(1)\n", "error", "Runtime.ExitError"),
    ],
)
def test_a_runtime_that_fails_is_told_before_the_shutdown(
    source: str, status: str, error_type: str | None, project: Callable[..., Project]
) -> None:
    failing = project(watched(source, telemetry=EVERYTHING, Timeout=1 if status == "timeout" else 60))
    failed = failing.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    events = telemetry(failed)
    for name in ("platform.runtimeDone", "platform.report"):
        record = of_type(events, name)
        assert (record["status"], record.get("errorType")) == (status, error_type)
    assert of_type(events, "platform.report")["metrics"] == reported(failed)


def test_each_event_has_its_own_report(project: Callable[..., Project], opened: Callable[[Project], Any]) -> None:
    running = opened(project(watched(telemetry=EVERYTHING)))
    reports = [running.invoke().report for _ in range(3)]
    running.stop()
    told = [each["event"] for each in said(running.lines, "watcher", "telemetry")]
    records = [event["record"] for event in told if event["type"] == "platform.report"]
    assert [record["requestId"] for record in records] == [report.request_id for report in reports]
    durations = [record["metrics"]["durationMs"] for record in records]
    assert durations == [round(report.duration, 2) for report in reports]
    assert ["initDurationMs" in record["metrics"] for record in records] == [True, False, False]


def test_the_logs_api_sends_lines_over_tcp(project: Callable[..., Project]) -> None:
    source = "exports.handler = async (event) => { console.log('a line of the function'); return event; };"
    seen = project(with_layer(source, LISTENER, runtime="nodejs20.x")).invoke("Fn", event=1).succeeded()
    assert said(seen.lines, "listener", "subscribed") == [{"listener": "subscribed", "status": 200, "body": '"OK"'}]
    assert "LOGS\tName: listener\tState: Subscribed\tTypes: [Platform, Function]" in seen.lines
    events = [each["event"] for each in said(seen.lines, "listener", "log")]
    platform = {event["type"]: event["record"] for event in events if event["type"].startswith("platform.")}
    assert platform == {
        "platform.logsSubscription": {
            "name": "listener",
            "state": "Subscribed",
            "types": ["platform", "function"],
        },
        "platform.extension": {"name": "listener", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]},
        "platform.start": {"requestId": seen.request_id, "version": "$LATEST"},
        "platform.runtimeDone": {"requestId": seen.request_id, "status": "success"},
        "platform.end": {"requestId": seen.request_id},
        "platform.report": {"requestId": seen.request_id, "metrics": reported(seen)},
    }
    (line,) = [event["record"] for event in events if event["type"] == "function"]
    assert line.endswith("INFO\ta line of the function")
