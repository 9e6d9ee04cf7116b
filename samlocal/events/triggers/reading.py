"""What starts a function, read from its template after the SAM translator.

So SAM's events, event source mappings, subscriptions and the other resources that name a function are read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from samlocal.event_pattern import EventPattern, PatternError, event_pattern
from samlocal.events import catalog
from samlocal.events.examples import example
from samlocal.events.kind import Kind
from samlocal.events.triggers.declarations import Declaration, declarations
from samlocal.events.triggers.trigger import Trigger
from samlocal.function.application import Application
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.stack import Stack
from samlocal.template.model import Resource, is_intrinsic
from samlocal.template.reader import Map, Node, Seq, with_lines
from samlocal.template.references import references
from samlocal.template.values import Known, Unknown, text

_PERMISSION = "AWS::Lambda::Permission"
_CUSTOM = "AWS::CloudFormation::CustomResource"


def declared(stack: Stack, callees: Callees, function: Resource, path: str) -> Iterator[Trigger]:
    """Those that resources of one template declare. ``function`` is as written, ``path`` its way from the top."""
    for resource in stack.application.template.resources.values():
        if not stack.exists(resource):
            continue
        custom = resource.type.startswith("Custom::") or resource.type == _CUSTOM
        taken: set[tuple[str, int, str]] = set()
        for declaration in declarations().get("Custom::*" if custom else resource.type, ()):
            for number, item in enumerate(_items(stack, resource, declaration.items)):
                place = (declaration.items, number, declaration.function)
                reading = _Reading(stack, resource, item, declaration)
                if place not in taken and reading.names(callees, path) and reading.holds():
                    taken.add(place)
                    yield reading.trigger(_names(stack.application, resource, function))


def _items(stack: Stack, resource: Resource, path: str) -> list[Node]:
    return list(_at(stack, resource.properties, path)) if path else [resource.properties]


def _at(stack: Stack, node: Node, path: str) -> Iterator[Node]:
    """The nodes at a path, those of each item of a list on the way; ``*`` is every member."""
    name, _, rest = path.partition(".")
    mapping = stack.mapping(node)
    for member in mapping.values() if name == "*" else [mapping.get(name)]:
        if member is None:
            continue
        for each in stack.items(member) if _is_list(stack, member) else [member]:
            if rest:
                yield from _at(stack, each, rest)
            else:
                yield each


def _is_list(stack: Stack, node: Node) -> bool:
    return isinstance(stack.application.evaluator.branch(node), Seq)


def _names(application: Application, resource: Resource, function: Resource) -> tuple[str, ...]:
    """The event of the function's that a resource is made for, or that is about it, and the resource's own."""
    events = application.evaluator.branch(function.properties.get("Events"))
    own: list[str] = []
    if isinstance(events, Map):
        own = [name for name in events if resource.logical_id == f"{function.logical_id}{name}"]
        about = [
            name
            for name, event in events.items()
            if isinstance(event, Map) and resource.logical_id in references(event.get("Properties"))
        ]
        if not own and len(about) == 1:
            own = about
    return (*own, resource.logical_id)


class _Reading:
    """One item of a resource, and a declaration that may be about it."""

    def __init__(self, stack: Stack, resource: Resource, item: Node, declaration: Declaration) -> None:
        self._stack = stack
        self._resource = resource
        self._item = item
        self._declaration = declaration
        self._invented: dict[str, str] = {}
        self._remarks: list[str] = []

    def names(self, callees: Callees, path: str) -> bool:
        """Whether it names the function that has this way from the top."""
        return any(callees.find(self._stack, node, {}) == path for node in self._nodes(self._declaration.function))

    def holds(self) -> bool:
        return all(
            any(fnmatchcase(found, wanted) for found in self._texts(path))
            for path, wanted in self._declaration.only.items()
        )

    def trigger(self, names: tuple[str, ...]) -> Trigger:
        service, type_ = self._declaration.event.split()
        kind = catalog.kinds(service)[type_]
        given: dict[str, list[Any]] = {}
        for flag, path in self._declaration.flags.items():
            value = self._flag(kind, flag, path)
            if value is not None:
                given[flag] = [value]
        kind, over = self._patterns(kind, given)
        return Trigger(
            names=names,
            kind=kind,
            given={flag: values for flag, values in given.items() if flag in kind.flags},
            over=over,
            constant=self._constant(),
            invented=self._invented,
            remarks=tuple(self._remarks),
            permitted=self._permitted(),
        )

    def _permitted(self) -> tuple[str, ...] | None:
        if self._resource.type != _PERMISSION:
            return None
        return tuple(references(self._resource.properties.get("SourceArn")))

    # values

    def _nodes(self, path: str) -> Iterator[Node]:
        match path:
            case "@Ref":
                yield with_lines({"Ref": self._resource.logical_id}, line=self._resource.line)
            case "@Arn":
                yield with_lines({"Fn::GetAtt": [self._resource.logical_id, "Arn"]}, line=self._resource.line)
            case "@LogicalId":
                yield self._resource.logical_id
            case "@Type":
                yield self._resource.type
            case "@Properties":
                own = self._resource.properties
                yield Map({name: value for name, value in own.items() if name != "ServiceToken"}, line=own.line)
            case _ if path.startswith("^"):
                yield from _at(self._stack, self._resource.properties, path.removeprefix("^"))
            case _:
                yield from _at(self._stack, self._item, path)

    def _texts(self, path: str) -> Iterator[str]:
        for node in self._nodes(path):
            found = self._stack.text(node)
            if found is not None:
                yield found

    def _flag(self, kind: Kind, flag: str, path: str) -> Any:
        node = next(self._nodes(path), None)
        match None if node is None else self._stack.application.evaluator.evaluate(node):
            case Known(value=value) as known:
                if known.placeholder:
                    self._invented[flag] = ", ".join(
                        dict.fromkeys(origin.text for origin in known.origins if origin.placeholder)
                    )
                if kind.flags[flag].type == "object":
                    return self._object(value)
                return value if value is None or isinstance(value, dict | list) else text(value)
            case Unknown() as unknown:
                self._remarks.append(f"--{flag}: {unknown.expression}: {unknown.reason}.")
        return None

    def _object(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return None
        return value if isinstance(value, dict) else None

    def _json(self, path: str) -> Any:
        """What stands at a path as JSON, written in the template or as text."""
        node = next(self._nodes(path), None)
        if node is None:
            return None
        value = self._stack.value(node) if isinstance(node, str) or is_intrinsic(node) else self._plain(node)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            return value

    def _plain(self, node: Node) -> Any:
        answer = self._stack.application.evaluator.evaluate(node)
        return answer.value if isinstance(answer, Known) else None

    # what is let through

    def _patterns(self, kind: Kind, given: dict[str, list[Any]]) -> tuple[Kind, Any]:
        declaration = self._declaration
        if declaration.key is not None:
            self._key(given, declaration.key)
        if declaration.terms is not None:
            self._terms(given, declaration.terms)
        if declaration.table is not None:
            self._table(given, declaration.table)
        if declaration.attributes is not None:
            self._attributes(given, declaration.attributes)
        if declaration.pattern is not None:
            return self._event(kind, given, declaration.pattern)
        if declaration.filters is not None:
            return self._filtered(kind, given, declaration.filters)
        self._say_others()
        return kind, None

    def _key(self, given: dict[str, list[Any]], path: str) -> None:
        ends = {"prefix": "", "suffix": ""}
        for rule in self._nodes(path):
            found = self._stack.pairs(rule)
            ends[found.get("Name", "").lower()] = found.get("Value", "")
        if any(ends.values()):
            given["key"] = [f"{ends['prefix']}example{ends['suffix']}"]

    def _terms(self, given: dict[str, list[Any]], path: str) -> None:
        """A line with the terms that are looked for (CloudWatch Logs user guide, "Filter pattern syntax")."""
        wanted = next(self._texts(path), "").strip()
        if re.fullmatch(r"[\w ]+", wanted):
            given["message"] = [wanted]
        elif re.fullmatch(r'"[^"]+"', wanted):
            given["message"] = [wanted.strip('"')]
        elif wanted:
            self._say_not_followed(path)

    def _table(self, given: dict[str, list[Any]], path: str) -> None:
        """Keys by the table's own names and types, and what its stream shows."""
        table = self._stack.referred(next(self._nodes(path), None))
        if table is None or table.type != "AWS::DynamoDB::Table":
            return
        properties = table.properties
        pairs = [self._stack.pairs(each) for each in self._stack.items(properties.get("AttributeDefinitions"))]
        types = {each.get("AttributeName"): each.get("AttributeType") for each in pairs}
        names = [
            self._stack.pairs(each).get("AttributeName") for each in self._stack.items(properties.get("KeySchema"))
        ]
        keys = {name: _KEYS.get(types.get(name) or "S", "example") for name in names if name}
        if keys:
            given["keys"] = [keys]
            given["new-image"] = [{**keys, "Message": "This item has changed"}]
            given["old-image"] = [{**keys, "Message": "New item!"}]
        view = self._stack.pairs(properties.get("StreamSpecification")).get("StreamViewType")
        if view is not None:
            given["view-type"] = [view]

    def _attributes(self, given: dict[str, list[Any]], path: str) -> None:
        pattern = self._pattern(self._json(path), "filter policy")
        if pattern is None:
            return
        made = example(pattern)
        if next(self._texts("FilterPolicyScope"), "MessageAttributes") == "MessageBody":
            given["message"] = [json.dumps(made)]
        else:
            given["attribute"] = [[(name, text(value)) for name, value in made.items()]]

    def _event(self, kind: Kind, given: dict[str, list[Any]], path: str) -> tuple[Kind, Any]:
        self._say_others()
        pattern = self._pattern(self._json(path), "event pattern")
        if pattern is None:
            return kind, None
        made = example(pattern)
        wanted = f"{made.get('source')} {made.get('detail-type')}"
        special = _OF_EVENTBRIDGE.get(wanted)
        if special is not None:
            return catalog.kinds("eventbridge")[special], made
        for flag in ("source", "detail-type"):
            if flag in made:
                given[flag] = [made[flag]]
        given["detail"] = [{}]
        return kind, made

    def _filtered(self, kind: Kind, given: dict[str, list[Any]], flags: Mapping[str, str]) -> tuple[Kind, Any]:
        """The first filter: one is enough."""
        written = next(iter(self._texts("FilterCriteria.Filters.Pattern")), None)
        pattern = self._pattern(_read(written), "filter") if written is not None else None
        if pattern is None:
            return kind, None
        made = example(pattern)
        for member, flag in flags.items():
            if member in made:
                value = made.pop(member)
                given[flag] = [value if isinstance(value, str) else json.dumps(value)]
        return _of_event_name(kind, made.get("eventName")), made or None

    def _pattern(self, rule: Any, what: str) -> EventPattern | None:
        if rule is None:
            return None
        try:
            return event_pattern(rule)
        except PatternError as error:
            where = self._stack.application.template.place(self._resource.line)
            self._remarks.append(f"{where}: {self._resource.logical_id}: the {what} is not followed: {error}.")
            return None

    def _constant(self) -> Any:
        return None if self._declaration.input is None else self._json(self._declaration.input)

    def _say_others(self) -> None:
        for path in self._declaration.others:
            if next(self._nodes(path), None) is not None:
                self._say_not_followed(path)

    def _say_not_followed(self, path: str) -> None:
        where = self._stack.application.template.place(self._resource.line)
        self._remarks.append(f"{where}: {self._resource.logical_id}: {path.removeprefix('^')} is not followed.")


_KEYS: Mapping[str, Any] = {"S": "example", "N": 101}
"""A key of each type; one of bytes is text here."""

_OF_EVENTBRIDGE = {
    "aws.s3 Object Created": "s3-object-created",
    "aws.s3 Object Deleted": "s3-object-deleted",
}


def _of_event_name(kind: Kind, name: Any) -> Kind:
    """The type of the same shape that has such an event name."""
    for each in catalog.kinds(kind.service).values():
        flag = each.flags.get("event-name")
        if each.shape is kind.shape and flag is not None and flag.default == name:
            return each
    return kind


def _read(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written
