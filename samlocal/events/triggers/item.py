"""One item of a resource: what stands at its paths, and what became of reading it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from samlocal.deployed.attributes.lookup import AttributeValue, placeholder_attribute, placeholder_id
from samlocal.events.kind import Flag
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map, Node, Seq, with_lines
from samlocal.template.model import Resource
from samlocal.template.values import Known, Unknown, text


class Item:
    """``invented`` are flags whose value is a placeholder, with its expression; ``remarks`` are whole sentences."""

    def __init__(self, stack: Stack, resource: Resource, node: Node) -> None:
        self.stack = stack
        self.resource = resource
        self.invented: dict[str, str] = {}
        self.remarks: list[str] = []
        self._node = node

    def nodes(self, path: str) -> Iterator[Node]:
        """What stands at a path; ``declarations.py`` says what paths there are."""
        match path:
            case "@Ref":
                yield with_lines({"Ref": self.resource.logical_id}, line=self.resource.line)
            case "@Arn":
                yield with_lines({"Fn::GetAtt": [self.resource.logical_id, "Arn"]}, line=self.resource.line)
            case "@LogicalId":
                yield self.resource.logical_id
            case "@Type":
                yield self.resource.type
            case "@Properties":
                own = self.resource.properties
                yield Map({name: value for name, value in own.items() if name != "ServiceToken"}, line=own.line)
            case _ if path.startswith("^"):
                yield from nodes_at(self.stack, self.resource.properties, path.removeprefix("^"))
            case _:
                yield from nodes_at(self.stack, self._node, path)

    def node(self, path: str) -> Node | None:
        return next(self.nodes(path), None)

    def texts(self, path: str) -> Iterator[str]:
        """Those that are known."""
        return (found for node in self.nodes(path) if (found := self.stack.text(node)) is not None)

    def forms(self, path: str) -> Iterator[str]:
        """Texts, or others of the same form for what is not known."""
        for node in self.nodes(path):
            found = self.stack.text(node)
            form = self._stand_in(node) if found is None else found
            if isinstance(form, str):
                yield form

    def text(self, path: str) -> str | None:
        return next(self.texts(path), None)

    def json(self, path: str) -> Any:
        """What stands at a path as JSON, written in the template or as text."""
        node = self.node(path)
        value = None if node is None else self.stack.value(node)
        return read_json(value) if isinstance(value, str) else value

    def flag(self, name: str, flag: Flag, path: str) -> Any:
        """The value of a flag, None where there is none; what is not known is remarked."""
        node = self.node(path)
        match None if node is None else self.stack.application.evaluator.evaluate(node):
            case Known(value=value) as known:
                if known.placeholder:
                    self.invented[name] = ", ".join(
                        dict.fromkeys(origin.text for origin in known.origins if origin.placeholder)
                    )
                return _as(flag, value)
            case Unknown() as unknown:
                self.remarks.append(f"--{name} is a placeholder: {unknown.expression}: {unknown.reason}.")
                return None if node is None else self._stand_in(node)
        return None

    def _stand_in(self, node: Node) -> AttributeValue | None:
        """A value of the right form for a resource's id or attribute, None for any other expression."""
        match node:
            case {"Ref": str(name)}:
                wanted = None
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                wanted = attribute
            case _:
                return None
        application = self.stack.application
        resource = application.template.resources.get(name)
        if resource is None:
            return None
        if wanted is None:
            return placeholder_id(resource.type, name, application.place, name=None)
        return placeholder_attribute(resource.type, name, wanted, application.place, name=None)

    def referred(self, path: str) -> Resource | None:
        """The resource that is named at a path."""
        node = self.node(path)
        return None if node is None else self.stack.referred(node)

    def not_followed(self, path: str, why: str = "") -> None:
        where = self.stack.application.template.place(self.resource.line)
        what = path.removeprefix("^")
        self.remarks.append(f"{where}: {self.resource.logical_id}: {what} is not followed{why and f': {why}'}.")


def nodes_at(stack: Stack, node: Node, path: str) -> Iterator[Node]:
    """The nodes at a path, those of each item of a list on the way; ``*`` is every member."""
    name, _, rest = path.partition(".")
    mapping = stack.mapping(node)
    for member in mapping.values() if name == "*" else [mapping.get(name)]:
        if member is None:
            continue
        is_list = isinstance(stack.application.evaluator.branch(member), Seq)
        for each in stack.items(member) if is_list else [member]:
            if rest:
                yield from nodes_at(stack, each, rest)
            else:
                yield each


def read_json(written: str) -> Any:
    """Text that is no JSON stays text."""
    try:
        return json.loads(written)
    except ValueError:
        return written


def _as(flag: Flag, value: Any) -> Any:
    match flag.type:
        case "object":
            found = read_json(value) if isinstance(value, str) else value
            return found if isinstance(found, dict) else None
        case "flag":
            return text(value) == "true"
    return value if value is None or isinstance(value, dict | list) else text(value)
