"""What the environment on this machine sends to functions: as its process has it, and as a function gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import kit
from aws_client import aws_client
from up_kit import TELL

from samlocal.local.invocation import Answered, Invocation
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer

REGION = "us-east-1"
ACCOUNT = "123456789012"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def client(server: LocalServer, service: str) -> Any:
    return aws_client(service, server.url, region=REGION)


class Sent:
    """Takes what is for functions, in place of ``samlocal up``."""

    def __init__(self, server: LocalServer) -> None:
        self.runner = Runner(server)
        self.all()

    def all(self) -> list[Invocation]:
        """What waits now; it counts as run."""
        found: list[Invocation] = []
        while some := self.runner.fetch(wait=0).invocations:
            found += some
            for each in some:
                self.runner.over(each.id, Answered())
        return found

    def to(self, name: str) -> list[Any]:
        """The events of one function."""
        return [json.loads(each.payload) for each in self.all() if each.function == function_arn(name)]


def shape(value: Any) -> Any:
    """Keys and types alone."""
    match value:
        case dict():
            return {key: shape(each) for key, each in value.items()}
        case list():
            return [shape(each) for each in value]
    return type(value).__name__


def generated(service: str, kind: str, **given: Sequence[Any]) -> Any:
    """An event as ``samlocal event generate`` makes it, whose files cite AWS's documentation and recorded events."""
    from random import Random

    from samlocal.events.catalog import kinds
    from samlocal.events.generation import Link, generate

    made = kinds(service)[kind]
    flags = {name.replace("_", "-"): value for name, value in given.items()}
    return generate([Link(kind=made, given=flags)], Random(1), now=1_767_225_600.0)


TELLER = (
    TELL
    + """
def handler(event, context):
    print("got", json.dumps(event)[:200])
    tell(json.dumps(event))
    if isinstance(event, dict) and event.get("fails"):
        raise ValueError("as it was told")
    return {"heard": event}
"""
)
"""Tells the queue ``DONE`` of its event, and answers with it."""


def teller(**properties: Any) -> dict[str, Any]:
    return kit.function(Environment={"Variables": {"DONE": {"Ref": "Done"}}}, Timeout=20, **properties)


def named(every: Iterator[str] | Sequence[str], part: str) -> str:
    """The one that a stack has named so."""
    (found,) = (each for each in every if part.lower() in each.lower())
    return found
