"""What a source lets through to its function: an event is made that its patterns, filters and rules take."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from samlocal.event_pattern import EventPattern, PatternError, event_pattern
from samlocal.events import catalog
from samlocal.events.examples import example
from samlocal.events.kind import Kind
from samlocal.events.triggers.declarations import Declaration
from samlocal.events.triggers.item import Item, read_json
from samlocal.template.values import text

Given = dict[str, list[Any]]

_OF_EVENTBRIDGE = {
    "aws.s3 Object Created": "s3-object-created",
    "aws.s3 Object Deleted": "s3-object-deleted",
}

_KEYS: Mapping[str, Any] = {"S": "example", "N": 101}
"""A key of each type; one of bytes is text here."""


def let_through(item: Item, declaration: Declaration, kind: Kind, given: Given) -> tuple[Kind, Any]:
    """Puts into ``given`` what is asked for; the kind of event that is, and what goes over it."""
    if declaration.key is not None:
        _key(item, declaration.key, given)
    if declaration.terms is not None:
        _terms(item, declaration.terms, given)
    if declaration.table is not None:
        _table(item, declaration.table, given)
    if declaration.attributes is not None:
        _attributes(item, declaration.attributes, given)
    for path in declaration.others:
        if item.node(path) is not None:
            item.not_followed(path)
    if declaration.pattern is not None:
        return _event(item, declaration.pattern, kind, given)
    if declaration.filters is not None:
        return _filtered(item, declaration.filters, kind, given)
    return kind, None


def _key(item: Item, path: str, given: Given) -> None:
    ends = {"prefix": "", "suffix": ""}
    for rule in item.nodes(path):
        found = item.stack.pairs(rule)
        ends[found.get("Name", "").lower()] = found.get("Value", "")
    if any(ends.values()):
        given["key"] = [f"{ends['prefix']}example{ends['suffix']}"]


def _terms(item: Item, path: str, given: Given) -> None:
    """A line with the terms that are looked for (CloudWatch Logs user guide, "Filter pattern syntax")."""
    wanted = (item.text(path) or "").strip()
    if re.fullmatch(r"[\w ]+", wanted):
        given["message"] = [wanted]
    elif re.fullmatch(r'"[^"]+"', wanted):
        given["message"] = [wanted.strip('"')]
    elif wanted:
        item.not_followed(path)


def _table(item: Item, path: str, given: Given) -> None:
    """Keys by the table's own names and types, and what its stream shows."""
    table = item.referred(path)
    if table is None or table.type != "AWS::DynamoDB::Table":
        return
    stack, properties = item.stack, table.properties
    attributes = [stack.pairs(each) for each in stack.items(properties.get("AttributeDefinitions"))]
    types = {each.get("AttributeName"): each.get("AttributeType") for each in attributes}
    schema = (stack.pairs(each) for each in stack.items(properties.get("KeySchema")))
    names = [name for each in schema if (name := each.get("AttributeName"))]
    keys = {name: _KEYS.get(types.get(name) or "S", "example") for name in names}
    if keys:
        given["keys"] = [keys]
        given["new-image"] = [{**keys, "Message": "This item has changed"}]
        given["old-image"] = [{**keys, "Message": "New item!"}]
    view = stack.pairs(properties.get("StreamSpecification")).get("StreamViewType")
    if view is not None:
        given["view-type"] = [view]


def _attributes(item: Item, path: str, given: Given) -> None:
    """SNS developer guide, "Amazon SNS subscription filter policies"."""
    pattern = _pattern(item, path, item.json(path))
    if pattern is None:
        return
    made = example(pattern)
    if item.text("FilterPolicyScope") == "MessageBody":
        given["message"] = [json.dumps(made)]
    else:
        given["attribute"] = [[(name, text(value)) for name, value in made.items()]]


def _event(item: Item, path: str, kind: Kind, given: Given) -> tuple[Kind, Any]:
    """An event of a bus: of a service whose events are known here as that has them."""
    pattern = _pattern(item, path, item.json(path))
    if pattern is None:
        return kind, None
    made = example(pattern)
    special = _OF_EVENTBRIDGE.get(f"{made.get('source')} {made.get('detail-type')}")
    if special is not None:
        return catalog.kinds("eventbridge")[special], made
    for flag in ("source", "detail-type"):
        if flag in made:
            given[flag] = [made[flag]]
    given["detail"] = [{}]
    return kind, made


def _filtered(item: Item, flags: Mapping[str, str], kind: Kind, given: Given) -> tuple[Kind, Any]:
    """By the first filter: one is enough."""
    written = item.text("FilterCriteria.Filters.Pattern")
    pattern = None if written is None else _pattern(item, "FilterCriteria", read_json(written))
    if pattern is None:
        return kind, None
    made = example(pattern)
    for member, flag in flags.items():
        if member in made:
            value = made.pop(member)
            given[flag] = [value if isinstance(value, str) else json.dumps(value)]
    return _of_event_name(kind, made.get("eventName")), made or None


def _pattern(item: Item, path: str, rule: Any) -> EventPattern | None:
    if rule is None:
        return None
    try:
        return event_pattern(rule)
    except PatternError as error:
        item.not_followed(path, str(error))
        return None


def _of_event_name(kind: Kind, name: Any) -> Kind:
    """The type of the same shape that has such an event name."""
    for each in catalog.kinds(kind.service).values():
        flag = each.flags.get("event-name")
        if each.shape is kind.shape and flag is not None and flag.default == name:
            return each
    return kind
