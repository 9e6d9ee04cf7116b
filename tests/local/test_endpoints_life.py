"""The local endpoint's process in unquiet times: interrupted, killed, stopped under a run, many of them at once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Docker, Gate, Project, eventually, function, template

FN = template(Fn=function(Timeout=30))
Local = Callable[..., Project]

# Calls an API again after it was told to, so that something can happen meanwhile.
TWICE = """
import boto3, socket
from botocore.config import Config

def handler(event, context):
    sts = boto3.client("sts", config=Config(retries={"total_max_attempts": 1}, connect_timeout=2))
    print("first", sts.get_caller_identity()["Account"], flush=True)
    socket.create_connection(event["gate"]).recv(1)
    return sts.get_caller_identity()["Account"]
"""


def home_of(project: Project) -> Path:
    (folder,) = (project.cache / "local").iterdir()
    return folder


def status(project: Project) -> dict[str, Any]:
    told: dict[str, Any] = project.run("local", "status", "--output", "json").payload
    return told


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def processes(project: Project) -> list[int]:
    """Those whose command line holds the project's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(project.cache / "local").encode() in words:
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("said", ["starting the local environment", "samlocal: deploying to the local environment"])
def test_ctrl_c_ends_a_deployment_and_the_next_run_makes_it_whole(local: Local, said: str) -> None:
    resources = {f"Table{number}": {"Type": "AWS::SQS::Queue"} for number in range(40)}
    project = local({"template.json": template(**resources)})
    if "deploying" in said:
        # Up already, so that only the deployment is left to be interrupted.
        project.run("local", "start").succeeded()
        (project.folder / "template.json").write_text(
            json.dumps(template(**resources, More={"Type": "AWS::SQS::Queue"}))
        )
        said = "have changed: deploying"
    with project.start("local", "start") as running:
        interrupted = running.has_logged(said).signalled(signal.SIGINT).outcome()
    assert interrupted.status == 130
    assert "Stopped." in interrupted.stderr
    assert "Traceback" not in interrupted.stderr

    project.run("local", "start").succeeded()
    told = status(project)
    assert told["stacks"] == ["local in us-east-1"]
    assert processes(project) == [told["pid"]]
    assert "of the stack" not in project.run("local", "start").succeeded().stderr


def calling_twice(gate: Gate) -> tuple[str, ...]:
    return ("invoke", "Fn", "-e", "local", "--event", json.dumps({"gate": [gate.host, gate.port]}))


@pytest.mark.docker
def test_an_endpoint_that_is_killed_under_a_run_is_told_with_its_log(local: Local, docker: Docker) -> None:
    project = local({"template.json": FN, "code/app.py": TWICE})
    with Gate(docker) as gate, project.start(*calling_twice(gate)) as running:
        gate.awaits()
        os.kill(status(project)["pid"], signal.SIGKILL)
        gate.opens()
        outcome = running.outcome().ended(1)
    log = home_of(project) / "server.log"
    assert f"the local environment has broken down during this run; its log is {log}." in outcome.stderr
    assert log.exists()
    # The next run is served anew.
    assert project.run("local", "start").succeeded()
    assert "has broken down" not in project.run("local", "start").stderr


@pytest.mark.docker
def test_stop_says_whose_run_loses_it_and_the_run_says_so_too(local: Local, docker: Docker) -> None:
    project = local({"template.json": FN, "code/app.py": TWICE})
    with Gate(docker) as gate, project.start(*calling_twice(gate)) as running:
        gate.awaits()
        stopped = project.run("local", "stop").succeeded()
        gate.opens()
        outcome = running.outcome().ended(1)
    assert (
        f"a run of {project.folder / 'template.json'} that still uses the local environment loses it"
        in stopped.stderr
    )
    assert "the local environment was stopped during this run." in outcome.stderr


def test_all_of_them_are_shown_and_stopped_from_anywhere(local: Local, tmp_path: Path) -> None:
    shared = {"SAMLOCAL_CACHE_DIR": str(tmp_path / "shared")}
    queue = {"template.json": template(Queue={"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "same"}})}
    one, other, nowhere = local(queue, **shared), local(queue, **shared), local({}, **shared)
    assert nowhere.run("local", "status", "--all").ended(1).stdout == b"not running\n"
    for each in (one, other):
        each.run("local", "start").succeeded()

    told = nowhere.run("local", "status", "--all", "--output", "json").succeeded().payload
    assert [each["template"] for each in told] == sorted(str(each.folder / "template.json") for each in (one, other))
    assert len({each["url"] for each in told}) == 2
    assert nowhere.run("local", "status", "--all").succeeded().stdout.count(b"stack local in us-east-1") == 2

    stopped = nowhere.run("local", "stop", "--all").succeeded()
    assert stopped.stderr.count("is stopped; its data is gone") == 2
    eventually(lambda: not any(is_running(each["pid"]) for each in told))
    assert "no local environment is up" in nowhere.run("local", "stop", "--all").succeeded().stderr


def test_a_state_file_that_is_broken_is_made_anew(local: Local) -> None:
    project = local({"template.json": template(Queue={"Type": "AWS::SQS::Queue"})})
    project.run("local", "start").succeeded()
    before = status(project)["pid"]
    for left in ("", "{", "[]", '{"version": 1, "url": 3}', '{"version": 1, "pid": "x", "url": ""}'):
        (home_of(project) / "server.json").write_text(left)
        assert status(project)["running"] is False, left
    project.run("local", "start").succeeded()
    assert status(project)["pid"] != before
    assert processes(project) == [status(project)["pid"]]


def test_a_cache_that_cannot_be_written_is_named(local: Local, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    project = local({"template.json": template(Queue={"Type": "AWS::SQS::Queue"})})
    wrong = {"SAMLOCAL_CACHE_DIR": str(tmp_path / "file" / "cache")}
    for words in (("local", "start"), ("list", "-e", "local"), ("local", "stop")):
        refused = project.run(*words, environ=wrong).ended(4)
        assert "cannot be written: " in refused.stderr
        assert "Name another with SAMLOCAL_CACHE_DIR." in refused.stderr
    assert project.run("local", "status", environ=wrong).ended(1).stdout == b"not running\n"


def test_where_moto_is_not_installed_the_way_on_is_told(local: Local, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text("import sys\nsys.modules['moto'] = None\n")
    project = local({"template.json": template(Queue={"Type": "AWS::SQS::Queue"})})
    without = {"PYTHONPATH": str(tmp_path / "without")}
    for words in (("local", "start"), ("list", "-e", "local")):
        refused = project.run(*words, environ=without).ended(4)
        assert "moto's server, which is not installed" in refused.stderr
        assert "pip install 'samlocal[local]'" in refused.stderr
    assert b"moto is not installed" in project.run("doctor", environ=without).stdout


def test_a_value_of_the_default_section_names_that_section(local: Local) -> None:
    config = '[default.deploy.parameters]\nstack_name = "x"\nparameter_overrides = "Size=huge"\n'
    sized = template(Queue={"Type": "AWS::SQS::Queue"}) | {
        "Parameters": {"Size": {"Type": "String", "AllowedValues": ["small"], "Default": "small"}}
    }
    project = local({"template.json": sized, "samconfig.toml": config})
    refused = project.run("list", "-e", "local")
    assert "samconfig.toml [default]: Size" in refused.ended(4).stderr
