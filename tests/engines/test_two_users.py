"""Two users of one machine and one engine: each has their own, and neither is in the other's way."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine_users import ROOT, shown
from kit import Docker, Project, make_project, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

# Nobody here has this number.
_USER = 54_321
FILES = python("def handler(event, context):\n    return event\n")


def launcher(*groups: int) -> tuple[str, ...]:
    """A program of the user's, who is in these groups alone."""
    # For what is shown, as on a machine of its own.
    steps = ["mount -t tmpfs none /mnt", *shown(ROOT, Path(sys.prefix), Path(sys.base_prefix), hidden=Path("/mnt"))]
    ids = (f"--reuid={_USER}", f"--regid={_USER}")
    within = (f"--groups={','.join(map(str, groups))}",) if groups else ("--clear-groups",)
    entered = ("unshare", "--mount", "sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh")
    return (*entered, "setpriv", *ids, *within, "--")


@pytest.fixture
def other(docker: Docker) -> Iterator[Project]:
    """A project of the other user's, who may use the engine."""
    engine = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
    if os.geteuid() != 0 or not engine.is_socket():
        pytest.skip("it takes root, and an engine of this machine's")
    # In reach of every user.
    root = Path(tempfile.mkdtemp(prefix="samlocal-user-", dir="/dev/shm"))
    root.chmod(0o755)
    try:
        made = make_project(root, FILES)
        for each in (root, *root.rglob("*")):
            os.chown(each, _USER, _USER)
        yield replace(made, launcher=launcher(engine.stat().st_gid))
    finally:
        docker.remove_all(made)
        shutil.rmtree(root)


def test_two_users_of_one_engine_keep_their_own_and_are_told_what_is_not_theirs(
    other: Project, project: Callable[..., Project], docker: Docker
) -> None:
    own = project(FILES)
    for each in (own, other):
        each.run("invoke", "Fn", "--keep", "10m").succeeded()
    # Each sweeps up at its start, and what the other keeps is nothing that was left.
    for each in (own, other):
        again = each.run("invoke", "Fn", "--keep").succeeded()
        assert "Init Duration" not in again.stderr
        assert len(docker.containers(each)) == 1
    # The folder is the first user's alone.
    refused = other.run("invoke", "Fn", environ={"SAMLOCAL_CACHE_DIR": str(own.cache)})
    assert "Permission denied" in refused.ended(ExitStatus.CONFIGURATION).stderr
    assert "SAMLOCAL_CACHE_DIR" in refused.stderr
    stranger = replace(other, launcher=launcher()).run("invoke", "Fn").ended(ExitStatus.DOCKER)
    assert "join its group" in stranger.stderr
    for each in (own, other):
        each.run("kept", "--stop").succeeded()
        docker.nothing_left(each)
