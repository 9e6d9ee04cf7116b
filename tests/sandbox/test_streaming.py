"""Streamed responses reach standard output as they are written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from kit import Docker, Gate, Project, node

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SOURCE = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first\\n");
  if (event.port) await new Promise((done) => require("net").connect(event).resume().on("close", done));
  stream.write("second\\n");
  if (event.fails) throw new RangeError("half\\nway");
  stream.end();
});
"""


def test_parts_arrive_as_they_are_written(project: Callable[..., Project], docker: Docker) -> None:
    with Gate(docker) as gate:
        event = json.dumps({"host": gate.host, "port": gate.port})
        with project(node(SOURCE)).start("invoke", "Fn", "--event", event) as running:
            assert running.read() == b"first\n"
            # The function is still at its first part.
            gate.awaits()
            gate.opens()
            outcome = running.outcome().succeeded()
    assert outcome.stdout == b"second\n"


def test_an_error_half_way_is_a_failure_with_its_payload(project: Callable[..., Project]) -> None:
    failing = project(node(SOURCE))
    outcome = failing.invoke("Fn", event={"fails": True}).ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.stdout.startswith(b"first\nsecond\n")
    assert b'"errorType":"RangeError"' in outcome.stdout
    assert outcome.report["Error Type"] == "RangeError"
    shown = failing.invoke("Fn", "--output", "json", event={"fails": True})
    assert shown.ended(ExitStatus.FUNCTION_FAILED).payload["payload"]["errorMessage"] == "half\nway"


def test_a_streamed_response_may_be_larger_than_6_mb(project: Callable[..., Project]) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let part = 0; part < 20; part++)
    if (!stream.write("x".repeat(1 << 20))) await new Promise((done) => stream.once("drain", done));
  stream.end();
});"""
    outcome = project(node(source, Timeout=30, MemorySize=512)).invoke("Fn").succeeded()
    assert outcome.stdout == b"x" * (20 << 20)
