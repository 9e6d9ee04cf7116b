"""A template's parts, with Globals merged into the resources they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from samlocal.errors import TemplateError
from samlocal.template.document import Document, Map, Node, Problem, Seq, place

FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Lambda::Function")
LAYER_TYPES = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")
STACK_TYPES = ("AWS::Serverless::Application", "AWS::CloudFormation::Stack")

# Sections of Globals and the resource types they are merged into (SAM specification, Globals section).
_GLOBALS = {
    "Function": "AWS::Serverless::Function",
    "Api": "AWS::Serverless::Api",
    "HttpApi": "AWS::Serverless::HttpApi",
    "WebSocketApi": "AWS::Serverless::WebSocketApi",
    "SimpleTable": "AWS::Serverless::SimpleTable",
    "StateMachine": "AWS::Serverless::StateMachine",
    "LayerVersion": "AWS::Serverless::LayerVersion",
    "CapacityProvider": "AWS::Serverless::CapacityProvider",
}

# CloudFormation user guide, "Quotas".
_RESOURCES = 500
_BYTES = 1_000_000

# Lists that a resource's own list replaces instead of adding to it.
_REPLACED = frozenset({"Architectures"})


class Resource(Struct, frozen=True, kw_only=True):
    """One resource. ``properties`` hold what Globals give it; ``body`` is the resource as written."""

    logical_id: str
    type: str
    properties: Map
    body: Map
    line: int

    @property
    def condition(self) -> str | None:
        name = self.body.get("Condition")
        return name if isinstance(name, str) else None

    @property
    def metadata(self) -> Map:
        metadata = self.body.get("Metadata")
        return metadata if isinstance(metadata, Map) else Map(line=self.line)

    @property
    def asset_path(self) -> str | None:
        """Where CDK put the resource's code or content, relative to the template (CDK, "asset metadata")."""
        path = self.metadata.get("aws:asset:path")
        return path if isinstance(path, str) else None

    @property
    def construct_paths(self) -> tuple[str, ...]:
        """CDK's own names of the resource: ``Shop/Orders/Handler/Resource`` is the construct ``Shop/Orders/Handler``,
        which its stack calls ``Orders/Handler`` and what holds it ``Handler``. The longest first."""
        path = self.metadata.get("aws:cdk:path")
        if not isinstance(path, str):
            return ()
        names = [name for name in path.split("/") if name not in ("Resource", "Default")]
        return tuple("/".join(names[index:]) for index in range(len(names)))

    def line_of(self, name: str) -> int:
        """Where a property stands, or the resource itself when it has no such property."""
        return self.properties.lines.get(name, self.line)


class Parameter(Struct, frozen=True, kw_only=True):
    """A template parameter. ``default`` is text as CloudFormation passes it, None where there is none."""

    name: str
    type: str
    default: str | None
    no_echo: bool
    allowed: tuple[str, ...]
    line: int
    pattern: str | None = None
    lengths: tuple[str | None, str | None] = (None, None)
    least: str | None = None
    most: str | None = None
    description: str | None = None
    """ConstraintDescription: what a value has to be, in the template's own words."""

    @property
    def is_list(self) -> bool:
        return (
            self.type.startswith(("List<", "CommaDelimitedList"))
            or "<List<" in self.type
            or "<CommaDelimitedList" in self.type
        )

    @property
    def is_ssm(self) -> bool:
        return self.type.startswith("AWS::SSM::Parameter::Value<")


class Template(Struct, frozen=True, kw_only=True):
    """A template understood part by part; what could not be understood is in ``problems``."""

    path: Path
    document: Document
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Parameter]
    mappings: Map
    conditions: Map
    outputs: Map
    problems: tuple[Problem, ...] = field(default=())

    @property
    def functions(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources.values() if resource.type in FUNCTION_TYPES)

    @property
    def layers(self) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources.values() if resource.type in LAYER_TYPES)

    @property
    def folder(self) -> Path:
        """Relative paths in the template start here."""
        return self.path.parent

    def place(self, line: int) -> str:
        """``template.yaml:14``, the form that editors follow."""
        return place(self.path, line)


def template(document: Document) -> Template:
    """Understands a document.

    Raises TemplateError when it has no Resources; one bad resource is a problem, not an error.
    """
    root = document.root
    problems = list(document.problems)
    declared = root.get("Resources")
    if not isinstance(declared, Map):
        raise TemplateError(
            f"{document.path}:{root.line_of('Resources') or 1}: the template has no Resources section.",
            tip="A SAM template holds its functions under `Resources:`.",
        )
    merge = _globals(root, problems, document.path)
    resources = {resource.logical_id: resource for resource in _resources(declared, merge, problems, document.path)}
    problems += _too_large(document, len(resources), root.line_of("Resources"))
    return Template(
        path=document.path,
        document=document,
        resources=resources,
        parameters={parameter.name: parameter for parameter in _parameters(root, problems, document.path)},
        mappings=_section(root, "Mappings", problems, document.path),
        conditions=_section(root, "Conditions", problems, document.path),
        outputs=_section(root, "Outputs", problems, document.path),
        problems=tuple(problems),
    )


def _too_large(document: Document, resources: int, line: int) -> Iterator[Problem]:
    over = []
    if resources > _RESOURCES:
        over.append(f"{resources:,} resources, CloudFormation takes {_RESOURCES}")
    if document.size > _BYTES:
        over.append(f"{document.size:,} bytes, CloudFormation takes {_BYTES:,}")
    if over:
        yield Problem(path=document.path, line=line, message=f"the template has {'; '.join(over)}.")


def is_intrinsic(node: Node) -> bool:
    """Whether a value is an intrinsic function: a mapping whose only key is Ref, Condition or Fn::…"""
    if not isinstance(node, Map) or len(node) != 1:
        return False
    (name,) = node
    return name in ("Ref", "Condition") or name.startswith("Fn::")


def merge(inherited: Node, own: Node, *, name: str = "") -> Node:
    """Globals under a resource's own value: maps merge, lists add, anything else is the resource's.

    An intrinsic counts as a scalar (SAM specification, Globals section, "Overridable").
    """
    if isinstance(inherited, Map) and isinstance(own, Map) and not is_intrinsic(inherited) and not is_intrinsic(own):
        result = Map(dict(inherited), line=own.line)
        result.lines = inherited.lines | own.lines
        for key, value in own.items():
            result[key] = merge(inherited[key], value, name=key) if key in inherited else value
        return result
    if isinstance(inherited, Seq) and isinstance(own, Seq) and name not in _REPLACED:
        result_list = Seq([*inherited, *own], line=own.line)
        result_list.lines = [*inherited.lines, *own.lines]
        return result_list
    return own


def _section(root: Map, name: str, problems: list[Problem], path: Path) -> Map:
    section = root.get(name)
    if isinstance(section, Map):
        return section
    if section is not None:
        problems.append(Problem(path=path, line=root.line_of(name), message=f"{name} is a mapping; this is not."))
    return Map(line=root.line_of(name))


def _globals(root: Map, problems: list[Problem], path: Path) -> Mapping[str, Map]:
    section = _section(root, "Globals", problems, path)
    merged: dict[str, Map] = {}
    for name, value in section.items():
        if name in _GLOBALS and isinstance(value, Map):
            merged[_GLOBALS[name]] = value
        elif name in _GLOBALS:
            if value is not None:
                problems.append(
                    Problem(
                        path=path, line=section.line_of(name), message=f"Globals: {name} is a mapping; this is not."
                    )
                )
        else:
            problems.append(
                Problem(
                    path=path,
                    line=section.line_of(name),
                    message=f"Globals has no section {name}; it is left out.",
                )
            )
    return merged


def _resources(
    declared: Map, inherited: Mapping[str, Map], problems: list[Problem], path: Path
) -> Iterator[Resource]:
    for logical_id, body in declared.items():
        line = declared.line_of(logical_id)
        if logical_id.startswith("Fn::"):
            continue
        if not isinstance(body, Map) or not isinstance(body.get("Type"), str):
            problems.append(
                Problem(
                    path=path,
                    line=line,
                    message=f"{logical_id} is no resource: it has no Type. It is left out.",
                )
            )
            continue
        properties = body.get("Properties")
        if properties is not None and not isinstance(properties, Map):
            problems.append(
                Problem(
                    path=path,
                    line=line,
                    message=f"{logical_id}: Properties is a mapping; this is not. It is left out.",
                )
            )
            continue
        type_ = str(body["Type"])
        own = properties if isinstance(properties, Map) else Map(line=line)
        yield Resource(
            logical_id=logical_id,
            type=type_,
            properties=_with_globals(own, inherited.get(type_), ignored=body.get("IgnoreGlobals")),
            body=body,
            line=line,
        )


def _with_globals(own: Map, inherited: Map | None, *, ignored: Node) -> Map:
    if inherited is None or ignored == "*":
        return own
    left_out = {str(name) for name in ignored} if isinstance(ignored, Seq) else set()
    kept = Map({key: value for key, value in inherited.items() if key not in left_out}, line=own.line)
    kept.lines = inherited.lines
    merged = merge(kept, own)
    return merged if isinstance(merged, Map) else own


def _parameters(root: Map, problems: list[Problem], path: Path) -> Iterator[Parameter]:
    section = _section(root, "Parameters", problems, path)
    for name, body in section.items():
        line = section.line_of(name)
        if not isinstance(body, Map):
            problems.append(Problem(path=path, line=line, message=f"Parameter {name} is a mapping; this is not."))
            continue
        default = body.get("Default")
        allowed = body.get("AllowedValues")
        yield Parameter(
            name=name,
            type=str(body.get("Type", "String")),
            default=None if default is None else parameter_text(default),
            no_echo=str(body.get("NoEcho", False)).lower() == "true",
            allowed=tuple(parameter_text(value) for value in allowed) if isinstance(allowed, Seq) else (),
            line=line,
            pattern=_constraint(body, "AllowedPattern"),
            lengths=(_constraint(body, "MinLength"), _constraint(body, "MaxLength")),
            least=_constraint(body, "MinValue"),
            most=_constraint(body, "MaxValue"),
            description=_constraint(body, "ConstraintDescription"),
        )


def _constraint(body: Map, name: str) -> str | None:
    value = body.get(name)
    return None if value is None or isinstance(value, (Map, Seq)) else parameter_text(value)


def parameter_text(value: Node) -> str:
    """A parameter's value as CloudFormation passes it: text, lists joined by commas."""
    match value:
        case bool():
            return "true" if value else "false"
        case Seq():
            return ",".join(parameter_text(item) for item in value)
        case None:
            return ""
    return str(value)
