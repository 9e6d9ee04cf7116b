"""Events as JSON has them: UTF-8, of any length, depth and precision."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from kit import Project, node, python

from samlocal.errors import ExitStatus

ECHO = "def handler(event, context):\n    return event\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be", "latin-1"])
def test_json_is_utf_8(project: Callable[..., Project], encoding: str) -> None:
    made = project({**python(ECHO), "event.json": '{"name": "é"}'.encode(encoding)})
    by_file = made.run("invoke", "Fn", "--event", "event.json").ended(ExitStatus.EVENT)
    assert re.search(r"event\.json.*: the event is not (UTF-8|JSON)", by_file.stderr)
    made.run("invoke", "Fn", "--event", "-", stdin='{"name": "é"}'.encode(encoding)).ended(ExitStatus.EVENT)


@pytest.mark.docker
@pytest.mark.parametrize("length", [255, 256, 5000])
def test_json_on_the_command_line_may_be_longer_than_a_file_name(
    project: Callable[..., Project], length: int
) -> None:
    text = "x" * length
    assert project(python(ECHO)).invoke("Fn", event=[text, 1]).succeeded().payload == [text, 1]
    assert project(python(ECHO)).invoke("Fn", event=text).succeeded().payload == text


def test_what_is_too_long_for_a_file_name_and_no_json_is_said(project: Callable[..., Project]) -> None:
    outcome = project(python(ECHO)).run("invoke", "Fn", "--event", "x" * 5000).ended(ExitStatus.EVENT)
    assert "there is no such event file" in outcome.stderr


@pytest.mark.docker
def test_nested_lists_reach_a_runtime_that_reads_them(project: Callable[..., Project]) -> None:
    # Deeper than Python reads; V8 reads it.
    depth = 1100
    source = "exports.handler = async (e) => { let n = 0; while (Array.isArray(e)) { e = e[0]; n++ } return n }\n"
    outcome = project(node(source)).run("invoke", "Fn", "--event", "-", stdin=b"[" * depth + b"]" * depth)
    assert outcome.succeeded().payload == depth


@pytest.mark.docker
def test_a_number_keeps_all_of_its_digits(project: Callable[..., Project]) -> None:
    digits = "9" * 6000
    # JavaScript's BigInt cannot be had from JSON.parse: the raw text is what counts, and 1e6000 is Infinity there.
    source = "exports.handler = async (e) => String(e.n)\n"
    outcome = project(node(source)).run("invoke", "Fn", "--event", f'{{"n": {digits}}}')
    assert outcome.succeeded().payload == "Infinity"


@pytest.mark.docker
def test_a_deep_answer_stands_in_the_json_form_as_text(project: Callable[..., Project]) -> None:
    source = "exports.handler = async () => { let l = []; for (let i = 0; i < 1500; i++) l = [l]; return l }\n"
    outcome = project(node(source)).run("invoke", "Fn", "--output", "json").succeeded()
    assert json.loads(outcome.stdout)["payload"].count("[") == 1501
