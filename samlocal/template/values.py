"""What evaluating an expression gives: a value with its origins, or what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from samlocal.template.model import Resource, is_intrinsic
from samlocal.template.reader import Map, Node, Seq

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value, or a part of it, came from, in a few words: ``stack events-test: EventsTable``."""

    text: str
    secret: bool = False
    placeholder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value and every place that had a part in it."""

    value: Json
    origins: tuple[Origin, ...] = ()

    @property
    def secret(self) -> bool:
        return any(origin.secret for origin in self.origins)

    @property
    def placeholder(self) -> bool:
        return any(origin.placeholder for origin in self.origins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A value that cannot be known: the expression, why, and what to do about it."""

    expression: str
    reason: str
    tip: str


Answer: TypeAlias = Known | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A Ref (``attribute`` is None) or a GetAtt. ``resource`` is None for what the SAM translator generates."""

    logical_id: str
    attribute: str | None
    resource: Resource | None

    @property
    def expression(self) -> str:
        return f"!GetAtt {self.logical_id}.{self.attribute}" if self.attribute else f"!Ref {self.logical_id}"


class Names(Protocol):
    """What lies outside the template."""

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        """A resource's id or attribute; ``evaluate`` gives the value of a property of the template."""

    def export(self, name: str) -> Answer:
        """An export of another stack."""

    def dynamic(self, service: str, key: str) -> Answer:
        """A dynamic reference: ``ssm``, ``ssm-secure`` or ``secretsmanager``, and what stands after it."""

    def zones(self, region: str) -> Answer:
        """The availability zones of a region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterValue:
    """A parameter's value as text; ``resolved`` where the stack has looked an SSM parameter up already.

    ``hidden`` says that there is a value, but nobody shows it: then the default is not the value either.
    """

    text: str
    origin: str
    resolved: str | None = None
    placeholder: bool = False
    hidden: bool = False


def text(value: Json) -> str:
    """A value as CloudFormation writes it into a text: ``true``, ``3``, JSON for lists and mappings."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case None:
            return ""
        case list() | dict():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def written(node: Node) -> str:
    """An expression in CloudFormation's short form on one line, for messages."""
    if isinstance(node, Map) and is_intrinsic(node):
        ((name, argument),) = node.items()
        short = "!" + name.removeprefix("Fn::")
        if name == "Fn::GetAtt" and isinstance(argument, (list, Seq)):
            return f"{short} {'.'.join(written(part) for part in argument)}"
        return f"{short} {written(argument)}"
    if isinstance(node, str):
        return node if re.fullmatch(r"[\w.:/*-]+", node) else json.dumps(node, ensure_ascii=False)
    if isinstance(node, Seq):
        return "[" + ", ".join(written(item) for item in node) + "]"
    if isinstance(node, Map):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in node.items()) + "}"
    return text(node)
