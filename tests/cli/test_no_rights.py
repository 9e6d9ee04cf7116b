"""Files and folders that may not be read or written: each with the status of what it is, and by its name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest
from kit import Outcome, Project, function, template

from samlocal.errors import ExitStatus

PROJECT = {
    "template.json": template(
        Layer={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}},
        Fn=function(Layers=[{"Ref": "Layer"}]),
    ),
    "code/app.py": "def handler(event, context):\n    return event\n",
    "layer/data": "x",
    "events/get.json": "{}",
    ".env": "CITY=Rome\n",
    "samconfig.toml": "version = 0.1\n",
}

# Root passes over the modes of files as long as it has these capabilities.
_DROPPED = "-dac_override,-dac_read_search"
_AS_OTHERS = f"setpriv --bounding-set={_DROPPED} --inh-caps={_DROPPED} -- " if os.geteuid() == 0 else ""


def run(made: Project, command: str) -> Outcome:
    return made.shell(f"{_AS_OTHERS}'{sys.executable}' -P -m samlocal {command}")


@pytest.mark.parametrize(
    ("path", "command", "status"),
    [
        (".", "list", ExitStatus.CONFIGURATION),
        ("template.json", "list", ExitStatus.TEMPLATE),
        ("samconfig.toml", "list", ExitStatus.CONFIGURATION),
        (".env", "env Fn", ExitStatus.CONFIGURATION),
        ("code", "build Fn", ExitStatus.BUILD),
        ("events", "invoke Fn --event events", ExitStatus.EVENT),
    ],
)
def test_what_may_not_be_read_is_named(
    project: Callable[..., Project], path: str, command: str, status: ExitStatus
) -> None:
    made = project(PROJECT)
    (made.folder / path).chmod(0)
    try:
        outcome = run(made, command).ended(status)
    finally:
        (made.folder / path).chmod(0o755)
    assert "ermission denied" in outcome.stderr
    assert (path if path != "." else str(made.folder)) in outcome.stderr
    assert "right" in outcome.lines[-1]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("code", ExitStatus.CODE),
        ("code/app.py", ExitStatus.CODE),
        ("layer", ExitStatus.LAYER),
        ("layer/data", ExitStatus.LAYER),
    ],
)
def test_code_and_layers_that_may_not_be_read_are_named(
    project: Callable[..., Project], path: str, status: ExitStatus
) -> None:
    made = project(PROJECT)
    (made.folder / path).chmod(0)
    try:
        outcome = run(made, "invoke Fn").ended(status)
    finally:
        (made.folder / path).chmod(0o755)
    assert path in outcome.stderr


COMMANDS = ("invoke Fn", "build Fn", "env Fn -e local", "local stop")


@pytest.mark.docker
@pytest.mark.parametrize("mode", [0, 0o555])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_cache_that_may_not_be_used_is_named(project: Callable[..., Project], command: str, mode: int) -> None:
    made = project(PROJECT)
    made.cache.mkdir(exist_ok=True)
    made.cache.chmod(mode)
    try:
        outcome = run(made, command).ended(ExitStatus.CONFIGURATION)
    finally:
        made.cache.chmod(0o755)
    assert f"The cache folder {made.cache}" in outcome.stderr
    assert "SAMLOCAL_CACHE_DIR" in outcome.stderr


@pytest.mark.docker
@pytest.mark.parametrize("command", COMMANDS)
def test_a_cache_below_a_file_is_named(project: Callable[..., Project], command: str) -> None:
    outcome = project(PROJECT).run(*command.split(), environ={"SAMLOCAL_CACHE_DIR": "/dev/null/cache"})
    assert "The cache folder /dev/null/cache" in outcome.ended(ExitStatus.CONFIGURATION).stderr


def test_what_needs_no_cache_works_without_one(project: Callable[..., Project]) -> None:
    made = project(PROJECT)
    for command in ("list", "env Fn", "local status"):
        outcome = made.run(*command.split(), environ={"SAMLOCAL_CACHE_DIR": "/dev/null/cache"})
        outcome.ended(ExitStatus.FUNCTION_FAILED if command == "local status" else ExitStatus.SUCCESS)
