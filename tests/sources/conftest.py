"""The local endpoint, one for the tests of this folder, whose queues and streams have names of their own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_client import aws_client
from queue_kit import Queue

from samlocal.aws import Aws
from samlocal.local.server import LocalServer, serve
from samlocal.sources.threads import Threads


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with serve(os.environ) as running:
        yield running


@pytest.fixture(scope="session")
def aws(server: LocalServer) -> Aws:
    return server.aws("us-east-1")


@pytest.fixture(scope="session")
def client(server: LocalServer) -> Callable[[str], Any]:
    """boto3 itself, to send and to look."""

    def make(service: str) -> Any:
        return aws_client(service, server.url)

    return make


@pytest.fixture
def queue(client: Callable[[str], Any], request: pytest.FixtureRequest) -> Callable[..., Queue]:
    sqs = client("sqs")
    made: list[Queue] = []

    def make(*, fifo: bool = False, **attributes: str) -> Queue:
        name = f"{request.node.originalname[:40]}-{uuid.uuid4().hex[:12]}" + (".fifo" if fifo else "")
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        made.append(Queue(sqs, name, **attributes))
        return made[-1]

    return make


@pytest.fixture
def threads() -> Iterator[Threads]:
    with Threads() as made:
        yield made
