"""Statements of permission policies, and the shortest set of them that means the same.

How statements are evaluated: IAM user guide, "Policy evaluation logic": what any Allow allows and no Deny denies.
So two statements of the same effect may become one where that one means both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

# `${aws:username}` is a variable in this version and plain text in the older one (IAM, "Version").
VERSION = "2012-10-17"


class Statement(Struct, frozen=True, kw_only=True):
    """One statement without its Sid. ``condition`` is JSON in one form, empty where there is none."""

    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    not_action: bool = False
    not_resource: bool = False
    condition: str = ""

    def __post_init__(self) -> None:
        if self.condition and not isinstance(json.loads(self.condition), dict):
            raise ValueError("the condition of a statement is an object")

    def text(self) -> str:
        body: dict[str, object] = {
            "Effect": self.effect,
            "NotAction" if self.not_action else "Action": _one_or_many(self.actions),
            "NotResource" if self.not_resource else "Resource": _one_or_many(self.resources),
        }
        if self.condition:
            body["Condition"] = json.loads(self.condition)
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def statements(document: Mapping[str, object]) -> tuple[Statement, ...]:
    """The statements of a policy document. Raises ValueError when it is none."""
    declared = document.get("Statement")
    older = document.get("Version") != VERSION
    return tuple(_statement(each, older=older) for each in (declared if isinstance(declared, list) else [declared]))


def document_text(found: Iterable[Statement]) -> str:
    return f'{{"Version":"{VERSION}","Statement":[{",".join(statement.text() for statement in found)}]}}'


def shortened(given: Iterable[Statement]) -> tuple[Statement, ...]:
    """Fewer and shorter statements that allow and deny exactly the same."""
    found = sorted({_trimmed(statement) for statement in given}, key=_order)
    while True:
        joined = _join_one(found)
        if joined is None:
            return tuple(sorted(found, key=_order))
        found = joined


def _order(statement: Statement) -> tuple[str, list[str], str]:
    return statement.effect, sorted(statement.actions), statement.text()


def _join_one(found: list[Statement]) -> list[Statement] | None:
    for index, one in enumerate(found):
        for other in found[index + 1 :]:
            joined = _joined(one, other)
            if joined is not None:
                return [*(each for each in found if each not in (one, other)), joined]
    return None


def _joined(one: Statement, other: Statement) -> Statement | None:
    """The one statement that means both, if there is one."""
    if one.effect != other.effect:
        return None
    if _covers(one, other):
        return one
    if _covers(other, one):
        return other
    if one.condition != other.condition:
        return None
    same_actions = (one.actions, one.not_action) == (other.actions, other.not_action)
    same_resources = (one.resources, one.not_resource) == (other.resources, other.not_resource)
    if same_resources and not (one.not_action or other.not_action):
        return _trimmed(replace(one, actions=one.actions | other.actions))
    if same_actions and not (one.not_resource or other.not_resource):
        return _trimmed(replace(one, resources=one.resources | other.resources))
    return None


def _covers(wide: Statement, narrow: Statement) -> bool:
    if wide.condition not in ("", narrow.condition) or True in (
        wide.not_action,
        wide.not_resource,
        narrow.not_action,
        narrow.not_resource,
    ):
        return False
    actions = all(any(_matches(pattern, action) for pattern in wide.actions) for action in narrow.actions)
    return actions and ("*" in wide.resources or narrow.resources <= wide.resources)


def _trimmed(statement: Statement) -> Statement:
    """Without the actions and resources that others of the statement contain."""
    actions: dict[str, str] = {}
    for action in sorted(statement.actions):
        actions.setdefault(action.lower(), action)
    kept = frozenset(
        action
        for key, action in actions.items()
        if not any(other != key and _matches(pattern, action) for other, pattern in actions.items())
    )
    resources = frozenset({"*"}) if "*" in statement.resources else statement.resources
    return replace(statement, actions=kept, resources=resources)


def _matches(pattern: str, action: str) -> bool:
    """Whether a pattern means every action that the other means; only a ``*`` at its end is understood."""
    pattern, action = pattern.lower(), action.lower()
    start = pattern.removesuffix("*")
    if start == pattern or "*" in start or "?" in start:
        return pattern == action
    return action.startswith(start)


def _statement(value: object, *, older: bool) -> Statement:
    if not isinstance(value, dict) or value.get("Effect") not in ("Allow", "Deny"):
        raise ValueError(f"{json.dumps(value, default=str)[:80]} is no statement")
    not_action, not_resource = "NotAction" in value, "NotResource" in value
    condition = value.get("Condition")
    return Statement(
        effect=str(value["Effect"]),
        actions=_texts(value.get("NotAction" if not_action else "Action"), "Action"),
        resources=frozenset(
            _as_written(resource, older=older)
            for resource in _texts(value.get("NotResource" if not_resource else "Resource"), "Resource")
        ),
        not_action=not_action,
        not_resource=not_resource,
        condition=_as_written(_condition(condition), older=older) if condition else "",
    )


def _as_written(text: str, *, older: bool) -> str:
    # `${$}` is a dollar sign (IAM, "Policy variables: special characters").
    return text.replace("${", "${$}{") if older else text


def _condition(condition: object) -> str:
    return json.dumps(_sole(condition), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sole(value: object) -> object:
    match value:
        case dict():
            return {str(key): _sole(item) for key, item in value.items()}
        case [only]:
            return only
    return value


def _texts(value: object, name: str) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) for item in items):
        raise ValueError(f"a statement has no {name}")
    return frozenset(str(item) for item in items)


def _one_or_many(texts: frozenset[str]) -> str | list[str]:
    many = sorted(texts)
    return many[0] if len(many) == 1 else many
