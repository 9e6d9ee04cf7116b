"""What evaluating an expression gives: a value with its origins, or what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    # Values are known without the files that they once stood in.
    from samlocal.template.document import Node
    from samlocal.template.model import Resource

    Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
else:
    # msgspec knows no type that is made of itself.
    Json = Any


class Origin(Struct, frozen=True, kw_only=True):
    """Where a value, or a part of it, came from, in a few words: ``stack events-test: EventsTable``."""

    text: str
    secret: bool = False
    placeholder: bool = False


class Known(Struct, frozen=True, kw_only=True):
    """A value and every place that had a part in it."""

    value: Json
    origins: tuple[Origin, ...] = ()

    @property
    def secret(self) -> bool:
        return any(origin.secret for origin in self.origins)

    @property
    def placeholder(self) -> bool:
        return any(origin.placeholder for origin in self.origins)


class Unknown(Struct, frozen=True, kw_only=True):
    """A value that cannot be known: the expression, why, and what to do about it.

    ``secret`` says that it would be secret if it were known, ``circular`` that it needs itself.
    """

    expression: str
    reason: str
    tip: str
    secret: bool = False
    circular: bool = False


Answer: TypeAlias = Known | Unknown


class Reference(Struct, frozen=True, kw_only=True):
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


class ParameterValue(Struct, frozen=True, kw_only=True):
    """A parameter's value as text; ``resolved`` where the stack has looked an SSM parameter up already.

    ``hidden`` says that there is a value, but nobody shows it: then the default is not the value either; nor is it
    where ``unknown`` says why the value that a parent passes down is not known.
    """

    text: str
    origin: str
    resolved: str | None = None
    placeholder: bool = False
    hidden: bool = False
    secret: bool = False
    unknown: Unknown | None = None
    as_deployed: bool = False
    """Whether what is unknown is what the deployed parent passed down, too."""

    @property
    def known(self) -> bool:
        return not self.hidden and self.unknown is None


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


def whole_number(written: str) -> int | None:
    """The number that decimal digits of ASCII write, None for any other text; no number here has more than 18."""
    return int(written) if re.fullmatch(r"[0-9]{1,18}", written) else None
