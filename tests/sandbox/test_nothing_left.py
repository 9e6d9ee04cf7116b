"""Whatever ends a run, nothing of it stays in Docker; after ``kill -9`` the next run clears up."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Docker, Project, SlowEngine, eventually, function, template

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

FILES = {
    "template.json": template(
        Waits=function(Timeout=60),
        WaitsInInit=function(Handler="init.handler", Timeout=60),
        Works=function(Handler="works.handler"),
    ),
    "code/app.py": "import time\ndef handler(*_):\n    print('invoked', flush=True)\n    time.sleep(60)\n",
    "code/init.py": "import time\nprint('initialising', flush=True)\ntime.sleep(60)\n",
    "code/works.py": "def handler(event, context):\n    return 'works'\n",
}


def test_nothing_is_left_after_a_success(project: Callable[..., Project], docker: Docker) -> None:
    working = project(FILES)
    working.invoke("Works").succeeded()
    assert docker.nothing_left(working)
    assert list(working.sessions.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "phase"), [("WaitsInInit", "initialising"), ("Waits", "invoked")], ids=["init", "invoke"]
)
@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, ExitStatus.INTERRUPTED),
        (signal.SIGTERM, ExitStatus.TERMINATED),
        (signal.SIGHUP, 128 + signal.SIGHUP),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_nothing_is_left_after_a_signal(
    number: signal.Signals, status: int, name: str, phase: str, project: Callable[..., Project], docker: Docker
) -> None:
    waiting = project(FILES)
    with waiting.start("invoke", name) as running:
        running.has_logged(phase)
        assert docker.containers(waiting)
        outcome = running.signalled(number).outcome().ended(status)
    assert outcome.stdout == b""
    assert "Traceback" not in outcome.stderr
    assert docker.nothing_left(waiting)
    assert list(waiting.sessions.iterdir()) == []


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("request_", ["/containers/create", "/attach", "/start"])
def test_nothing_is_left_after_ctrl_c_while_the_engine_is_at_work(
    request_: str, times: int, project: Callable[..., Project], docker: Docker, tmp_path: Path
) -> None:
    waiting = project(FILES)
    with SlowEngine(tmp_path / "docker.sock", request=request_, seconds=1) as engine:
        with waiting.start("invoke", "WaitsInInit", environ=engine.environ) as running:
            assert engine.reached.wait(60), running.stderr()
            for _ in range(times):
                running.signalled(signal.SIGINT)
                time.sleep(0.1)
            outcome = running.outcome().ended(ExitStatus.INTERRUPTED)
        # A container that is still being made comes before this moment.
        assert engine.answered.wait(60)
    assert "Traceback" not in outcome.stderr
    assert docker.nothing_left(waiting)


def test_after_kill_9_the_next_run_leaves_nothing_behind(project: Callable[..., Project], docker: Docker) -> None:
    killed = project(FILES)
    with killed.start("invoke", "Waits") as running:
        running.has_logged("invoked").signalled(signal.SIGKILL).outcome()
    (left,) = docker.containers(killed)
    labels = docker.labels(left)
    assert {"samlocal", "samlocal.session", "samlocal.owner", "samlocal.sessions"} <= set(labels)
    outcome = killed.invoke("Works").succeeded()
    assert outcome.payload == "works"
    assert "samlocal: removed 1 container of a run that was killed." in outcome.lines
    assert docker.nothing_left(killed)
    assert list(killed.sessions.iterdir()) == []


def test_a_run_leaves_the_containers_of_one_that_still_runs_alone(
    project: Callable[..., Project], docker: Docker
) -> None:
    both = project(FILES)
    with both.start("invoke", "Waits") as running:
        running.has_logged("invoked")
        both.invoke("Works").succeeded()
        eventually(lambda: len(docker.containers(both)) == 1)
        assert running.process.poll() is None
        running.signalled(signal.SIGINT).outcome()
    assert docker.nothing_left(both)


def test_emptying_the_cache_during_a_run_does_not_let_the_next_one_end_it(
    project: Callable[..., Project], docker: Docker
) -> None:
    both = project(FILES)
    with both.start("invoke", "Waits") as running:
        running.has_logged("invoked")
        (container,) = docker.containers(both)
        for path in list(both.cache.iterdir()):
            shutil.rmtree(path)
        outcome = both.invoke("Works").succeeded()
        assert "removed" not in outcome.stderr
        eventually(lambda: docker.containers(both) == [container])
        assert running.process.poll() is None
        running.signalled(signal.SIGINT).outcome()
    assert docker.nothing_left(both)


def test_runs_that_end_beside_each_other_are_not_called_killed(project: Callable[..., Project]) -> None:
    many = project(FILES)
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(many.start("invoke", "Works")) for _ in range(6)]
            for each in running:
                outcome = each.outcome().succeeded()
                assert "removed" not in outcome.stderr


def test_nothing_is_left_when_standard_output_is_closed(project: Callable[..., Project], docker: Docker) -> None:
    source = "def handler(event, context):\n    return 'x' * 1000000\n"
    piped = project(FILES | {"code/works.py": source})
    with piped.start("invoke", "Works") as running:
        assert running.process.stdout is not None
        running.process.stdout.close()
        eventually(lambda: running.process.poll() is not None)
        assert running.process.returncode != 0
        assert "Traceback" not in running.stderr()
    assert docker.nothing_left(piped)


def test_two_signals_in_the_midst_of_a_flood_of_log_end_the_run_quietly(
    project: Callable[..., Project], docker: Docker
) -> None:
    source = "def handler(*_):\n    while True:\n        print('a line of the flood')\n"
    flooding = project(FILES | {"code/works.py": source})
    for _ in range(3):
        with flooding.start("invoke", "Works") as running:
            running.has_logged("flood")
            for _ in range(2):
                running.signalled(signal.SIGTERM)
                time.sleep(0.02)
            outcome = running.outcome().ended(ExitStatus.TERMINATED)
        assert "Traceback" not in outcome.stderr
        assert docker.nothing_left(flooding)
