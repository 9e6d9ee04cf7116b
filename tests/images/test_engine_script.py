"""How an engine is started where none runs: in a machine of its own, which ends with all that it has started."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# As a new machine has them: no data, no sockets, no pid files, and none of this machine's processes in sight. The
# first process ends the others with it.
MACHINE = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--")
EMPTY = "for folder in /run /var/lib/docker /var/log; do mkdir -p $folder; mount -t tmpfs none $folder; done\n"


def run(script: str) -> subprocess.CompletedProcess[str]:
    needed = ("dockerd", "docker", "unshare", "apt-get")
    if os.geteuid() != 0 or not all(map(shutil.which, needed)) or os.environ.get("DOCKER_HOST"):
        pytest.skip(f"starting an engine needs root and {', '.join(needed)}")
    return subprocess.run(
        [*MACHINE, "bash", "-euc", EMPTY + script],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_engine_that_is_installed_is_started_and_used_again() -> None:
    done = run("images/engine.sh\nimages/engine.sh\ndocker info --format 'containers={{.Containers}}'\n")
    assert done.returncode == 0, done.stderr
    assert "containers=0" in done.stdout
    # The second time there was nothing to do.
    assert done.stderr.count("starting dockerd") == 1


@pytest.mark.parametrize("owner", ["$$", "4194300"], ids=["given out again", "nobody's"])
def test_a_killed_engine_is_started_again_whoever_has_its_process_ids_now(owner: str) -> None:
    done = run(
        "images/engine.sh\n"
        "kill -9 $(cat /run/docker.pid) $(cat /run/docker/containerd/containerd.pid)\n"
        "while docker version >/dev/null 2>&1; do sleep 0.1; done\n"
        f"for file in /run/docker.pid /run/docker/containerd/containerd.pid; do printf %s {owner} >$file; done\n"
        "images/engine.sh\n"
        "docker info --format 'containers={{.Containers}}'\n"
    )
    assert done.returncode == 0, done.stderr
    assert "containers=0" in done.stdout
    assert done.stderr.count("starting dockerd") == 2
