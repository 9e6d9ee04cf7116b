"""While a command that stays serves a project's functions, `invoke` runs in its pool."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kept_kit import COUNTING, runs, sockets
from kit import Docker, Gate, Project, Running, python, write

pytestmark = pytest.mark.docker

MakeProject = Callable[..., Project]

SAID = "samlocal: it runs in the pool of `samlocal start-lambda`; with --cold it does not."


@contextlib.contextmanager
def served(project: Project, *args: str) -> Iterator[Running]:
    with project.start("start-lambda", "--port", "0", *args) as running:
        running.has_logged("Ctrl-C ends it")
        yield running
        running.signalled(signal.SIGTERM).outcome()


def test_invoke_runs_in_the_pool_of_a_command_that_stays(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    with served(project) as server:
        first = project.invoke("Fn")
        assert runs(first) == 1
        assert SAID in first.lines
        assert "loading" in first.lines
        assert "Init Duration" in first.report
        second = project.invoke("Fn", "--event", '{"raises": "no"}').ended(1)
        assert second.payload["errorType"] == "ValueError"
        assert "Init Duration" not in second.report
        # The server's own log has it all, and a line for each.
        server.has_logged("Fn success")
        server.has_logged(f"{second.request_id[:8]}  ValueError")

        # What would run otherwise runs by itself: with other options, or where it is asked to.
        assert runs(project.invoke("Fn", "--cold")) == 1
        other = project.invoke("Fn", "--no-local-markers")
        assert runs(other) == 1
        assert SAID not in other.lines
        # Nothing need be kept while something stays.
        assert runs(project.invoke("Fn", "--keep")) == 3
        (name,) = sockets(project)
        assert name.startswith("start-lambda-")

        # What has just been saved is what runs.
        write(project.folder / "code" / "app.py", "def handler(event, context):\n    return {'runs': 'new'}\n")
        assert project.invoke("Fn").succeeded().payload == {"runs": "new"}
    assert sockets(project) == []
    assert docker.nothing_left(project)
    assert SAID not in project.invoke("Fn").succeeded().lines


def test_invoke_runs_in_the_sandbox_that_is_watched(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    with project.start("watch", "Fn") as watching:
        watching.has_logged("REPORT")
        outcome = project.invoke("Fn")
        assert runs(outcome) == 2
        assert "samlocal: it runs in the pool of `samlocal watch`; with --cold it does not." in outcome.lines
        watching.signalled(signal.SIGTERM).outcome()


def test_of_several_commands_the_one_that_would_run_it_the_same_does(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING.replace("GIVEN", "AWS_REGION")))
    with served(project, "--region", "eu-west-1"), served(project, "--region", "us-west-2"):
        assert len(sockets(project)) == 2
        for region in ("eu-west-1", "us-west-2") * 2:
            outcome = project.invoke("Fn", "--region", region).succeeded()
            assert outcome.payload["variable"] == region
            assert SAID in outcome.lines


def test_ctrl_c_ends_the_event_in_the_others_pool_and_leaves_the_command(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    with served(project):
        with project.start("invoke", "Fn", "--event", '{"sleep": 30}') as running:
            running.has_logged("asleep").signalled(signal.SIGINT)
            assert running.outcome().ended(130).lines[-1] == "Stopped."
        assert runs(project.invoke("Fn")) == 1


def test_a_command_that_is_ended_waits_for_the_event_of_another(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    with Gate(docker) as gate, project.start("start-lambda", "--port", "0") as server:
        server.has_logged("Ctrl-C ends it")
        event = json.dumps({"gate": [gate.host, gate.port]})
        with project.start("invoke", "Fn", "--event", event) as running:
            gate.awaits()
            server.signalled(signal.SIGINT).has_logged("ends when Fn is done")
            # Who comes now is none of those.
            assert SAID not in project.invoke("Fn").succeeded().lines
            gate.opens()
            assert runs(running.outcome()) == 1
        server.outcome().ended(130)
    assert docker.nothing_left(project)


def test_a_command_that_was_killed_is_in_nobodys_way(keeping: MakeProject, tmp_path: Path) -> None:
    project = keeping(python(COUNTING))
    with served(project) as server:
        assert runs(project.invoke("Fn")) == 1
        server.process.kill()
        server.process.wait()
    assert len(sockets(project)) == 1
    alone = project.invoke("Fn")
    assert runs(alone) == 1
    assert SAID not in alone.lines
    assert sockets(project) == []
