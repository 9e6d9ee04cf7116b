"""The local endpoint, one for the tests of this folder, and the sample deployed to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_client import aws_client
from sample_kit import REGION, SAMPLE

from samlocal.aws import Aws
from samlocal.local.deploy import Deployment, deploy
from samlocal.local.server import LocalServer, serve
from samlocal.template.reader import read


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with serve(os.environ) as running:
        yield running


@pytest.fixture(scope="session")
def environ(server: LocalServer) -> dict[str, str]:
    return server.environment(os.environ)


@pytest.fixture
def aws(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Aws:
    # botocore reads the process's environment.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return Aws(region=REGION)


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Callable[[str], Any]:
    """boto3 itself, to ask the endpoint what is there."""

    def make(service: str) -> Any:
        return aws_client(service, server.url, region=REGION)

    return make


@pytest.fixture
def sample(aws: Aws) -> Deployment:
    """The sample as the stack ``events-test``."""
    return deploy(read(SAMPLE), stack_name="events-test", aws=aws, parameters={"Stage": "test"})
