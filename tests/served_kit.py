"""``samlocal start-lambda`` as a process, and boto3's client of it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import kit
import pytest
from kit import Running

MakeProject = Callable[..., kit.Project]


class Served:
    """A project that is served, and boto3's client of it."""

    def __init__(self, running: Running, url: str, folder: Path) -> None:
        import boto3
        import botocore.config

        self.running = running
        self.url = url
        self.folder = folder
        self.client = boto3.client(
            "lambda",
            endpoint_url=url,
            region_name="eu-west-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            # An error is to be seen as it comes.
            config=botocore.config.Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
        )

    def invoke(self, name: str = "Fn", payload: Any = None, **more: Any) -> dict[str, Any]:
        """boto3's answer, its payload read."""
        given = {} if payload is None else {"Payload": payload if isinstance(payload, bytes) else json.dumps(payload)}
        answer: dict[str, Any] = self.client.invoke(FunctionName=name, **given, **more)
        answer["Payload"] = answer["Payload"].read()
        return answer

    def result(self, *arguments: Any, **more: Any) -> Any:
        return json.loads(self.invoke(*arguments, **more)["Payload"])


@contextlib.contextmanager
def served(made: kit.Project, *args: str, environ: Mapping[str, str] | None = None) -> Iterator[Served]:
    given = {"AWS_REGION": "eu-west-1", **(environ or {})}
    with made.start("start-lambda", "--port", "0", *args, environ=given) as running:
        running.has_logged("Lambda is served at")
        found = re.search(r"Lambda is served at (http://\S+),", running.stderr())
        assert found
        own = Served(running, found[1], made.folder)
        try:
            yield own
        finally:
            own.client.close()
        running.signalled(signal.SIGTERM).outcome()


def refused(call: Callable[[], object]) -> dict[str, Any]:
    """The answer to a call that boto3 raises for."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as error:
        call()
    response: dict[str, Any] = error.value.response
    return response
