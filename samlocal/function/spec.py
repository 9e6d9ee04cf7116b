"""A function, ready to be run: every property of the template with its real value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from samlocal.config import nearest
from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.errors import FunctionNotFoundError, TemplateError, UnresolvedError
from samlocal.function import limits
from samlocal.function.environment import (
    MissingVariable,
    Variable,
    name_problem,
    require_known,
)
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.reader import Map, Node, Seq
from samlocal.template.values import Json, Known, Unknown, text, written


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCode:
    """A folder or an archive beside the template."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineCode:
    """Source that stands in the template."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Code:
    """An archive in S3."""

    bucket: str
    key: str
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCode:
    """A container image; ``uri`` is None where the template leaves it to a build."""

    uri: str | None


Code: TypeAlias = LocalCode | InlineCode | S3Code | ImageCode


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLayer:
    """A layer of the template whose content lies beside it."""

    logical_id: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLayer:
    """A layer version in AWS."""

    arn: str


Layer: TypeAlias = LocalLayer | RemoteLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """What is run. ``timeout`` is in seconds, ``memory`` and ``storage`` (``/tmp``) in MB."""

    logical_id: str
    function_name: str
    place: Place
    runtime: str | None
    handler: str | None
    architecture: str
    timeout: int
    memory: int
    storage: int
    code: Code
    layers: tuple[Layer, ...]
    variables: tuple[Variable, ...]
    role_arn: str | None
    log_group: str
    log_format: str
    location: str

    @property
    def arn(self) -> str:
        place = self.place
        return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{self.function_name}"

    @property
    def is_image(self) -> bool:
        return isinstance(self.code, ImageCode)

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The expressions that stand for nothing deployed, each once."""
        return tuple(dict.fromkeys(name for variable in self.variables for name in variable.placeholders))


class Properties:
    """Reads one resource's properties as values of the right type.

    Raises UnresolvedError where a value cannot be known and TemplateError where it is of the wrong kind.
    """

    def __init__(self, template: Template, resource: Resource, evaluator: Evaluator) -> None:
        self._template = template
        self._resource = resource
        self._evaluator = evaluator

    def value(self, name: str) -> Json:
        return self._known(name, self._resource.properties.get(name))

    def text(self, name: str) -> str | None:
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, (list, dict)):
            raise self.wrong(name, f"{name} needs text, got {written(self._resource.properties[name])}")
        return text(value)

    def number(self, name: str, allowed: range, *, default: int, unit: str) -> int:
        written_text = self.text(name)
        return default if written_text is None else self.checked(name, written_text, allowed, unit)

    def checked(self, name: str, value: Json, allowed: range, unit: str) -> int:
        try:
            number = int(text(value))
        except ValueError:
            raise self.wrong(name, f"{name} needs a number of {unit}, got {text(value)!r}") from None
        if number not in allowed:
            raise self.wrong(name, f"{name} is {allowed.start} to {allowed.stop - 1} {unit}, got {number}")
        return number

    def mapping(self, name: str) -> Mapping[str, Json]:
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(name, f"{name} needs a mapping")
        return value

    def items(self, name: str) -> Seq:
        """A list whose items are still expressions."""
        node = self._evaluator.branch(self._resource.properties.get(name))
        if isinstance(node, Unknown):
            raise self._unresolved(name, node)
        if node is None:
            return Seq()
        if isinstance(node, Seq):
            return node
        value = self._known(name, node)
        if not isinstance(value, list):
            raise self.wrong(name, f"{name} needs a list, got {written(node)}")
        return Seq([text(item) for item in value], line=self._resource.line_of(name))

    def item(self, name: str, node: Node) -> Json:
        return self._known(name, node)

    def wrong(self, name: str, what: str) -> TemplateError:
        return TemplateError(f"{self.place(name)}: {self._resource.logical_id}: {what}.")

    def place(self, name: str) -> str:
        return self._template.place(self._resource.line_of(name))

    def _known(self, name: str, node: Node) -> Json:
        match self._evaluator.evaluate(node):
            case Known(value=value):
                return value
            case Unknown() as unknown:
                raise self._unresolved(name, unknown)
        return None

    def _unresolved(self, name: str, unknown: Unknown) -> UnresolvedError:
        return UnresolvedError(
            f"{self.place(name)}: {self._resource.logical_id}: {name} = {unknown.expression}: {unknown.reason}.",
            tip=unknown.tip,
        )


def find_function(template: Template, evaluator: Evaluator, wanted: str, *, stack: Stack | None) -> Resource:
    """A function by logical id, deployed name, or the name that the template gives it.

    Raises FunctionNotFoundError, which names the nearest.
    """
    functions = {function.logical_id: function for function in template.functions}
    if wanted in functions:
        return functions[wanted]
    named: dict[str, Resource] = {}
    for function in functions.values():
        if stack is not None and function.logical_id in stack.resources:
            named[stack.resources[function.logical_id].physical_id] = function
        answer = evaluator.evaluate(function.properties.get("FunctionName"))
        if isinstance(answer, Known) and isinstance(answer.value, str):
            named.setdefault(answer.value, function)
    if wanted in named:
        return named[wanted]
    if not functions:
        raise FunctionNotFoundError(f"{template.path}: the template has no functions.")
    raise FunctionNotFoundError(
        f"{template.path}: there is no function {wanted}{nearest(wanted, [*functions, *named])}",
        tip=f"The template has {', '.join(functions)}.",
    )


def function_spec(
    template: Template,
    resource: Resource,
    evaluator: Evaluator,
    *,
    place: Place,
    stack: Stack | None,
    role_arn: str | None,
    variables: Iterable[Variable | MissingVariable],
    layers: Mapping[str, LocalLayer],
) -> FunctionSpec:
    """Evaluates a function of the template.

    ``layers`` are the local layers: this template's by logical id, those of the whole tree by the ARNs that
    references to them give.

    Raises UnresolvedError when a value that it needs cannot be known, TemplateError when one is wrong.
    """
    properties = Properties(template, resource, evaluator)
    deployed = stack.resources.get(resource.logical_id) if stack else None
    name = deployed.physical_id if deployed else properties.text("FunctionName") or resource.logical_id
    logging = properties.mapping("LoggingConfig")
    code = code_of(template, resource, properties)
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
        layers=() if isinstance(code, ImageCode) else layers_of(properties, evaluator, layers),
        variables=_variables(template, resource, variables),
        role_arn=role_arn,
        log_group=text(logging.get("LogGroup", f"/aws/lambda/{name}")),
        log_format=text(logging.get("LogFormat", "Text")),
        location=template.place(resource.line),
    )


def _variables(
    template: Template, resource: Resource, declared: Iterable[Variable | MissingVariable]
) -> tuple[Variable, ...]:
    variables = require_known(template, resource, declared)
    for variable in variables:
        problem = name_problem(variable.name)
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


def _handler(properties: Properties) -> str:
    # A `provided` function's program gets its handler's name, but need not have one.
    if (properties.text("Runtime") or "").startswith("provided"):
        return properties.text("Handler") or "bootstrap"
    return _required(properties, "Handler")


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


def code_of(template: Template, resource: Resource, properties: Properties) -> Code:
    serverless = resource.type == "AWS::Serverless::Function"
    if properties.text("PackageType") == "Image":
        image = properties.text("ImageUri") if serverless else properties.mapping("Code").get("ImageUri")
        return ImageCode(uri=None if image is None else text(image))
    if serverless:
        inline = properties.text("InlineCode")
        if inline is not None:
            return InlineCode(source=inline)
        uri, name = properties.value("CodeUri"), "CodeUri"
    else:
        uri, name = properties.value("Code"), "Code"
    return _located(template, properties, name, uri)


def _located(template: Template, properties: Properties, name: str, uri: Json) -> Code:
    match uri:
        case None:
            return LocalCode(path=template.folder)
        case str() if uri.startswith("s3://"):
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            return S3Code(bucket=bucket, key=key)
        case str():
            return LocalCode(path=template.folder / uri)
        case {"ZipFile": str() as source}:
            return InlineCode(source=source)
        case {"ImageUri": str() as image}:
            return ImageCode(uri=image)
        case {"S3Bucket": bucket, "S3Key": key} | {"Bucket": bucket, "Key": key}:
            version = uri.get("S3ObjectVersion", uri.get("Version")) if isinstance(uri, dict) else None
            return S3Code(bucket=text(bucket), key=text(key), version=None if version is None else text(version))
    raise properties.wrong(name, f"{name} is a path, an S3 location or inline source, got {text(uri)}")


def layers_of(properties: Properties, evaluator: Evaluator, local: Mapping[str, LocalLayer]) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for node in properties.items("Layers"):
        # A layer of the templates is taken from its folder, so that a change is seen before it is deployed.
        chosen = evaluator.branch(node)
        own = chosen.get("Ref") if isinstance(chosen, Map) else None
        if isinstance(own, str) and own in local:
            layers.append(local[own])
            continue
        value = properties.item("Layers", node)
        for arn in value if isinstance(value, list) else [value]:
            if arn is None:
                continue
            if not isinstance(arn, str) or not arn.startswith("arn:") or ":layer:" not in arn:
                raise TemplateError(
                    f"{properties.place('Layers')}: Layers needs an ARN, got {text(arn)}.",
                    tip="Write !Ref MyLayer or a layer version ARN.",
                )
            layers.append(local.get(arn, RemoteLayer(arn=arn)))
    if len(layers) > limits.LAYERS:
        raise properties.wrong("Layers", f"a function has at most {limits.LAYERS} layers, this one {len(layers)}")
    return tuple(layers)


def local_layers(template: Template, evaluator: Evaluator) -> dict[str, LocalLayer]:
    """The layers whose content lies beside the template, by their logical ids."""
    layers: dict[str, LocalLayer] = {}
    for resource in template.layers:
        name = "ContentUri" if resource.type == "AWS::Serverless::LayerVersion" else "Content"
        properties = Properties(template, resource, evaluator)
        try:
            content = _located(template, properties, name, properties.value(name))
        except (TemplateError, UnresolvedError):
            # Only a function that uses the layer is concerned, and is told so.
            continue
        if isinstance(content, LocalCode):
            layers[resource.logical_id] = LocalLayer(logical_id=resource.logical_id, path=content.path)
    return layers
