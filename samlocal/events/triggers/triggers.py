"""All that starts a function."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from samlocal.config import nearest
from samlocal.errors import EventError
from samlocal.events.triggers.apis import of_apis
from samlocal.events.triggers.reading import declared, to_function, to_resource
from samlocal.events.triggers.trigger import Trigger
from samlocal.function.application import Application
from samlocal.http_api.routes.apis import apis
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.plain import plain
from samlocal.http_api.routes.stack import Stack
from samlocal.template.model import Resource
from samlocal.template.reader import Map


class Triggers(Struct, frozen=True, kw_only=True):
    """``remarks`` say what of the template could not be read."""

    found: tuple[Trigger, ...]
    remarks: tuple[str, ...] = ()


def triggers(application: Application, function: str) -> Triggers:
    """Of a function by any of its names. Raises FunctionNotFoundError and TemplateError."""
    owner, resource = application.find(function)
    path = owner.path(resource)
    callees = Callees(application)
    served = apis(application)
    found: list[Trigger] = list(of_apis(served.apis, owner, resource, path))
    remarks: list[str] = []
    for part in _all(application):
        translated, refusals = plain(part)
        stack = Stack(translated)
        own = declared(stack, resource, to_function(callees, path))
        found += (_with_held(stack, each, resource, frozenset()) for each in own)
        remarks += [*refusals, *stack.remarks]
    found = list(_without_known_permissions(found))
    events = owner.evaluator.branch(resource.properties.get("Events"))
    order = list(events) if isinstance(events, Map) else []
    found.sort(key=lambda each: order.index(each.name) if each.name in order else len(order))
    return Triggers(found=tuple(found), remarks=tuple(dict.fromkeys(remarks)))


def chosen(found: Sequence[Trigger], source: str | None, function: str) -> Trigger:
    """The one that is called ``source``, or the only one. Raises EventError, which names them."""
    if not found:
        raise EventError(
            f"Nothing in the template starts {function}.",
            tip="Name the event: `samlocal event generate SERVICE TYPE`; `samlocal event list` shows all.",
        )
    there = "; ".join(f"{each.name} ({each.kind.name})" for each in found)
    if source is None:
        if len(found) == 1:
            return found[0]
        raise EventError(f"{function} is started by {len(found)} sources: {there}.", tip="Choose one: --source NAME.")
    named = [each for each in found if source in (*each.names, each.kind.name)]
    if not named:
        names = [name for each in found for name in each.names]
        raise EventError(f"{function} has no source {source}{nearest(source, names)}", tip=f"It has {there}.")
    return named[0]


def _with_held(stack: Stack, trigger: Trigger, function: Resource, seen: frozenset[str]) -> Trigger:
    """With the event that the template puts into it: the first, where there are several."""
    behind = trigger.behind
    if behind is None or behind in seen or trigger.kind.shape.holds in (None, *trigger.given):
        return trigger
    inner = next((each for each in declared(stack, function, to_resource(behind)) if each.permitted is None), None)
    if inner is None:
        return trigger
    if inner.constant is not None:
        given = {**trigger.given, str(trigger.kind.shape.holds): [json.dumps(inner.constant)]}
        return msgspec.structs.replace(trigger, given=given)
    return msgspec.structs.replace(trigger, held=_with_held(stack, inner, function, seen | {behind}))


def _without_known_permissions(found: Sequence[Trigger]) -> Iterator[Trigger]:
    """A permission says what may start a function. It counts where nothing says what does."""
    certain = [each for each in found if each.permitted is None]
    services = {each.kind.service for each in certain}
    names = {name for each in certain for name in each.names}
    for each in found:
        if each.permitted is None or (each.kind.service not in services and not names & set(each.permitted)):
            yield each


def _all(application: Application) -> Iterator[Application]:
    yield application
    for child in application.children():
        yield from _all(child)
