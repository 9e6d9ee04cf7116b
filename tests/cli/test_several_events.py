"""Several events in one run: in order, in one sandbox, each with its log and its line; and what they took."""

from __future__ import annotations

import json
import signal
import statistics
from collections.abc import Callable
from typing import Any

import pytest
from kit import Docker, Outcome, Project, node, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

COUNTS = """
import os, time
runs = 0
def handler(event, context):
    global runs
    runs += 1
    match event:
        case {"sleep": seconds}:
            print("asleep", flush=True)
            time.sleep(seconds)
        case {"exit": status}:
            os._exit(status)
        case {"raises": text}:
            raise ValueError(text)
    return [runs, event]
"""


def answers(outcome: Outcome) -> list[Any]:
    """Standard output as JSON, line by line."""
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_a_folders_events_run_in_order_of_name_in_one_sandbox(project: Callable[..., Project]) -> None:
    folder = {
        "events/b.json": '{\n  "name": "b"\n}',
        "events/a.json": '"a"',
        "events/c.json/no.json": "{}",
        "events/.hidden.json": "no JSON",
        "events/notes.txt": "no JSON",
    }
    outcome = project({**python(COUNTS), **folder}).run("invoke", "Fn", "--event", "events").succeeded()
    assert outcome.stdout == b'[1, "a"]\n[2, {"name": "b"}]\n'
    # The first has had an init, the second found its sandbox warm.
    first, second = outcome.reports.values()
    assert "Init Duration" in first
    assert "Init Duration" not in second
    places = [outcome.lines.index(f"samlocal: event events/{name}.json") for name in "ab"]
    starts = [place for place, line in enumerate(outcome.lines) if line.startswith("START ")]
    assert places[0] < starts[0] < places[1] < starts[1]


def test_events_in_lines_options_and_standard_input_run_in_the_order_in_which_they_are_given(
    project: Callable[..., Project],
) -> None:
    files = {**python(COUNTS), "lines.jsonl": b'\xef\xbb\xbf"one"\r\n\r\n  {"n": 2}\n3', "four.json": "4"}
    given = ("--event", "lines.jsonl", "--event", "-", "--event", "four.json", "--event", '"five"')
    outcome = project(files).run("invoke", "Fn", *given, stdin=b'"stdin"').succeeded()
    assert answers(outcome) == [[1, "one"], [2, {"n": 2}], [3, 3], [4, "stdin"], [5, 4], [6, "five"]]
    shown = project(files).run("invoke", "Fn", *given, "--output", "json", stdin=b'"stdin"').succeeded()
    lines = answers(shown)
    names = ["lines.jsonl:1", "lines.jsonl:3", "lines.jsonl:4", "standard input", "four.json", "--event #4"]
    assert [line["event"] for line in lines] == names
    assert [line["payload"] for line in lines] == answers(outcome)
    assert [line["request_id"] for line in lines] == list(shown.reports)


def test_a_file_of_one_line_is_a_series_too(project: Callable[..., Project]) -> None:
    source = "exports.handler = awslambda.streamifyResponse(async (e, s) => { s.write('one\\n'); s.end() })\n"
    files = {**node(source), "one.jsonl": "{}\n"}
    assert project(files).run("invoke", "Fn", "--event", "one.jsonl").succeeded().stdout == b'"one\\n"\n'
    # A plain event's payload is what the function wrote.
    assert project(files).run("invoke", "Fn", "--event", "{}").succeeded().stdout == b"one\n"


def test_the_log_of_an_event_ends_before_its_line_and_both_before_the_next_start(
    project: Callable[..., Project],
) -> None:
    given = ("--event", '"first"', "--event", '{"sleep": 1}', "--event", '{"raises": "no"}')
    with project(python(COUNTS)).start("invoke", "Fn", *given, merged=True) as running:
        seen = running.outcome().ended(ExitStatus.FUNCTION_FAILED).stdout.decode().splitlines()
    kinds = ("START", "asleep", "END", "REPORT", "[1,", "[2,", '{"errorMessage":')
    first = ["START", "END", "REPORT", "[1,"]
    second = ["START", "asleep", "END", "REPORT", "[2,"]
    third = ["START", "END", "REPORT", '{"errorMessage":']
    assert [line.split()[0] for line in seen if line.startswith(kinds)] == first + second + third


def test_every_line_of_an_event_stands_in_its_own_log(project: Callable[..., Project]) -> None:
    source = "runs = 0\ndef handler(event, context):\n    global runs\n    runs += 1\n"
    source += "    for number in range(50):\n        print('run', runs, 'line', number)\n"
    runs = 150
    outcome = project(python(source)).run("invoke", "Fn", "--repeat", str(runs)).succeeded()
    seen = [line for line in outcome.lines if line.startswith(("START ", "run ", "END ", "REPORT "))]
    own = 53
    assert len(seen) == runs * own
    for run in range(runs):
        start, *lines, end, report = seen[run * own : (run + 1) * own]
        assert lines == [f"run {run + 1} line {number}" for number in range(50)]
        assert [line.split()[0] for line in (start, end, report)] == ["START", "END", "REPORT"]


def test_a_line_is_there_as_soon_as_its_event_is_over(project: Callable[..., Project]) -> None:
    given = ("--event", '"first"', "--event", '{"sleep": 30}')
    with project(python(COUNTS, Timeout=60)).start("invoke", "Fn", *given) as running:
        assert running.read() == b'[1, "first"]\n'
        running.has_logged("asleep")
        assert running.process.poll() is None


def test_after_a_crash_and_a_timeout_the_next_event_has_a_new_sandbox(
    project: Callable[..., Project], docker: Docker
) -> None:
    events = ['"a"', '{"raises": "no"}', '{"exit": 3}', '"b"', '{"sleep": 30}', '"c"', '"d"']
    made = project({**python(COUNTS, Timeout=5), "events.jsonl": "\n".join(events)})
    outcome = made.run("invoke", "Fn", "--event", "events.jsonl").ended(ExitStatus.FUNCTION_FAILED)
    a, raised, crashed, b, late, c, d = answers(outcome)
    assert [a, b, c, d] == [[1, "a"], [1, "b"], [1, "c"], [2, "d"]]
    assert (raised["errorType"], raised["errorMessage"]) == ("ValueError", "no")
    assert crashed["errorType"] == "Runtime.ExitError"
    assert late["errorType"] == "Sandbox.Timedout"
    reports = list(outcome.reports.values())
    assert ["Init Duration" in report for report in reports] == [True, False, False, True, False, True, False]
    assert [report.get("Status") for report in reports] == [None, "error", "error", None, "timeout", None, None]
    assert "3 of 7 events failed: events.jsonl:2, events.jsonl:3, events.jsonl:5." in outcome.stderr
    assert docker.nothing_left(made)


def test_a_payload_of_several_lines_is_one_line_with_every_digit(project: Callable[..., Project]) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.write('{\\r\\n  "digits": 12345678901234567890.10,\\n');
        stream.write('  "text": "two  \\\\n  lines"\\n}\\n');
        stream.end(); });"""
    outcome = project(node(source)).run("invoke", "Fn", "--event", "1", "--event", "2").succeeded()
    line = b'{"digits": 12345678901234567890.10,"text": "two  \\n  lines"}\n'
    assert outcome.stdout == line * 2


def test_what_is_no_json_stands_in_its_line_as_a_string(project: Callable[..., Project]) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.write(event); stream.end(); });"""
    texts = ["two\nlines", "NaN", ""]
    given = [argument for text in texts for argument in ("--event", json.dumps(text))]
    assert answers(project(node(source)).run("invoke", "Fn", *given).succeeded()) == texts


def test_repeat_tells_minimum_median_and_p99_in_a_last_object(project: Callable[..., Project]) -> None:
    given = ("--event", '"a"', "--event", '{"raises": "no"}', "--repeat", "4", "--output", "json")
    outcome = project(python(COUNTS)).run("invoke", "Fn", *given).ended(ExitStatus.FUNCTION_FAILED)
    *runs, last = answers(outcome)
    assert [run["event"] for run in runs] == ["--event #1"] * 4 + ["--event #2"] * 4
    assert [run["payload"] for run in runs[:4]] == [[number, "a"] for number in (1, 2, 3, 4)]
    assert [run["init_duration"] is None for run in runs] == [False] + [True] * 7
    durations = [run["duration"] for run in runs[:4]]
    figures = {"minimum": min(durations), "p99": max(durations)}
    first, second = last.pop("events")
    medians = [each.pop("median") for each in (first, last)]
    # Those in the lines are rounded themselves.
    assert medians == pytest.approx([statistics.median(durations)] * 2, abs=0.011)
    assert first == {"event": "--event #1", "runs": 4, "failed": 0, "cold_starts": 1, **figures}
    nothing = {"minimum": None, "median": None, "p99": None}
    assert second == {"event": "--event #2", "runs": 4, "failed": 4, "cold_starts": 0, **nothing}
    assert last == {"runs": 8, "failed": 4, "cold_starts": 1, **figures}


def test_of_a_hundred_runs_p99_leaves_the_longest_out(project: Callable[..., Project]) -> None:
    source = "import time\nruns = 0\ndef handler(event, context):\n    global runs\n    runs += 1\n"
    source += "    time.sleep(0.5 if runs == 50 else 0)\n    return runs\n"
    outcome = project(python(source)).run("invoke", "Fn", "--repeat", "100", "--output", "json").succeeded()
    *runs, last = answers(outcome)
    durations = sorted(run["duration"] for run in runs)
    assert [run["payload"] for run in runs] == list(range(1, 101))
    assert durations[-1] >= 500
    assert last["p99"] == durations[98]


def test_repeat_shows_its_figures_as_a_table_on_standard_error(project: Callable[..., Project]) -> None:
    outcome = project(python(COUNTS)).run("invoke", "Fn", "--event", '"a"', "--repeat", "3").succeeded()
    assert answers(outcome) == [[1, "a"], [2, "a"], [3, "a"]]
    durations = sorted(float(report["Duration"].split()[0]) for report in outcome.reports.values())
    heads, row = (line.split("  ") for line in outcome.lines if line.split()[:1] in (["Event"], ["--event"]))
    shown = dict(zip(filter(None, map(str.strip, heads)), filter(None, map(str.strip, row)), strict=True))
    lowest, middle, highest = (f"{duration:.2f} ms" for duration in durations)
    assert shown == {
        "Event": "--event",
        "Runs": "3",
        "Failed": "0",
        "Cold starts": "1",
        "Minimum": lowest,
        "Median": middle,
        "p99": highest,
    }


def test_ctrl_c_leaves_what_was_answered_and_nothing_else(project: Callable[..., Project], docker: Docker) -> None:
    made = project(python(COUNTS, Timeout=60))
    given = ("--event", '"a"', "--event", '{"sleep": 30}', "--event", '"c"', "--repeat", "2", "--output", "json")
    with made.start("invoke", "Fn", *given) as running:
        running.has_logged("asleep")
        outcome = running.signalled(signal.SIGINT).outcome().ended(ExitStatus.INTERRUPTED)
    first, second, last = answers(outcome)
    assert [first["payload"], second["payload"]] == [[1, "a"], [2, "a"]]
    assert (last["runs"], last["failed"]) == (2, 0)
    assert "Traceback" not in outcome.stderr
    assert docker.nothing_left(made)
    assert list(made.sessions.iterdir()) == []


def test_a_reader_who_has_seen_enough_ends_the_run(project: Callable[..., Project], docker: Docker) -> None:
    made = project(python(COUNTS))
    script = "samlocal invoke Fn --repeat 100000 | head -n 2; echo ${PIPESTATUS[0]}"
    outcome = made.shell(script).succeeded()
    assert outcome.stdout.decode().splitlines() == ["[1, {}]", "[2, {}]", str(int(ExitStatus.READER_GONE))]
    assert docker.nothing_left(made)


def test_events_and_repeat_come_from_the_file_and_from_variables(project: Callable[..., Project]) -> None:
    configured = '[default.samlocal.parameters]\nevent = ["a.json", "b c.json"]\nrepeat = 2\n'
    files = {**python(COUNTS), "a.json": '"a"', "b c.json": '"b c"', "samconfig.toml": configured}
    made = project(files)
    assert answers(made.run("invoke", "Fn").succeeded()) == [[1, "a"], [2, "a"], [3, "b c"], [4, "b c"]]
    named = {"SAMLOCAL_EVENT": "b c.json", "SAMLOCAL_REPEAT": "1"}
    assert made.run("invoke", "Fn", environ=named).succeeded().payload == [1, "b c"]
    written = {**named, "SAMLOCAL_EVENT": '{"a": [1, 2]}'}
    assert made.run("invoke", "Fn", environ=written).succeeded().payload == [1, {"a": [1, 2]}]
    assert made.run("invoke", "Fn", "--event", "a.json", environ=named).succeeded().payload == [1, "a"]
