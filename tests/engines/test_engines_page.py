"""docs/engines.md tells of the table of engines what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import test_engines_here as rows
from bench_kit import CONTAINER, DOCKER, DOCKER_USER, FAR, PODMAN_ROOT, PODMAN_USER, SSH

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/engines.md").read_text(encoding="utf-8").partition("## What is tested, and where")[2]
COLUMNS = (DOCKER, PODMAN_ROOT, PODMAN_USER, DOCKER_USER, CONTAINER, FAR, SSH)


@pytest.mark.parametrize(
    ("row", "test"),
    [
        ("the sample", rows.test_the_sample_is_up_with_its_apis_and_its_aws_and_takes_up_what_is_saved),
        ("layer", rows.test_a_function_has_its_layer_its_extension_and_lambdas_limits),
        ("image function", rows.test_an_image_function_is_built_from_its_dockerfile),
        ("`--build`", rows.test_a_function_is_built_in_a_container_and_run),
        ("Python's", rows.test_a_python_debugger_stops_in_the_function),
        ("Node's", rows.test_a_node_debugger_stops_in_the_function),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cell_says_yes_where_the_row_has_the_engine_and_why_not_elsewhere(row: str, test: object) -> None:
    (line,) = [line for line in TABLE.splitlines() if line.startswith(f"| {row}")]
    cells = [cell.strip() for cell in line.strip("| ").split("|")][1:]
    (engines,) = [mark.args[1] for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    assert [cell == "yes" for cell in cells] == [column in engines for column in COLUMNS]
    assert all(cells)


def test_the_tests_that_it_names_are_there() -> None:
    named = set(re.findall(r"`(?:tests/)?([\w/]+\.py)`", TABLE))
    assert named
    assert not [
        name for name in named if not ((ROOT / "tests" / name).exists() or (ROOT / "tests/engines" / name).exists())
    ]
