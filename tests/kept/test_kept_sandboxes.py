"""Sandboxes that stay between commands: the next event finds them warm, and nothing is left of them at their end."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from kept_kit import COUNTING, runs, sockets
from kit import Docker, Gate, Project, eventually, python, write

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

MakeProject = Callable[..., Project]


def listed(project: Project, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.run("kept", "--output", "json", *args).succeeded().payload
    return found


def test_the_next_invocation_runs_in_the_sandbox_of_the_last(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    first = project.invoke("Fn", "--keep", "-v")
    assert re.search(r"^samlocal: engine POST /v[\d.]+/containers/create: 201 in \d+ ms$", first.stderr, re.MULTILINE)
    assert runs(first) == 1
    assert "Init Duration" in first.report
    (container,) = docker.containers(project)
    second = project.invoke("Fn", "--keep")
    assert "samlocal: engine " not in second.stderr
    assert runs(second) == 2
    assert "Init Duration" not in second.report
    assert docker.containers(project) == [container]

    (kept,) = listed(project)
    assert (kept["function"], kept["state"], kept["container"]) == ("Fn", "idle", container)
    assert 500 < kept["ends"] - time.time() <= 601
    table = project.terminal("kept", columns=80, environ={"NO_COLOR": "1"}).succeeded()
    assert container in table.stderr
    assert max(map(len, table.stderr.splitlines())) <= 80

    # One that is not to stay has a sandbox of its own.
    assert runs(project.invoke("Fn")) == 1
    absent = project.run("kept", "--stop", "Other").ended(ExitStatus.KEPT)
    assert absent.lines == ["Error: Not kept: Other.", "`samlocal kept` lists those that are."]
    assert project.run("kept", "stop").ended(ExitStatus.KEPT).lines[1] == "Did you mean --stop?"
    assert [kept["function"] for kept in listed(project)] == ["Fn"]
    assert project.run("kept", "--stop", "Fn").succeeded().lines == ["samlocal: stopped: Fn."]
    assert docker.nothing_left(project)
    assert project.run("kept").succeeded().lines == ["samlocal: nothing is kept."]


def test_what_has_changed_is_said_and_runs_at_once(keeping: MakeProject) -> None:
    project = keeping({**python(COUNTING), ".env": "GIVEN=one\n"})
    assert project.invoke("Fn", "--keep").succeeded().payload == {"runs": 1, "variable": "one"}

    def after(what: str) -> dict[str, Any]:
        outcome = project.invoke("Fn", "--keep").succeeded()
        assert f"samlocal: changed since its last event: {what}; it starts anew." in outcome.lines, outcome
        payload: dict[str, Any] = outcome.payload
        return payload

    (project.folder / ".env").write_text("GIVEN=two\n")
    assert after("GIVEN") == {"runs": 1, "variable": "two"}
    (project.folder / "code" / "app.py").write_text("def handler(event, context):\n    return {'new': True}\n")
    assert after("the code") == {"new": True}
    described = json.loads((project.folder / "template.json").read_text())
    described["Resources"]["Fn"]["Properties"]["MemorySize"] = 256
    (project.folder / "template.json").write_text(json.dumps(described))
    assert after("MemorySize") == {"new": True}
    # That takes another container; the one of before is let go.
    eventually(lambda: len(listed(project)) == 1)
    # What says the same goes on: the code's file is the same one, the template is only written differently.
    (project.folder / "template.json").write_text(json.dumps(described, indent=8))
    unchanged = project.invoke("Fn", "--keep").succeeded()
    assert "Init Duration" not in unchanged.report
    assert not any("changed since" in line for line in unchanged.lines)
    # A template that is broken is as broken as for a run of its own.
    (project.folder / "template.json").write_text("{")
    broken = [project.invoke("Fn", *flags).ended(ExitStatus.TEMPLATE).stderr for flags in ((), ("--keep",))]
    assert broken[0] == broken[1]


def test_other_options_have_sandboxes_of_their_own(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING.replace("GIVEN", "AWS_REGION")))
    flags = [("--region", "eu-west-1"), ("--region", "us-west-2")]
    seen = [project.invoke("Fn", "--keep", *each).succeeded().payload for each in flags * 2]
    assert seen == [
        {"runs": 1, "variable": "eu-west-1"},
        {"runs": 1, "variable": "us-west-2"},
        {"runs": 2, "variable": "eu-west-1"},
        {"runs": 2, "variable": "us-west-2"},
    ]
    assert len(sockets(project)) == 1


def test_another_docker_context_is_another_engine(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    meta = project.home / ".docker/contexts/meta" / hashlib.sha256(b"other").hexdigest() / "meta.json"
    write(meta, {"Name": "other", "Metadata": {}, "Endpoints": {"docker": {"Host": host}}})
    environ = {"DOCKER_HOST": "", "DOCKER_CONFIG": str(project.home / ".docker")}
    assert [runs(project.invoke("Fn", "--keep", environ=environ)) for _ in range(2)] == [1, 2]
    write(project.home / ".docker/config.json", {"currentContext": "other"})
    assert [runs(project.invoke("Fn", "--keep", environ=environ)) for _ in range(2)] == [1, 2]
    # Nobody asks for that of before any more.
    eventually(lambda: len(listed(project)) == 1)


def test_two_at_once_have_a_sandbox_and_a_log_each(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    with Gate(docker) as gate:
        events = [json.dumps({"gate": [gate.host, gate.port], "name": name}) for name in "ab"]
        with (
            project.start("invoke", "Fn", "--keep", "--event", events[0]) as one,
            project.start("invoke", "Fn", "--keep", "--event", events[1]) as other,
        ):
            gate.awaits(2)
            gate.opens()
            outcomes = [one.outcome(), other.outcome()]
    # Whoever comes first starts the process, for both.
    assert len(sockets(project)) == 1
    for outcome, own, others in ((outcomes[0], "'a'", "'b'"), (outcomes[1], "'b'", "'a'")):
        assert runs(outcome) == 1
        assert own in outcome.stderr
        assert others not in outcome.stderr
        assert outcome.lines.count("loading") == 1


def test_whoever_reads_slowly_holds_up_nobody_else(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    with project.start("invoke", "Fn", "--keep", "--event", '{"text": 3000000}') as slow:
        slow.has_logged("REPORT")
        assert runs(project.invoke("Fn", "--keep")) == 2
        assert len(slow.outcome().stdout) == 3_000_003


def test_ctrl_c_ends_the_event_there_and_shows_the_last_of_its_log(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep")) == 1
    with project.start("invoke", "Fn", "--keep", "--event", '{"sleep": 30}') as running:
        running.has_logged("asleep").signalled(signal.SIGINT)
        stopped = running.outcome().ended(ExitStatus.INTERRUPTED)
    assert stopped.lines[-1] == "Stopped."
    assert docker.nothing_left(project)
    assert runs(project.invoke("Fn", "--keep")) == 1


def test_what_runs_can_be_stopped_from_elsewhere(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    with project.start("invoke", "Fn", "--keep", "--event", '{"sleep": 30}') as running:
        running.has_logged("asleep")
        assert [kept["state"] for kept in listed(project)] == ["busy"]
        assert project.run("kept", "--stop").succeeded().lines == [
            "samlocal: an event of Fn was running, and has been cut off.",
            "samlocal: stopped: Fn.",
        ]
        stopped = running.outcome().ended(ExitStatus.KEPT)
    assert "Error: The sandbox of Fn was stopped (`samlocal kept --stop`)." in stopped.lines
    assert docker.nothing_left(project)


def test_a_container_that_has_died_while_it_waited_is_replaced(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep")) == 1
    docker.remove_all(project)
    eventually(lambda: not listed(project))
    assert runs(project.invoke("Fn", "--keep")) == 1
