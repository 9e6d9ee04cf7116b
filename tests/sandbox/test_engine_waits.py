"""An engine that is slow, silent or far away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Docker, Project, SlowEngine, python

from samlocal.engine import Engine
from samlocal.engine.containers import Containers

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
    assert "silent" not in project(python(HANDLER)).invoke("Fn").succeeded().stderr


@pytest.mark.docker
def test_looking_into_an_image_leaves_nothing_and_is_labelled_meanwhile(docker: Docker, tmp_path: Path) -> None:
    with SlowEngine(tmp_path / "docker.sock", request="/archive", seconds=0.5) as slow:
        engine = Engine.connect(slow.environ)
        seen: list[dict[str, str]] = []
        try:
            import threading

            asking = threading.Thread(target=lambda: engine.has_file("samlocal/lambda-python:3.11", "/bin/sh"))
            asking.start()
            assert slow.reached.wait(10)
            seen += [labels for labels in docker.all_labels() if "samlocal.probe" in labels]
            asking.join()
        finally:
            engine.close()
    assert seen
    assert all(labels["samlocal.probe"].isdigit() for labels in seen)


class _Answer:
    ok = True
    status_code = 204


class _FarClient:
    """What the SDK's client is asked for by a removal."""

    base_url, api_version, timeout = "https://far", "1.41", 60

    def __init__(self) -> None:
        self.timeouts: list[Any] = []

    def delete(self, url: str, *, params: dict[str, str], timeout: Any) -> _Answer:
        self.timeouts.append(timeout)
        return _Answer()


def test_a_removal_that_is_not_waited_for_gives_the_way_to_the_engine_its_time() -> None:
    client = _FarClient()
    assert Containers(client).remove("c", wait=False)  # type: ignore[arg-type]
    ((connecting, answer),) = client.timeouts
    assert connecting == 60
    assert answer < 0.1
