"""A container that has samlocal and its engine's socket: a dev container, a job of CI."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine_users import in_network
from kit import STAND_INS, Project, eventually, make_project
from second_engine import SecondEngine

import samlocal

_WORKSPACES = "/workspaces"
_JOINED = Path(__file__).with_name("joined.py")
# The container's own Python takes the place of the one that runs the tests.
_PYTHON = '[ -e "$0" ] || { mkdir -p "${0%/*}" && ln -s /usr/bin/python3 "$0"; }; exec sleep infinity'


class DevContainer:
    """One of an engine's. Its folders lie on the engine's disk under other paths than in the container.

    ``options`` are `docker run`'s; ``socket`` is where the engine's is mounted.
    """

    def __init__(
        self,
        engine: SecondEngine,
        *options: str,
        socket: str = "/run/engine.sock",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._engine = engine
        self._folder = Path(tempfile.mkdtemp(prefix="dev-", dir=engine.folder))
        self._environ = {"DOCKER_HOST": f"unix://{socket}"} if environ is None else environ
        (self._folder / "workspaces").mkdir()
        source = Path(samlocal.__file__).parent
        shutil.copytree(source, self._folder / "source/samlocal", ignore=shutil.ignore_patterns("__pycache__"))
        mounts = {
            f"{engine.folder}/socket": socket,
            str(self._folder / "workspaces"): _WORKSPACES,
            str(self._folder / "source"): "/samlocal",
            sysconfig.get_paths()["purelib"]: "/packages",
        }
        self._docker(
            *("run", "--detach", "--init", "--name", self.name, "--entrypoint", "sh"),
            *(f"--volume={place}:{target}" for place, target in mounts.items()),
            *(*options, STAND_INS[0], "-c", _PYTHON, sys.executable),
        )
        self._pid = int(self._docker("inspect", "--format", "{{.State.Pid}}", self.name))
        eventually(lambda: os.path.lexists(f"/proc/{self._pid}/root{sys.executable}"))

    @property
    def name(self) -> str:
        return self._folder.name

    def project(self, files: Mapping[str, Any]) -> Project:
        """A project whose commands run in the container."""
        root = Path(tempfile.mkdtemp(dir=self._folder / "workspaces"))
        environ = {
            **self._environ,
            "PYTHONPATH": "/samlocal:/packages",
            "SAMLOCAL_CACHE_DIR": "/cache",
            "HOME": "/root",
            "AWS_REGION": "eu-west-1",
        }
        made = make_project(root, files, **environ)
        folder = f"{_WORKSPACES}/{root.name}/project"
        return replace(made, launcher=(sys.executable, "-I", str(_JOINED), str(self._pid), folder))

    def network(self) -> contextlib.AbstractContextManager[None]:
        """Where this thread, and those that it starts, reach what is served on the container's loopback."""
        return in_network(self._pid)

    def remove(self) -> None:
        self._docker("rm", "--force", self.name)
        shutil.rmtree(self._folder)

    def _docker(self, *arguments: str) -> str:
        command = ["docker", "--host", self._engine.host, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def dev_container(engine: SecondEngine, *options: str, **more: Any) -> Iterator[DevContainer]:
    """A container that is there as long as the block."""
    container = DevContainer(engine, *options, **more)
    try:
        yield container
    finally:
        container.remove()
