"""A function that logs in JSON: its own lines and Lambda's, filtered by their levels.

The records are those of Lambda's developer guide: "Lambda Telemetry API Event schema reference", and its table
"System log level event mapping".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from kit import Outcome, Project, node, python

pytestmark = pytest.mark.docker

PYTHON = """
import json, logging, os
def handler(event, context):
    logging.getLogger().debug("a detail")
    logging.getLogger().info("an order", extra={"order": 7})
    logging.getLogger().warning("a doubt")
    print("plain words")
    if event.get("fail"):
        raise ValueError("no such order")
    return {name: os.environ.get(name) for name in ("AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL")}
"""
NODE = """
exports.handler = async () => {
  console.debug("a detail"); console.log("an order"); console.warn("a doubt");
  return {format: process.env.AWS_LAMBDA_LOG_FORMAT, group: process.env.AWS_LAMBDA_LOG_GROUP_NAME};
};
"""


def records(outcome: Outcome) -> list[dict[str, Any]]:
    """The lines of the log that are JSON."""
    return [json.loads(line) for line in outcome.lines if line.startswith("{")]


def platform(outcome: Outcome) -> list[str]:
    return [record["type"] for record in records(outcome) if "type" in record]


def messages(outcome: Outcome) -> list[tuple[str, str]]:
    return [(record["level"], record["message"]) for record in records(outcome) if "level" in record]


def test_lambdas_own_lines_are_records_of_its_schema(project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON, LoggingConfig={"LogFormat": "JSON"})).invoke("Fn").succeeded()
    assert platform(outcome) == ["platform.start", "platform.report"]
    start, report = (record for record in records(outcome) if "type" in record)
    for record in (start, report):
        assert set(record) == {"time", "type", "record"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
    request_id = start["record"]["requestId"]
    assert start["record"] == {"requestId": request_id, "version": "$LATEST"}
    assert report["record"]["requestId"] == request_id
    assert report["record"]["status"] == "success"
    metrics = report["record"]["metrics"]
    assert metrics["memorySizeMB"] == 128
    assert metrics["billedDurationMs"] >= metrics["durationMs"] > 0
    assert metrics["initDurationMs"] > 0
    assert not re.search(r"^(START|END|REPORT) ", outcome.stderr, re.MULTILINE)


def test_a_python_function_logs_objects_of_its_level_and_above(project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON, LoggingConfig={"LogFormat": "JSON"})).invoke("Fn").succeeded()
    assert outcome.payload == {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    assert messages(outcome) == [("INFO", "an order"), ("WARNING", "a doubt")]
    assert next(record for record in records(outcome) if record.get("message") == "an order")["order"] == 7
    assert "plain words" in outcome.lines


def test_lines_without_a_level_are_info(project: Callable[..., Project]) -> None:
    config = {"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"}
    outcome = project(python(PYTHON, LoggingConfig=config)).invoke("Fn", "--event", '{"fail": true}').ended(1)
    assert "plain words" not in outcome.stderr
    (error,) = [record for record in records(outcome) if record.get("level") == "ERROR"]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such order")


def test_the_system_level_decides_which_of_lambdas_records_there_are(project: Callable[..., Project]) -> None:
    detailed = project(python(PYTHON, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}))
    assert platform(detailed.invoke("Fn").succeeded()) == [
        "platform.initStart",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
    ]
    quiet = project(python(PYTHON, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"}))
    assert platform(quiet.invoke("Fn").succeeded()) == []
    failed = quiet.invoke("Fn", "--event", '{"fail": true}').ended(1)
    (report,) = [record["record"] for record in records(failed) if record.get("type") == "platform.report"]
    assert (report["status"], report["errorType"]) == ("error", "ValueError")


def test_a_node_function_logs_objects_into_the_group_it_names(project: Callable[..., Project]) -> None:
    config = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "LogGroup": "orders"}
    outcome = project(node(NODE, LoggingConfig=config)).invoke("Fn").succeeded()
    assert outcome.payload == {"format": "JSON", "group": "orders"}
    assert messages(outcome) == [("WARN", "a doubt")]
    assert platform(outcome) == ["platform.start", "platform.report"]


def test_a_text_log_is_as_it_was(project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON, LoggingConfig={"LogFormat": "Text"})).invoke("Fn").succeeded()
    assert outcome.payload == {"AWS_LAMBDA_LOG_FORMAT": None, "AWS_LAMBDA_LOG_LEVEL": None}
    assert outcome.report["Memory Size"] == "128 MB"
    assert records(outcome) == []
