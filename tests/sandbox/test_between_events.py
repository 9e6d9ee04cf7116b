"""A sandbox from one event to the next, and the order of what is seen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from event_loop import EventLoop
from extension_kit import watched
from kit import Project, SlowEngine, eventually, python

from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import Success
from samlocal.sandbox.state import Standing

pytestmark = pytest.mark.docker


def test_a_runtime_that_dies_while_it_waits_does_not_fail_the_next_event(
    project: Callable[..., Project], opened: Callable[[Project], Any], loop: EventLoop
) -> None:
    source = """
import os, threading
print('in init', flush=True)
def die():
    print('dies', flush=True)
    os._exit(1)
def handler(event, context):
    threading.Timer(0.3, die).start()
    return event
"""
    running = opened(project(python(source)))
    assert running.invoke(b"1").result == Success(payload=b"1")
    eventually(lambda: loop.call(running.sandbox.standing) is not Standing.READY)
    second = running.invoke(b"2")
    assert second.result == Success(payload=b"2")
    # It had an init of its own.
    assert second.report.init_duration is not None
    assert running.lines.count("in init") == 2


def test_what_the_init_writes_stands_before_start(project: Callable[..., Project]) -> None:
    source = """
for number in range(200):
    print('init', number)
def handler(event, context):
    print('invoked')
    print('no end', end='')
"""
    outcome = project(python(source)).invoke("Fn").succeeded()
    lines = [line for line in outcome.lines if not line.startswith("samlocal: ")]
    (start,) = [place for place, line in enumerate(lines) if line.startswith("START ")]
    assert lines[:start] == [f"init {number}" for number in range(200)]
    assert lines[start + 1 : start + 3] == ["invoked", "no end"]
    assert [line.split(" ")[0] for line in lines[start + 3 :]] == ["END", "REPORT"]


def test_what_an_event_writes_is_its_own_however_soon_the_next_one_begins(
    project: Callable[..., Project], opened: Callable[..., Any], tmp_path: Path
) -> None:
    source = """
import sys
def handler(event, context):
    print('out of', event)
    print('error of', event, file=sys.stderr)
    return event
"""
    # Its answers come before its lines, as on a busy machine.
    with SlowEngine(tmp_path / "docker.sock", request="/attach", seconds=0.05, answer=True, always=True) as slow:
        running = opened(project(python(source)), environ=slow.environ)
        ids = {str(number): running.invoke(str(number).encode()).request_id for number in range(3)}
        running.stop()
    written = [(record.request_id, record.text) for record in running.records if record.type == "function"]
    expected = [(ids[event], f"{stream} of {event}") for event in ids for stream in ("out", "error")]
    assert sorted(written) == sorted(expected)
    # Each stands between its START and its END.
    for event, request_id in ids.items():
        own = [record.type for record in running.records if record.request_id == request_id]
        assert own.index("platform.start") < own.index("function"), event
        assert own[-2:] == ["platform.end", "platform.report"], event


def test_the_payload_does_not_wait_for_the_shutdown_phase(project: Callable[..., Project]) -> None:
    with project(watched(does="stay")).start("invoke", "Fn", "--event", "1") as running:
        assert running.read() == b'{"said": 1}\n'
        answered = time.monotonic()
        # END and REPORT have been written by then, behind the function's own line.
        lines = running.stderr().splitlines()
        outcome = running.outcome().succeeded()
    # What Lambda gives external extensions to finish.
    assert time.monotonic() - answered > 0.5
    (end,) = [place for place, line in enumerate(lines) if line.startswith("END ")]
    assert lines[end + 1].startswith("REPORT ")
    assert "a line of the function" in lines[:end]
    # The log goes on to its last line.
    assert any('"SHUTDOWN"' in line for line in outcome.lines[end:])


def test_a_log_that_nobody_reads_any_more_changes_no_result(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    def gone(_: Record | Remark) -> None:
        raise BrokenPipeError

    source = "def handler(event, context):\n    print('a line')\n    return event\n"
    running = opened(project(python(source)), log=Outlet(gone))
    results = [running.invoke(payload).result for payload in (b"1", b"2")]
    assert results == [Success(payload=b"1"), Success(payload=b"2")]


def test_a_series_ends_each_log_before_its_line_also_beside_extensions(project: Callable[..., Project]) -> None:
    args = ("invoke", "Fn", "--event", "1", "--event", "2")
    with project(watched()).start(*args, merged=True) as running:
        seen = running.outcome().succeeded().stdout.decode().splitlines()
    told = [line for line in seen if re.match(r'START |a line of|END |REPORT |\{"said": \d\}', line)]
    assert [line.split()[0] for line in told] == ["START", "a", "END", "REPORT", '{"said":'] * 2
