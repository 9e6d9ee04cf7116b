"""Statements of permission policies, and fewer of them that mean the same.

What any Allow allows and no Deny denies is allowed (IAM user guide, "Policy evaluation logic"). So statements that
differ in nothing but their actions, or in nothing but their resources, are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from samlocal.deployed.rights.policy_document import declared_statements

# `${aws:username}` is a variable in this version and plain text in the older one (IAM, "Version").
VERSION = "2012-10-17"

_Names = str | list[str] | None


class Statement(Struct, frozen=True, kw_only=True):
    """One statement without its Sid. ``condition`` is JSON in one form, empty where there is none."""

    effect: Literal["Allow", "Deny"]
    action: Literal["Action", "NotAction"]
    actions: frozenset[str]
    resource: Literal["Resource", "NotResource"]
    resources: frozenset[str]
    condition: str = ""

    def __post_init__(self) -> None:
        if self.condition and not isinstance(json.loads(self.condition), dict):
            raise ValueError("the condition of a statement is an object")

    def body(self) -> dict[str, Any]:
        condition = {"Condition": json.loads(self.condition)} if self.condition else {}
        names: dict[str, Any] = {self.action: _one_or_many(self.actions), self.resource: _one_or_many(self.resources)}
        return {"Effect": self.effect, **names, **condition}


class _Declared(Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """A statement as a document has it (IAM, "Grammar of the IAM JSON policy language")."""

    effect: Literal["Allow", "Deny"]
    sid: str = ""
    action: _Names = None
    not_action: _Names = None
    resource: _Names = None
    not_resource: _Names = None
    condition: dict[str, dict[str, Any]] | None = None


def statements(document: Mapping[str, object]) -> tuple[Statement, ...]:
    """The statements of a policy document. Raises ValueError when it is none."""
    older = document.get("Version") != VERSION
    return tuple(_statement(each, older=older) for each in declared_statements(document))


def document_text(found: Iterable[Statement]) -> str:
    """As short as JSON can be, in ASCII: a policy holds no character beyond U+00FF (STS API reference)."""
    document = {"Version": VERSION, "Statement": [statement.body() for statement in found]}
    return json.dumps(document, separators=(",", ":"))


def shortened(given: Iterable[Statement]) -> tuple[Statement, ...]:
    """Fewer statements that allow and deny exactly the same."""
    found = tuple(given)
    while True:
        fewer = _united(_united(found, "actions"), "resources")
        if len(fewer) == len(found):
            return fewer
        found = fewer


def _united(given: tuple[Statement, ...], names: Literal["actions", "resources"]) -> tuple[Statement, ...]:
    """Statements that differ in nothing but these names become one; those that say what they leave out, if equal."""
    united: dict[Statement, frozenset[str]] = {}
    for statement in given:
        includes = (statement.action, statement.resource) == ("Action", "Resource")
        rest = replace(statement, **{names: frozenset[str]()}) if includes else statement
        united[rest] = united.get(rest, frozenset()) | getattr(statement, names)
    return tuple(replace(rest, **{names: every}) for rest, every in united.items())


def _statement(value: object, *, older: bool) -> Statement:
    declared = msgspec.convert(value, _Declared)

    def written(text: Any) -> Any:
        # `${$}` is a dollar sign (IAM, "Policy variables: special characters").
        return text.replace("${", "${$}{") if older and isinstance(text, str) else text

    def sole(values: Any) -> Any:
        every = [written(each) for each in (values if isinstance(values, list) else [values])]
        return every[0] if len(every) == 1 else every

    condition = {
        operator: {key: sole(values) for key, values in keys.items()}
        for operator, keys in (declared.condition or {}).items()
    }
    return Statement(
        effect=declared.effect,
        action="NotAction" if declared.not_action else "Action",
        actions=_texts(declared.action, declared.not_action, "Action"),
        resource="NotResource" if declared.not_resource else "Resource",
        resources=frozenset(map(written, _texts(declared.resource, declared.not_resource, "Resource"))),
        condition=json.dumps(condition, sort_keys=True) if condition else "",
    )


def _texts(named: _Names, left_out: _Names, element: str) -> frozenset[str]:
    if bool(named) == bool(left_out):
        raise ValueError(f"a statement has either {element} or Not{element}")
    found = named or left_out or []
    return frozenset([found] if isinstance(found, str) else found)


def _one_or_many(texts: frozenset[str]) -> str | list[str]:
    many = sorted(texts)
    return many[0] if len(many) == 1 else many
