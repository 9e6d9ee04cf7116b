"""Networks whose engine names no address of this machine: the default one until its first restart, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kit import STAND_INS, Project, python
from second_engine import SecondEngine, second_engine

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

API = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API'].partition(':')[0]\n"


@pytest.fixture(scope="module")
def first_start() -> Iterator[SecondEngine]:
    """An engine that has never run before."""
    with second_engine(STAND_INS[0]) as engine:
        yield engine


def test_functions_run_on_an_engine_that_has_just_been_installed(
    project: Callable[..., Project], first_start: SecondEngine
) -> None:
    outcome = first_start.project(project(python(API))).invoke("Fn").succeeded()
    # 172.17.0.0/16 is what every engine takes for its default bridge unless this network is in use.
    assert outcome.payload == "172.17.0.1"


def test_the_doctor_finds_the_way_back_on_an_engine_that_has_just_been_installed(
    project: Callable[..., Project], first_start: SecondEngine
) -> None:
    outcome = first_start.project(project(python(API))).run("doctor")
    assert "172.17.0.1" in outcome.stdout.decode()


@pytest.mark.parametrize("internal", [False, True], ids=["open", "internal"])
def test_a_network_with_a_subnet_and_no_named_gateway_has_its_bridges_address(
    project: Callable[..., Project], first_start: SecondEngine, internal: bool
) -> None:
    third = "31" if internal else "30"
    name = first_start.network(f"no-gateway-{third}", subnet=f"10.231.{third}.0/24", internal=internal)
    outcome = first_start.project(project(python(API))).invoke("Fn", "--docker-network", name).succeeded()
    assert outcome.payload == f"10.231.{third}.1"


def test_a_bridge_with_a_name_of_its_own_is_found_by_that_name(
    project: Callable[..., Project], first_start: SecondEngine
) -> None:
    named = {"com.docker.network.bridge.name": "orders0"}
    name = first_start.network("orders", subnet="10.231.32.16/28", options=named)
    outcome = first_start.project(project(python(API))).invoke("Fn", "--docker-network", name).succeeded()
    assert outcome.payload == "10.231.32.17"


def test_a_network_without_a_way_to_this_machine_is_refused_with_what_to_do(
    project: Callable[..., Project], first_start: SecondEngine
) -> None:
    refused = first_start.project(project(python(API))).invoke("Fn", "--docker-network", "none")
    refused.ended(ExitStatus.DOCKER)
    assert "none cannot reach this machine" in refused.stderr
    assert "--docker-network host" in refused.stderr
