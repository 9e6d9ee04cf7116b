"""All that starts a function."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec
from msgspec import Struct

from samlocal.config import nearest
from samlocal.errors import EventError
from samlocal.events.triggers.apis import of_apis
from samlocal.events.triggers.reading import declared, to_function, to_resource
from samlocal.events.triggers.trigger import Trigger
from samlocal.function.application import Application
from samlocal.http_api.model import Api
from samlocal.http_api.routes.apis import apis
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.plain import plain
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map
from samlocal.template.model import Resource


class Triggers(Struct, frozen=True, kw_only=True):
    """``remarks`` say what of the template could not be read."""

    found: tuple[Trigger, ...]
    remarks: tuple[str, ...] = ()


class Reading:
    """One state of an application, of which as many functions' triggers are read as one asks for."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._callees = Callees(application)
        self._parts = [(Stack(translated), refusals) for translated, refusals in map(plain, _all(application))]

    @cached_property
    def _apis(self) -> tuple[Api, ...]:
        return apis(self._application).apis

    def of(self, owner: Application, resource: Resource) -> Triggers:
        """All of a function, which stands in the template of ``owner``. Raises TemplateError."""
        requests = of_apis(self._apis, owner, resource, owner.path(resource))
        found = [*requests, *self._declared(owner, resource)]
        remarks = [remark for stack, refusals in self._parts for remark in (*refusals, *stack.remarks)]
        return Triggers(found=_in_order(found, owner, resource), remarks=tuple(dict.fromkeys(remarks)))

    def without_requests(self, owner: Application, resource: Resource) -> tuple[Trigger, ...]:
        """What starts a function beside the requests to its APIs."""
        return _in_order(self._declared(owner, resource), owner, resource)

    def _declared(self, owner: Application, resource: Resource) -> Iterator[Trigger]:
        leads = to_function(self._callees, owner.path(resource))
        for stack, _ in self._parts:
            for each in declared(stack, resource, leads):
                yield _with_held(stack, each, resource, frozenset())


def triggers(application: Application, function: str) -> Triggers:
    """Of a function by any of its names. Raises FunctionNotFoundError and TemplateError."""
    owner, resource = application.find(function)
    return Reading(application).of(owner, resource)


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


def _in_order(found: Iterable[Trigger], owner: Application, resource: Resource) -> tuple[Trigger, ...]:
    """As the function's events stand there, and what stands elsewhere behind them."""
    events = owner.evaluator.branch(resource.properties.get("Events"))
    order = list(events) if isinstance(events, Map) else []
    certain = _without_known_permissions(list(found))
    return tuple(sorted(certain, key=lambda each: order.index(each.name) if each.name in order else len(order)))


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
