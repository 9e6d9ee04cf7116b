"""An engine that is slow, silent or far away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError
from engine_kit import container_spec
from kit import Docker, Project, SlowEngine, python

from samlocal.engine import Engine, Tmp
from samlocal.engine.containers import Containers
from samlocal.engine.product import Product, product

HANDLER = "def handler(event, context):\n    return 1\n"


@pytest.mark.docker
def test_an_engine_that_accepts_and_stays_silent_says_so_once_and_is_waited_for(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    with SlowEngine(tmp_path / "docker.sock", request="/containers/create", seconds=6, answer=True) as engine:
        outcome = project(python(HANDLER)).invoke("Fn", environ=engine.environ).succeeded()
    (said,) = [line for line in outcome.lines if "has been silent for 5 seconds" in line]
    assert str(tmp_path / "docker.sock") in said


@pytest.mark.docker
def test_a_quick_engine_is_said_nothing_of(project: Callable[..., Project]) -> None:
    outcome = project(python(HANDLER)).invoke("Fn").succeeded()
    # On a busy machine the engine itself may be a slow one.
    assert "silent" not in outcome.stderr or outcome.seconds > 5


@pytest.mark.docker
def test_looking_into_an_image_leaves_nothing_and_is_labelled_meanwhile(docker: Docker, tmp_path: Path) -> None:
    with SlowEngine(tmp_path / "docker.sock", request="/archive", seconds=0.5) as slow:
        engine = Engine.connect(slow.environ)
        seen: list[dict[str, str]] = []
        try:
            asking = threading.Thread(target=lambda: engine.has_file("samlocal/lambda-python:3.11", "/bin/sh"))
            asking.start()
            assert slow.reached.wait(60)
            seen += [labels for labels in docker.all_labels() if "samlocal.probe" in labels]
            asking.join()
        finally:
            engine.close()
    assert seen
    assert all(labels["samlocal.probe"].isdigit() for labels in seen)


class _Answer:
    ok = True
    status_code = 204
    text = ""


class _Between(_Answer):
    """What Podman 4.3.1 says of a container whose process has just ended."""

    ok = False
    status_code = 500
    text = '{"cause":"container state improper","message":"can only kill running containers","response":500}'


class _FarClient:
    """What the SDK's client is asked for by a removal."""

    base_url, api_version, timeout = "https://far", "1.41", 60

    def __init__(self, *answers: _Answer) -> None:
        self.timeouts: list[Any] = []
        self.answers = list(answers)

    def delete(self, url: str, *, params: dict[str, str], timeout: Any) -> _Answer:
        self.timeouts.append(timeout)
        return self.answers.pop(0) if self.answers else _Answer()


def test_a_removal_that_is_not_waited_for_gives_the_way_to_the_engine_its_time() -> None:
    client = _FarClient()
    assert Containers(client, DOCKER).remove("c", wait=False)  # type: ignore[arg-type]
    ((connecting, answer),) = client.timeouts
    assert connecting == 60
    assert answer < 0.1


DOCKER = Product(name="Docker Engine", version="28.2.2")


def test_a_removal_is_heard_out_where_the_engine_gives_up_what_nobody_waits_for() -> None:
    client = _FarClient()
    podman = product({"Server": "Libpod/4.3.1 (linux)"}, owner=0)
    assert Containers(client, podman).remove("c", wait=False)  # type: ignore[arg-type]
    assert client.timeouts == [(60, 60)]


def test_a_container_that_has_just_ended_is_removed_once_its_engine_is_done_with_its_end() -> None:
    client = _FarClient(_Between(), _Between())
    assert Containers(client, DOCKER).remove("c")  # type: ignore[arg-type]
    assert len(client.timeouts) == 3


class _ClientWithoutCgroups(_FarClient):
    """An engine that cannot count processes: it says so in its answer (Docker Engine API, ContainerCreate)."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[dict[str, Any]] = []

    def create_host_config(self, **options: Any) -> dict[str, Any]:
        return options

    def create_container(self, **options: Any) -> dict[str, Any]:
        self.made.append(options["host_config"])
        limited = options["host_config"]["pids_limit"]
        warning = "Your kernel does not support pids limit capabilities. PIDs limit discarded."
        return {"Id": f"c{len(self.made)}", "Warnings": [warning] if limited else None}


def test_where_an_engine_cannot_count_processes_the_kernel_counts_the_users() -> None:
    client = _ClientWithoutCgroups()
    assert Containers(client, DOCKER).create(container_spec(processes=1024)) == "c2"  # type: ignore[arg-type]
    first, second = client.made
    assert first["pids_limit"] == 1025
    assert second["pids_limit"] is None
    limits = {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in second["ulimits"]}
    assert limits == {"nofile": (1024, 1024), "nproc": (1024, 1024)}


class _ClientWithQuotas(_ClientWithoutCgroups):
    """An engine whose disk limits volumes, or did so when it was asked."""

    def __init__(self, *, limits: bool) -> None:
        super().__init__()
        self.limits = limits

    def create_container(self, **options: Any) -> dict[str, Any]:
        made = super().create_container(**options)
        (volume,) = options["host_config"]["mounts"]
        if "DriverConfig" in volume.get("VolumeOptions", {}) and not self.limits:
            raise APIError("400", explanation="quota size requested but no quota support")
        return made


@pytest.mark.parametrize("limits", [True, False])
def test_tmp_is_limited_by_the_engines_disk_where_that_can(limits: bool) -> None:
    client = _ClientWithQuotas(limits=limits)
    Containers(client, DOCKER).create(container_spec(tmp=Tmp.LIMITED_DISK))  # type: ignore[arg-type]
    (volume,) = client.made[-1]["mounts"]
    assert volume["Target"] == "/tmp"
    driver = volume.get("VolumeOptions", {}).get("DriverConfig")
    assert driver == ({"Name": "local", "Options": {"size": "600m"}} if limits else None)
