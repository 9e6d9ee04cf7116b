"""How a container reaches samlocal, and what is said when it cannot."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from firewall import dropping
from kit import Docker, Project, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

API = "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"


def test_the_api_listens_on_the_networks_gateway_only(project: Callable[..., Project], docker: Docker) -> None:
    host, _, _ = project(python(API)).invoke("Fn").succeeded().payload.partition(":")
    assert host == docker.gateway()


def test_on_the_hosts_network_the_api_listens_on_loopback_only(project: Callable[..., Project]) -> None:
    host, _, _ = project(python(API)).invoke("Fn", "--docker-network", "host").succeeded().payload.partition(":")
    assert host == "127.0.0.1"


def test_a_name_given_by_add_host_is_known_inside(project: Callable[..., Project]) -> None:
    source = "import socket\ndef handler(event, context):\n    return socket.gethostbyname('orders.internal')\n"
    outcome = project(python(source)).invoke("Fn", "--add-host", "orders.internal:192.0.2.7")
    assert outcome.succeeded().payload == "192.0.2.7"


def test_a_network_of_ones_own_works_too(
    project: Callable[..., Project], docker: Docker, network: tuple[str, str]
) -> None:
    name, _ = network
    host, _, _ = project(python(API)).invoke("Fn", "--docker-network", name).succeeded().payload.partition(":")
    assert host == docker.gateway(name)


def test_a_firewall_that_drops_the_way_back_is_named_and_is_no_hang(
    project: Callable[..., Project], docker: Docker, network: tuple[str, str]
) -> None:
    name, bridge = network
    walled = project(python(API, Timeout=60))
    with dropping(bridge):
        outcome = walled.invoke("Fn", "--docker-network", name).ended(ExitStatus.DOCKER)
    assert outcome.stdout == b""
    assert "firewall" in outcome.stderr
    assert f"{docker.gateway(name)}:" in outcome.stderr
    assert "--docker-network host" in outcome.stderr
    assert docker.nothing_left(walled)


@pytest.fixture
def network(docker: Docker) -> Iterator[tuple[str, str]]:
    """A network of the test's own: its name and its interface's."""
    bridge = f"slt{uuid.uuid4().hex[:8]}"
    with docker.network(bridge=bridge) as name:
        yield name, bridge
