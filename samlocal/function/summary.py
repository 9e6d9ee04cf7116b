"""A function as a list shows it: what is known of it, and why it cannot run where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.function import limits
from samlocal.function.absence import Absence
from samlocal.function.application import Application
from samlocal.function.evaluation import architecture_of
from samlocal.function.package import (
    Code,
    DeployedCode,
    ImageCode,
    InlineCode,
    Layer,
    LocalCode,
    LocalLayer,
    RemoteLayer,
    S3Code,
    StoredLayer,
)
from samlocal.function.properties import Properties
from samlocal.function.template_package import code_of, layers_of
from samlocal.function.variables import MissingVariable, Variable, size_problem
from samlocal.template.document import Map, Seq
from samlocal.template.model import Resource
from samlocal.template.values import Known, Unknown, text

T = TypeVar("T")

_API_EVENTS = ("Api", "HttpApi")


class EventSource(Struct, frozen=True, kw_only=True):
    """An event of a function, as its template names it; ``method`` and ``path`` for those of an API."""

    name: str
    type: str
    method: str | None = None
    path: str | None = None


class FunctionSummary(Struct, frozen=True, kw_only=True):
    """What a list shows. A field is None where it is absent or cannot be known; ``problems`` say why."""

    logical_id: str
    path: str
    function_name: str
    runtime: str | None
    handler: str | None
    timeout: int | None
    memory: int | None
    architectures: tuple[str, ...]
    package_type: str
    code: str | None
    layers: tuple[str, ...]
    events: tuple[EventSource, ...]
    variables: tuple[Variable | MissingVariable, ...]
    problems: tuple[str, ...]
    absent: Absence | None = None
    """The false condition that keeps it out of the stack."""


def summarize(owner: Application, resource: Resource) -> FunctionSummary:
    """Everything about a function; one property that cannot be known hides no other."""
    properties = Properties(owner.template, resource, owner.evaluator)
    problems: list[str] = []

    def known(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except SamlocalError as error:
            problems.append(error.message)
            return None

    code = known(lambda: code_of(owner.template, resource, properties))
    layers = known(lambda: layers_of(properties, owner.evaluator, owner.local_layers)) or ()
    image = isinstance(code, ImageCode)
    runtime = known(lambda: properties.text("Runtime"))
    handler = known(lambda: properties.text("Handler"))
    if code is not None and not image and not runtime:
        problems.append(f"{properties.place('Runtime')}: {resource.logical_id}: the function has no Runtime.")
    variables = owner.variables(resource)
    problems += [
        f"{owner.template.place(variable.line)}: {resource.logical_id}: {variable.name} = "
        f"{variable.unknown.expression}: {variable.unknown.reason}."
        for variable in variables
        if isinstance(variable, MissingVariable)
    ]
    too_large = size_problem(variable for variable in variables if isinstance(variable, Variable))
    if too_large is not None:
        problems.append(f"{properties.place('Environment')}: {resource.logical_id}: {too_large}")
    return FunctionSummary(
        logical_id=resource.logical_id,
        path=owner.path(resource),
        function_name=owner.name(resource),
        runtime=runtime,
        handler=handler,
        timeout=known(
            lambda: properties.number("Timeout", limits.TIMEOUT, default=limits.DEFAULT_TIMEOUT, unit="seconds")
        ),
        memory=known(
            lambda: properties.number("MemorySize", limits.MEMORY, default=limits.DEFAULT_MEMORY, unit="MB")
        ),
        architectures=_one(known(lambda: architecture_of(properties))),
        package_type="Image" if image else "Zip",
        code=None if code is None else _code_text(code),
        layers=tuple(_layer_text(layer) for layer in layers),
        events=tuple(event_sources(owner, resource)),
        variables=variables,
        problems=tuple(problems),
        absent=owner.absence(resource),
    )


def event_sources(owner: Application, resource: Resource) -> Iterator[EventSource]:
    """What SAM's Events of a function say that starts it."""
    events = owner.evaluator.branch(resource.properties.get("Events"))
    if not isinstance(events, Map):
        return
    for name, node in events.items():
        event = owner.evaluator.branch(node)
        if not isinstance(event, Map):
            continue
        type_ = str(event.get("Type", ""))
        properties = event.get("Properties")
        own = properties if isinstance(properties, Map) else Map()
        if type_ not in _API_EVENTS:
            yield EventSource(name=name, type=type_)
            continue
        method, path = (_plain(owner, own, key) for key in ("Method", "Path"))
        # An HttpApi event without a path is the API's $default route.
        yield EventSource(name=name, type=type_, method=(method or "any").upper(), path=path or "$default")


def _plain(owner: Application, properties: Map, name: str) -> str | None:
    node = properties.get(name)
    if node is None or isinstance(node, Seq):
        return None
    match owner.evaluator.evaluate(node):
        case Known(value=value):
            return text(value)
        case Unknown(expression=expression):
            return expression
    return None


def _code_text(code: Code) -> str:
    match code:
        case LocalCode(path=path):
            return str(path)
        case InlineCode():
            return "inline"
        case S3Code(bucket=bucket, key=key):
            return f"s3://{bucket}/{key}"
        case ImageCode(uri=uri):
            return uri or "image to be built"
        case DeployedCode(function=function):
            return f"deployed: {function}"


def _layer_text(layer: Layer) -> str:
    match layer:
        case LocalLayer(logical_id=logical_id) | StoredLayer(logical_id=logical_id):
            return logical_id
        case RemoteLayer(arn=arn):
            return arn


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
