"""An engine behind ssh, reached by the user's own ssh program."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, eventually, python, save
from second_engine import SecondEngine
from ssh_machine import SshMachine

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SLEEPS = """
import time
def handler(event, context):
    print("asleep", flush=True)
    time.sleep(event)
    return 1
"""


def tunnels(machine: SshMachine) -> list[int]:
    """The ssh programs that lead there."""
    config = os.fsencode(machine.programs.parent / "config")
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if config in process.read_bytes().split(b"\0"):
                found.append(int(process.parent.name))
        except OSError:
            continue
    return found


def test_functions_run_on_an_engine_behind_ssh_and_no_ssh_outlives_samlocal(
    project: Callable[..., Project], elsewhere: SecondEngine, far: SshMachine
) -> None:
    own = far.project(project(python(SLEEPS)), socket=f"{elsewhere.folder}/socket")
    told = {finding["subject"]: finding for finding in own.run("doctor", "--output", "json").payload}
    assert told["engine"]["text"].endswith(f"at ssh://far{elsewhere.folder}/socket")
    assert "by a relay" in told["way back"]["text"]
    assert not tunnels(far)
    # However it ends.
    with own.start("invoke", "Fn", "--event", "50") as running:
        running.has_logged("asleep")
        assert tunnels(far)
        running.signalled(signal.SIGKILL)
        eventually(lambda: not tunnels(far))
    # The next run clears up.
    own.invoke("Fn", event=0).succeeded()
    with elsewhere.client() as client:
        eventually(lambda: not client.containers(all=True, filters={"label": "samlocal"}))


def test_a_command_that_stays_goes_on_when_the_machine_is_back(
    project: Callable[..., Project], elsewhere: SecondEngine, far: SshMachine
) -> None:
    own = far.project(project(python(SLEEPS)), socket=f"{elsewhere.folder}/socket")
    with own.start("watch", "Fn", "--event", "0") as running:
        running.prints(b"1")
        for process in tunnels(far):
            os.kill(process, signal.SIGKILL)
        save(own.folder / "code/app.py", SLEEPS.replace("return 1", "return 2").encode())
        running.prints(b"2")
        running.signalled(signal.SIGINT).outcome()


def test_a_machine_that_ssh_does_not_reach_is_said_in_its_own_words(
    project: Callable[..., Project], far: SshMachine
) -> None:
    own = far.project(project(python(SLEEPS)), socket="/nowhere/docker.sock")
    refused = own.invoke("Fn", event=0).ended(ExitStatus.DOCKER)
    assert "No Docker engine answers at ssh://far/nowhere/docker.sock" in refused.stderr
    refused = own.invoke("Fn", event=0, environ={"DOCKER_HOST": "ssh://nobody@far"}).ended(ExitStatus.DOCKER)
    assert "ssh://nobody@far cannot be reached: nobody@127.0.0.1: Permission denied" in refused.stderr
