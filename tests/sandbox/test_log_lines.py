"""No line of a function's log is lost, and all of them come before its result."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Project, node, python

pytestmark = pytest.mark.docker

LINES = 10_000
PYTHON = f"""
def handler(event, context):
    for number in range({LINES}):
        print(f"line {{number}} " + "x" * 60)
    return "done"
"""
CONSOLE = f"""
exports.handler = async () => {{
  for (let number = 0; number < {LINES}; number++) console.log(`line ${{number}} ` + "x".repeat(60));
  return "done";
}}
"""
STDOUT = f"""
exports.handler = async () => {{
  for (let number = 0; number < {LINES}; number++) process.stdout.write(`line ${{number}} ` + "x".repeat(60) + "\\n");
  return "done";
}}
"""


@pytest.mark.parametrize(
    ("files", "runs"),
    [(python(PYTHON), 4), (node(CONSOLE), 3), (node(STDOUT), 3)],
    ids=["print in Python", "console.log in Node", "process.stdout.write in Node"],
)
def test_ten_thousand_lines_arrive_before_the_result(
    files: dict[str, object], runs: int, project: Callable[..., Project]
) -> None:
    talking = project(files)
    for _ in range(runs):
        with talking.start("invoke", "Fn", merged=True) as running:
            outcome = running.outcome().succeeded()
        *log, end, report, payload = outcome.stdout.decode().splitlines()
        # console.log puts the time, the request and the level in front.
        numbers = [int(line.partition("line ")[2].split()[0]) for line in log if line.endswith("x" * 60)]
        assert numbers == list(range(LINES))
        assert end.startswith("END RequestId: ")
        assert report.startswith("REPORT RequestId: ")
        assert payload == '"done"'


def test_lines_without_an_end_and_bytes_that_are_no_text_arrive(project: Callable[..., Project]) -> None:
    source = """
import os
def handler(event, context):
    os.write(1, b"no UTF-8: \\xff.\\n")
    os.write(2, "é without an end".encode())
"""
    lines = project(python(source)).invoke("Fn").succeeded().lines
    assert "no UTF-8: \ufffd." in lines
    assert "é without an end" in lines
