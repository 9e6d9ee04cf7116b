"""The functions that can be called, by every name that AWS, or a user of samlocal, has for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from msgspec import Struct

from samlocal.deployed.place import Place
from samlocal.endpoint import api_error
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.function_reference import FunctionReference, function_reference
from samlocal.errors import SamlocalError, TemplateError, UnresolvedError
from samlocal.function.application import Application
from samlocal.function.async_invocation import LATEST, AsyncInvocation, async_invocation
from samlocal.function.function_name import names_function
from samlocal.function.properties import Properties
from samlocal.function.tenancy import isolates_tenants
from samlocal.template.document import Node
from samlocal.template.model import Resource
from samlocal.template.values import Known, text

_ALIAS_TYPE = "AWS::Lambda::Alias"


class Callee(Struct, frozen=True, kw_only=True):
    """A function that can be called. ``path`` is what the pool and the command line call it.

    ``aliases`` all run the working copy, which is ``$LATEST``. ``may_loop``: it may invoke itself without end.
    ``misconfigured`` is why nobody knows what is to
    become of its asynchronous events: ``asynchronous`` is what counts where a template says nothing, then.
    """

    path: str
    logical_id: str
    name: str
    place: Place
    aliases: frozenset[str] = frozenset()
    isolates_tenants: bool = False
    may_loop: bool = False
    asynchronous: AsyncInvocation = AsyncInvocation()
    misconfigured: SamlocalError | None = None

    @property
    def arn(self) -> str:
        return FunctionReference(name=self.name).arn(self.place)


class Directory:
    """One state of a template."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.place = application.place
        self._callees: dict[str, tuple[Callee, Application, Resource]] = {}
        for owner, resource in application.functions():
            callee = _callee(owner, resource)
            self._callees[callee.path] = callee, owner, resource
        # A name that two have is the first one's: deployed names before paths, these before logical ids.
        self._by_name: dict[str, Callee] = {}
        for attribute in ("name", "path", "logical_id"):
            for callee in self:
                self._by_name.setdefault(getattr(callee, attribute), callee)

    def __iter__(self) -> Iterator[Callee]:
        return (callee for callee, _, _ in self._callees.values())

    def find(self, name: str, qualifier: str | None) -> tuple[Callee, FunctionReference]:
        """The function that a request names. Raises ApiError."""
        reference = function_reference(name, qualifier=qualifier, place=self.place)
        callee = self._by_name.get(reference.name)
        if callee is None or reference.qualifier not in (None, LATEST, *callee.aliases):
            raise api_error.function_not_found(reference.arn(self.place))
        return callee, reference

    def resource(self, callee: Callee) -> tuple[Application, Resource]:
        """Where it stands in the template."""
        _, owner, resource = self._callees[callee.path]
        return owner, resource


class CurrentDirectory:
    """The directory of the template as it is.

    ``read`` is called in a thread, once until ``forget`` or until ``changes`` gives another number.
    """

    def __init__(self, read: Callable[[], Directory], *, changes: Callable[[], int] = lambda: 0) -> None:
        self._read = read
        self._changes = changes
        self._seen = changes()
        self._reading: asyncio.Task[Directory] | None = None

    async def get(self) -> Directory:
        """Raises as ``read`` does; the next one asks again then."""
        if self._reading is None or self._seen != self._changes():
            self._seen = self._changes()
            self._reading = asyncio.create_task(asyncio.to_thread(self._read))
        reading = self._reading
        try:
            return await asyncio.shield(reading)
        except BaseException:
            if self._reading is reading and reading.done():
                self.forget()
            raise

    async def find(self, name: str, qualifier: str | None) -> tuple[Callee, FunctionReference]:
        """Raises ApiError, and what reading the template raises. A function may have come into it since."""
        directory = await self.get()
        try:
            return directory.find(name, qualifier)
        except ApiError as error:
            if error.status != 404:
                raise
        self.forget()
        return (await self.get()).find(name, qualifier)

    def forget(self) -> None:
        """The template may be another now."""
        self._reading = None


def _callee(owner: Application, resource: Resource) -> Callee:
    name = owner.name(resource)
    asynchronous, misconfigured = AsyncInvocation(), None
    try:
        asynchronous = async_invocation(owner.template, resource, owner.evaluator, name=name, place=owner.place)
    except (TemplateError, UnresolvedError) as error:
        # No plan reads it: whoever has an event queued hears of that.
        misconfigured = error
    try:
        isolated = isolates_tenants(Properties(owner.template, resource, owner.evaluator))
    except (TemplateError, UnresolvedError):
        # Whoever calls it hears of that from its plan.
        isolated = False
    return Callee(
        path=owner.path(resource),
        logical_id=resource.logical_id,
        name=name,
        place=owner.place,
        aliases=frozenset(_aliases(owner, resource, name)),
        isolates_tenants=isolated,
        may_loop=owner.evaluator.evaluate(resource.properties.get("RecursiveLoop")) == Known(value="Allow"),
        asynchronous=asynchronous,
        misconfigured=misconfigured,
    )


def _aliases(owner: Application, resource: Resource, name: str) -> Iterator[str]:
    """SAM's own alias, and the template's that lead to the function."""

    def value(node: Node) -> str | None:
        answer = owner.evaluator.evaluate(node)
        return text(answer.value) if isinstance(answer, Known) and answer.value else None

    published = value(resource.properties.get("AutoPublishAlias"))
    if published:
        yield published
    for each in owner.template.resources.values():
        if each.type != _ALIAS_TYPE or owner.evaluator.holds(each.condition) is False:
            continue
        called = value(each.properties.get("Name"))
        named = value(each.properties.get("FunctionName"))
        if called and named and names_function(named, {name, resource.logical_id}, place=owner.place):
            yield called
