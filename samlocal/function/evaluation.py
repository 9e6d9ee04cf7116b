"""A function, ready to be run: every property of the template with its real value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.errors import TemplateError, UnresolvedError
from samlocal.function import limits
from samlocal.function.declared_variables import deciding_placeholders
from samlocal.function.file_systems import file_systems
from samlocal.function.image_config import ImageConfig, image_config
from samlocal.function.logging_config import logging_config
from samlocal.function.package import ImageCode, Layer, LocalLayer, RemoteLayer
from samlocal.function.properties import Properties
from samlocal.function.reserved_concurrency import reserved_concurrency
from samlocal.function.spec import FunctionSpec
from samlocal.function.template_package import code_of, layers_of, stored_layers
from samlocal.function.tenancy import isolates_tenants
from samlocal.function.variables import MissingVariable, Variable, name_problem, require_known, size_problem
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.values import Unknown, text
from samlocal.template.written import written


def function_spec(
    template: Template,
    resource: Resource,
    evaluator: Evaluator,
    *,
    place: Place,
    stack: Stack | None,
    role: str | Unknown,
    variables: Iterable[Variable | MissingVariable],
    layers: Mapping[str, LocalLayer],
    deployed_layers: Callable[[], Sequence[str] | None] = lambda: None,
    region_known: bool = True,
) -> FunctionSpec:
    """Evaluates a function of the template.

    ``layers`` are the local layers: this template's by logical id, those of the whole tree by the ARNs that
    references to them give. ``deployed_layers`` asks for the ARNs that the deployed function has, None
    where there is none.

    Raises UnresolvedError when a value that it needs cannot be known, TemplateError when one is wrong.
    """
    properties = Properties(template, resource, evaluator)
    known = _variables(template, resource, variables)
    deployed = stack.resources.get(resource.logical_id) if stack else None
    name = deployed.physical_id if deployed else _name(properties) or resource.logical_id
    code = code_of(template, resource, properties)
    found: tuple[Layer, ...] = ()
    notes: tuple[str, ...] = ()
    if not isinstance(code, ImageCode):
        stored = {} if stack else stored_layers(template, evaluator)
        try:
            found = layers_of(properties, evaluator, layers, stored=stored)
        except UnresolvedError as error:
            deployed_arns = deployed_layers()
            if deployed_arns is None:
                raise
            found = tuple(layers.get(arn, RemoteLayer(arn=arn)) for arn in deployed_arns)
            notes = (f"{error.message} The deployed function's own are taken: {', '.join(deployed_arns) or 'none'}.",)
    too_large = size_problem(known)
    if too_large is not None:
        notes += (f"{template.place(resource.line_of('Environment'))}: {resource.logical_id}: {too_large}",)
    return FunctionSpec(
        logical_id=resource.logical_id,
        function_name=name,
        place=place,
        runtime=None if isinstance(code, ImageCode) else _required(properties, "Runtime"),
        handler=None if isinstance(code, ImageCode) else _handler(properties),
        architecture=architecture_of(properties),
        timeout=properties.number("Timeout", limits.TIMEOUT, default=limits.DEFAULT_TIMEOUT, unit="seconds"),
        memory=properties.number("MemorySize", limits.MEMORY, default=limits.DEFAULT_MEMORY, unit="MB"),
        storage=_storage(properties),
        code=code,
        layers=found,
        variables=known,
        role=role,
        logging=logging_config(properties, function_name=name),
        file_systems=file_systems(properties, evaluator, project=template.folder),
        isolates_tenants=isolates_tenants(properties),
        reserved_concurrency=reserved_concurrency(resource, properties, evaluator),
        location=template.place(resource.line),
        timeout_at=template.place(resource.line_of("Timeout")),
        memory_at=template.place(resource.line_of("MemorySize")),
        image_config=image_config(properties) if isinstance(code, ImageCode) else ImageConfig(),
        notes=notes,
        made_up=(
            *deciding_placeholders(resource, evaluator, {variable.name for variable in known}),
            *properties.origins,
            *(() if region_known else (f"AWS_REGION = {place.region}",)),
        ),
    )


def _variables(
    template: Template, resource: Resource, declared: Iterable[Variable | MissingVariable]
) -> tuple[Variable, ...]:
    variables = require_known(template, resource, declared)
    for variable in variables:
        problem = name_problem(variable.name)
        if "\0" in variable.value:
            # No process can be given one: its environment is text that ends at a NUL.
            raise TemplateError(
                f"{template.place(variable.line)}: {resource.logical_id}: {variable.name} holds a NUL character.",
                tip="Encode the value (Base64).",
            )
        if problem:
            raise TemplateError(
                f"{template.place(variable.line)}: {resource.logical_id}: {problem}.", tip="Give it another name."
            )
    return variables


def _required(properties: Properties, name: str) -> str:
    value = properties.text(name)
    if not value:
        raise properties.wrong(name, f"the function has no {name}")
    return value


def _name(properties: Properties) -> str | None:
    name = properties.text("FunctionName")
    if name and not limits.FUNCTION_NAME.fullmatch(name):
        raise properties.wrong(
            "FunctionName", f"FunctionName is up to 64 letters, digits, hyphens and underscores, got {name!r}"
        )
    return name


def _handler(properties: Properties) -> str:
    # A `provided` function's program gets its handler's name, but need not have one.
    provided = (properties.text("Runtime") or "").startswith("provided")
    handler = properties.text("Handler") or "bootstrap" if provided else _required(properties, "Handler")
    if not limits.HANDLER.fullmatch(handler):
        raise properties.wrong("Handler", f"Handler is up to 128 characters without white space, got {handler!r}")
    return handler


def architecture_of(properties: Properties) -> str:
    architectures = properties.items("Architectures")
    if not architectures:
        return "x86_64"
    architecture = text(properties.item("Architectures", architectures[0]))
    if len(architectures) > 1 or architecture not in ("x86_64", "arm64"):
        raise properties.wrong("Architectures", f"Architectures is [x86_64] or [arm64], got {written(architectures)}")
    return architecture


def _storage(properties: Properties) -> int:
    size = properties.mapping("EphemeralStorage").get("Size")
    if size is None:
        return limits.DEFAULT_STORAGE
    return properties.checked("EphemeralStorage", size, limits.STORAGE, "MB")
