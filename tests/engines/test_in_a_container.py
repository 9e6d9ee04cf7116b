"""samlocal in a container of the engine that it asks, as in a dev container with the engine's socket mounted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dev_container import dev_container
from kit import python
from second_engine import SecondEngine

pytestmark = pytest.mark.docker

DEV_CONTAINER = Path(__file__).parents[2] / ".devcontainer/devcontainer.json"

SEES = """
import os
def handler(event, context):
    return os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")[0]
"""


def test_a_dev_container_mounts_its_folders_as_the_engine_has_them(elsewhere: SecondEngine) -> None:
    with dev_container(elsewhere) as dev:
        made = dev.project(python(SEES))
        before = elsewhere.trees()
        first = made.invoke("Fn").succeeded()
        with elsewhere.client() as client:
            own = client.inspect_container(dev.name)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        # samlocal listens at the container's address, which functions on its network reach.
        assert first.payload == own
        # Its own files alone lie where the engine does not see them.
        assert len(elsewhere.trees() - before) <= 1
        said = made.run("doctor").stdout.decode()
        assert "samlocal runs in a container of the engine's" in said
        assert "/workspaces" in said
        assert f"reaches {own}" in said


def test_a_dev_container_on_a_network_of_its_own_has_its_functions_there(elsewhere: SecondEngine) -> None:
    elsewhere.network("compose", subnet="10.231.40.0/24")
    mount = re.search(r"source=/var/run/docker.sock,target=([^,]+),type=bind", DEV_CONTAINER.read_text())
    assert mount
    with dev_container(elsewhere, "--network=compose", socket=mount[1]) as dev:
        assert dev.project(python(SEES)).invoke("Fn").succeeded().payload.startswith("10.231.40.")
