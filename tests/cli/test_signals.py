"""Signals: what is ignored stays ignored, and Ctrl-C leaves no traceback whenever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, python

from samlocal.errors import ExitStatus

SLEEPER = python("import time\ndef handler(event, context):\n    print('asleep', flush=True)\n    time.sleep(1.5)\n")


@pytest.mark.docker
@pytest.mark.parametrize("ignored", ["HUP", "INT", "TERM"])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(project: Callable[..., Project], ignored: str) -> None:
    # nohup ignores SIGHUP for its command, a shell without job control SIGINT for what it puts into the background.
    script = f"""
        trap '' {ignored}
        samlocal invoke Fn 2>log & run=$!
        until grep -q asleep log; do sleep 0.05; done
        kill -{ignored} $(pgrep -P $run || echo $run)
        wait $run
    """
    project(SLEEPER).shell(script).succeeded()


@pytest.mark.parametrize(
    "seen",
    [
        "import 'samlocal.call_frames'",
        "import 'click.core'",
        "import 'samlocal.cli.world'",
        "import 'samlocal.cli.list",
    ],
)
def test_ctrl_c_while_samlocal_is_imported_is_status_130_and_no_traceback(
    project: Callable[..., Project], seen: str
) -> None:
    made = project(SLEEPER)
    with subprocess.Popen(
        # -v tells each import on standard error.
        [sys.executable, "-P", "-v", "-m", "samlocal", "list"],
        cwd=made.folder,
        env=made.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
        # It tells little ahead of what is read.
        pipesize=4096,
        # The suite may itself run with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stderr is not None
        log = b""
        while seen.encode() not in log and (piece := process.stderr.read(1024)):
            log += piece
        os.kill(process.pid, signal.SIGINT)
        while piece := process.stderr.read(1 << 16):
            log += piece
        assert process.wait() == ExitStatus.INTERRUPTED
    assert b"Traceback (most recent call last)" not in log


def test_a_second_signal_ends_a_run_at_once_wherever_the_first_has_brought_it(tmp_path: Path) -> None:
    """It comes while the run says what it waits for, which is before it waits."""
    program = """
import asyncio, os, signal
from samlocal.cli.runs.running import run_to_its_end

def terminated(number, _):
    raise SystemExit(128 + number)

async def main():
    try:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        await asyncio.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, terminated)
run_to_its_end(main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=40, capture_output=True, check=False)
    assert done.returncode == ExitStatus.TERMINATED, done.stderr
