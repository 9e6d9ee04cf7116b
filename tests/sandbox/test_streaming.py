"""Streamed responses reach standard output as they are written."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from kit import Project, node

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SOURCE = """
const later = (ms) => new Promise((done) => setTimeout(done, ms));
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first\\n");
  await later(event.pause);
  stream.write("second\\n");
  if (event.fails) throw new RangeError("half\\nway");
  stream.end();
});
"""


def test_parts_arrive_as_they_are_written(project: Callable[..., Project]) -> None:
    with project(node(SOURCE, Timeout=10)).start("invoke", "Fn", "--event", '{"pause": 3000}') as running:
        assert running.read() == b"first\n"
        first = time.monotonic()
        outcome = running.outcome().succeeded()
    assert time.monotonic() - first > 2
    assert outcome.stdout == b"second\n"
    assert outcome.report_number("Duration") >= 3000


def test_an_error_half_way_is_a_failure_with_its_payload(project: Callable[..., Project]) -> None:
    failing = project(node(SOURCE))
    outcome = failing.invoke("Fn", event={"pause": 100, "fails": True}).ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.stdout.startswith(b"first\nsecond\n")
    assert b'"errorType":"RangeError"' in outcome.stdout
    assert outcome.report["Error Type"] == "RangeError"
    shown = failing.invoke("Fn", "--output", "json", event={"pause": 1, "fails": True})
    assert shown.ended(ExitStatus.FUNCTION_FAILED).payload["payload"]["errorMessage"] == "half\nway"


def test_a_streamed_response_may_be_larger_than_6_mb(project: Callable[..., Project]) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let part = 0; part < 20; part++)
    if (!stream.write("x".repeat(1 << 20))) await new Promise((done) => stream.once("drain", done));
  stream.end();
});"""
    outcome = project(node(source, Timeout=30, MemorySize=512)).invoke("Fn").succeeded()
    assert outcome.stdout == b"x" * (20 << 20)
