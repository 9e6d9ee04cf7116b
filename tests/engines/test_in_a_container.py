"""samlocal in a container of the engine that it asks, as in a dev container with the engine's socket mounted."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sysconfig
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import STAND_INS, eventually, python, save, write
from second_engine import SecondEngine

import samlocal

pytestmark = pytest.mark.docker

DEV_CONTAINER = Path(__file__).parents[2] / ".devcontainer/devcontainer.json"

SEES = """
import os
def handler(event, context):
    return {"version": VERSION, "api": os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")[0]}
VERSION = 1
"""


class DevContainer:
    """A container with samlocal, a project at /workspace, and the engine's socket at a place of its own."""

    def __init__(self, engine: SecondEngine) -> None:
        self._engine = engine
        # Where the engine sees it, under another path than the container.
        self._folder = engine.folder / f"dev-{uuid.uuid4().hex[:8]}"
        self.project = self._folder / "project"
        source = Path(samlocal.__file__).parent
        shutil.copytree(source, self._folder / "source/samlocal", ignore=shutil.ignore_patterns("__pycache__"))
        self.name = self._folder.name

    def start(self, *options: str, socket: str = "/run/engine.sock") -> None:
        mounts = {
            f"{self._engine.folder}/socket": socket,
            str(self.project): "/workspace",
            str(self._folder / "source"): "/samlocal",
            sysconfig.get_paths()["purelib"]: "/packages",
        }
        self._docker(
            *("run", "--detach", "--name", self.name, "--workdir", "/workspace", "--entrypoint", "sleep"),
            *(f"--volume={source}:{target}" for source, target in mounts.items()),
            *(f"--env=DOCKER_HOST=unix://{socket}", "--env=PYTHONPATH=/samlocal:/packages"),
            *("--env=SAMLOCAL_CACHE_DIR=/cache", *options, STAND_INS[0], "infinity"),
        )

    def samlocal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self._command, "exec", self.name, "python3", "-P", "-m", "samlocal", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    @contextlib.contextmanager
    def running(self, *arguments: str) -> Iterator[Path]:
        """samlocal at work, and the file that has what it writes."""
        said = self._folder / "said"
        with said.open("wb") as file:
            # It ends with the container.
            command = [*self._command, "exec", self.name, "python3", "-P", "-m", "samlocal", *arguments]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield said
        finally:
            process.kill()
            process.wait()

    def remove(self) -> None:
        self._docker("rm", "--force", self.name)
        shutil.rmtree(self._folder)

    @property
    def _command(self) -> list[str]:
        return ["docker", "--host", self._engine.host]

    def _docker(self, *arguments: str) -> None:
        subprocess.run([*self._command, *arguments], check=True, capture_output=True)


@pytest.fixture
def dev(elsewhere: SecondEngine) -> Iterator[DevContainer]:
    container = DevContainer(elsewhere)
    try:
        for name, content in python(SEES).items():
            write(container.project / name, content)
        yield container
    finally:
        container.remove()


def test_a_dev_container_mounts_its_folders_as_the_engine_has_them(
    dev: DevContainer, elsewhere: SecondEngine
) -> None:
    dev.start()
    first = dev.samlocal("invoke", "Fn")
    assert first.returncode == 0, first.stderr
    with elsewhere.client() as client:
        own = client.inspect_container(dev.name)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    made = elsewhere.trees()
    # samlocal listens at the container's address, which functions on its network reach.
    assert json.loads(first.stdout) == {"version": 1, "api": own}
    with dev.running("watch", "Fn", "--event", "{}") as said:
        eventually(lambda: '"version": 1' in said.read_text(), told=said.read_text)
        save(dev.project / "code/app.py", SEES.replace("VERSION = 1", "VERSION = 2").encode())
        eventually(lambda: '"version": 2' in said.read_text(), told=said.read_text)
    assert elsewhere.trees() == made
    said = dev.samlocal("doctor").stdout
    assert "samlocal runs in a container of the engine's" in said
    assert "/workspace" in said
    assert f"reaches {own}" in said


def test_a_dev_container_on_a_network_of_its_own_has_its_functions_there(
    dev: DevContainer, elsewhere: SecondEngine
) -> None:
    elsewhere.network("compose", subnet="10.231.40.0/24")
    mount = re.search(r"source=/var/run/docker.sock,target=([^,]+),type=bind", DEV_CONTAINER.read_text())
    assert mount
    dev.start("--network=compose", socket=mount[1])
    ran = dev.samlocal("invoke", "Fn")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["api"].startswith("10.231.40.")
