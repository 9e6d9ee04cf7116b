"""Twenty tests of the sample's functions, by samlocal's pytest plugin and through `sam local start-lambda`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import docker
import engine
import sam_cli
from comparison import Command, Spread, in_turn, spread
from contenders import ROOT, Contenders
from serving import free_port

PYTEST = "pytest"
"""Beside samlocal in its virtual environment."""

_TESTS = ROOT / "bench" / "plugin_tests"
_TEMPLATE = "templates/template.yaml"
_PASSED = "20 passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """From pytest's start to its end, in s."""

    what: str
    seconds: Spread


def measure_plugin(
    contenders: Contenders, client: docker.APIClient, image: str, *, rounds: int, tell: Callable[[str], None]
) -> list[Row]:
    """``image`` is what samlocal runs the functions in. Raises CommandFailedError where a test fails."""
    engine.tag_for_sam_cli(client, image)
    compared = {
        "samlocal's plugin, the first time": _by_samlocal(contenders, empty=True),
        "samlocal's plugin": _by_samlocal(contenders, empty=False),
        "`sam local start-lambda`": _by_sam(contenders),
        "`sam local start-lambda --warm-containers LAZY`": _by_sam(contenders, "--warm-containers", "LAZY"),
    }
    found = in_turn(list(compared.values()), name="plugin", rounds=rounds, tell=tell)
    return [
        Row(what=what, seconds=spread([one / 1000 for one in times]))
        for what, times in zip(compared, found, strict=True)
    ]


def table(rows: Sequence[Row]) -> str:
    head = ("| 20 tests, from pytest's start to its end | s |", "| --- | --- |")
    return "\n".join((*head, *(f"| {row.what} | {row.seconds.text(1)} |" for row in rows)))


def _by_samlocal(contenders: Contenders, *, empty: bool) -> Command:
    """With nothing kept from a run before where ``empty``."""
    program = str(contenders.ours.with_name("python"))
    code = "import shutil, sys, pytest; shutil.rmtree(sys.argv[1], True); sys.exit(pytest.main(sys.argv[2:]))"
    forgotten = contenders.scratch / "plugin-first"
    cache = forgotten if empty else contenders.scratch / "plugin"
    gone = forgotten if empty else contenders.scratch / "nothing"
    return Command(
        shown="pytest, samlocal's plugin",
        arguments=(program, "-c", code, str(gone), "-q", str(_TESTS)),
        expected=_PASSED,
        environ={**contenders.environ, "SAMLOCAL_CACHE_DIR": str(cache)},
        folder=ROOT,
    )


def _by_sam(contenders: Contenders, *more: str) -> Command:
    program = str(contenders.ours.with_name("python"))
    options = ["--port", str(free_port()), *sam_cli.invoke_options(contenders.scratch), *more]
    command = [str(contenders.sam), "local", "start-lambda", "-t", _TEMPLATE, *options]
    return Command(
        shown="pytest, sam local start-lambda",
        arguments=(program, "-m", "pytest", "-q", str(_TESTS)),
        expected=_PASSED,
        environ={**contenders.environ, "BENCH_SAM": json.dumps(command)},
        folder=ROOT,
    )
