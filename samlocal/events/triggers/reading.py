"""What starts a function, read from its template after the SAM translator.

So SAM's events, event source mappings, subscriptions and the other resources that name a function are read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from samlocal.events import catalog
from samlocal.events.triggers.declarations import Declaration, declarations
from samlocal.events.triggers.item import Item, nodes_at
from samlocal.events.triggers.let_through import let_through
from samlocal.events.triggers.trigger import Trigger
from samlocal.function.application import Application
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource
from samlocal.template.references import references

_PERMISSION = "AWS::Lambda::Permission"
_CUSTOM = "AWS::CloudFormation::CustomResource"

Leads = Callable[[Stack, Node], bool]
"""Whether an expression names what is asked about."""


def declared(stack: Stack, function: Resource, leads: Leads) -> Iterator[Trigger]:
    """Those that resources of one template declare, of what an expression ``leads`` to.

    That is a function, whose resource is ``function`` as written, or what hands events on to it.
    """
    for resource in stack.application.template.resources.values():
        if not stack.exists(resource):
            continue
        custom = resource.type.startswith("Custom::") or resource.type == _CUSTOM
        taken: set[tuple[str, int, str]] = set()
        any_custom = declarations()["Custom::*"] if custom else ()
        for declaration in (*declarations().get(resource.type, ()), *any_custom):
            for number, node in enumerate(_items(stack, resource, declaration.items)):
                place = (declaration.items, number, declaration.function)
                item = Item(stack, resource, node)
                if place not in taken and _is_about(item, declaration, leads):
                    taken.add(place)
                    yield _trigger(item, declaration, _names(stack.application, resource, function))


def to_function(callees: Callees, path: str) -> Leads:
    """To the function that has this way from the top."""
    return lambda stack, node: callees.find(stack, node, {}) == path


def to_resource(logical_id: str) -> Leads:
    """To a resource of the same template."""
    return lambda stack, node: (found := stack.referred(node)) is not None and found.logical_id == logical_id


def _items(stack: Stack, resource: Resource, path: str) -> list[Node]:
    return list(nodes_at(stack, resource.properties, path)) if path else [resource.properties]


def _is_about(item: Item, declaration: Declaration, leads: Leads) -> bool:
    return any(leads(item.stack, node) for node in item.nodes(declaration.function)) and all(
        any(fnmatchcase(found, wanted) for found in item.forms(path)) for path, wanted in declaration.only.items()
    )


def _trigger(item: Item, declaration: Declaration, names: tuple[str, ...]) -> Trigger:
    service, type_ = declaration.event.split()
    kind = catalog.kinds(service)[type_]
    given: dict[str, list[Any]] = {}
    for flag, path in declaration.flags.items():
        value = item.flag(flag, kind.flags[flag], path)
        if value is not None:
            given[flag] = [value]
    kind, over = let_through(item, declaration, kind, given)
    source = next(iter(declaration.flags.values()), None)
    behind = None if source is None else item.referred(source)
    is_permission = item.resource.type == _PERMISSION
    return Trigger(
        names=names,
        kind=kind,
        given={flag: values for flag, values in given.items() if flag in kind.flags},
        over=over,
        constant=None if declaration.input is None else item.json(declaration.input),
        invented=item.invented,
        remarks=tuple(item.remarks),
        permitted=tuple(references(item.resource.properties.get("SourceArn"))) if is_permission else None,
        behind=None if behind is None else behind.logical_id,
        resource=item.stack.path(item.resource),
        type=item.resource.type,
    )


def _names(application: Application, resource: Resource, function: Resource) -> tuple[str, ...]:
    """The event of the function's that a resource is made for, or that is about it, and the resource's own."""
    events = application.evaluator.branch(function.properties.get("Events"))
    own: list[str] = []
    if isinstance(events, Map):
        made = {f"{function.logical_id}{name}{suffix}": name for name in events for suffix in ("", "Permission")}
        own = [made[resource.logical_id]] if resource.logical_id in made else []
        about = [
            name
            for name, event in events.items()
            if isinstance(event, Map) and resource.logical_id in references(event.get("Properties"))
        ]
        if not own and len(about) == 1:
            own = about
    return (*own, resource.logical_id)
