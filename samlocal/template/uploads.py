"""What a template has on the developer's disk, where a deployment has it in S3.

``sam package`` uploads it and writes the places into the template. Here a definition is read into the template, and
code and layers are said to be in ``PLACEHOLDER_BUCKET`` until the caller tells where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.template import model, reader
from samlocal.template.document import Document, Map, Node
from samlocal.template.files import Files

PLACEHOLDER_BUCKET = "samlocal-put-aside"

# The property that takes in what DefinitionUri points at (SAM specification, the resource types' own pages).
_DEFINITIONS = {
    "AWS::Serverless::Api": "DefinitionBody",
    "AWS::Serverless::HttpApi": "DefinitionBody",
    "AWS::Serverless::StateMachine": "Definition",
}

# What is included from elsewhere into an API's definition is a document like this, with paths (CloudFormation user
# guide, AWS::Include; SAM specification, DefinitionBody). The translator adds CORS and authorizers to no less.
_DOCUMENT = {"openapi": "3.0.1", "info": {"title": "included from elsewhere", "version": "1"}, "paths": {}}

# A template as json.load would give it: the SAM translator's own form.
Plain: TypeAlias = dict[str, Any]


class CodeLocation(Struct, frozen=True, kw_only=True):
    """An object in S3."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class PutAside(Struct, frozen=True, kw_only=True):
    """A property for which a placeholder stands.

    ``path`` is where the template points on the disk, whether or not there is something; None where it points
    nowhere that the template alone tells (an intrinsic, an image yet to be built, an application of a repository).
    """

    logical_id: str
    property: str
    path: Path | None
    line: int


class Prepared(Struct, frozen=True, kw_only=True):
    """A copy of a document that the SAM translator takes. ``files`` are the definitions that were read into it."""

    template: Plain
    put_aside: tuple[PutAside, ...]
    files: tuple[Path, ...] = ()


class _Sources(Struct, frozen=True, kw_only=True):
    template: model.Template
    parameters: Mapping[str, str]
    code: Mapping[str, CodeLocation]
    disk: Files
    files: list[Path]


# A property's name, its new value, and what that stands for when it is a placeholder.
_Replacement: TypeAlias = tuple[str, "str | Plain", PutAside | None]


def prepare(
    document: Document,
    *,
    parameters: Mapping[str, str] | None = None,
    code: Mapping[str, CodeLocation] | None = None,
) -> Prepared:
    """Puts local paths aside, or in their stead the locations that ``code`` gives by logical id.

    Raises TemplateError when a definition on the disk cannot be read.
    """
    sources = _Sources(
        template=model.template(document), parameters=parameters or {}, code=code or {}, disk=document.files, files=[]
    )
    plain = _plain(document.root)
    put_aside: list[PutAside] = []
    for resource in sources.template.resources.values():
        for name, value, aside in _replaced(resource, sources):
            body = plain["Resources"][resource.logical_id]
            body["Properties"] = (body.get("Properties") or {}) | {name: value}
            if name in _DEFINITIONS.values():
                body["Properties"].pop("DefinitionUri", None)
            if aside:
                put_aside.append(aside)
    _clear_globals(plain)
    return Prepared(template=plain, put_aside=tuple(put_aside), files=tuple(sources.files))


def _replaced(resource: model.Resource, sources: _Sources) -> Iterator[_Replacement]:
    match resource.type:
        case "AWS::Serverless::Function" | "AWS::Serverless::WebFunction":
            yield from _function(resource, sources)
        case "AWS::Serverless::LayerVersion":
            yield from _uploaded(resource, "ContentUri", sources)
        case "AWS::Serverless::Api" | "AWS::Serverless::HttpApi" | "AWS::Serverless::StateMachine":
            yield from _definition(resource, sources)
        case "AWS::Serverless::Application" if isinstance(resource.properties.get("Location"), Map):
            # From the Serverless Application Repository: the translator would ask for it over the network.
            uri = f"https://{PLACEHOLDER_BUCKET}/{resource.logical_id}"
            yield "Location", uri, _aside(resource, "Location", None)
        case "AWS::Lambda::Function":
            yield from _plain_code(resource, "Code", sources)
        case "AWS::Lambda::LayerVersion":
            yield from _plain_code(resource, "Content", sources)


def _function(resource: model.Resource, sources: _Sources) -> Iterator[_Replacement]:
    if resource.properties.get("PackageType") == "Image":
        if not resource.properties.get("ImageUri"):
            uri = f"{PLACEHOLDER_BUCKET}:{resource.logical_id.lower()}"
            yield "ImageUri", uri, _aside(resource, "ImageUri", None)
    elif "InlineCode" not in resource.properties:
        yield from _uploaded(resource, "CodeUri", sources)


def _uploaded(resource: model.Resource, name: str, sources: _Sources) -> Iterator[_Replacement]:
    written = _parameter(resource.properties.get(name), sources)
    if location := sources.code.get(resource.logical_id):
        yield name, location.uri, None
    elif not _in_s3(written):
        yield name, _placeholder(resource, name).uri, _aside(resource, name, _path(written, sources))
    elif isinstance(written, str):
        yield name, written, None


def _plain_code(resource: model.Resource, name: str, sources: _Sources) -> Iterator[_Replacement]:
    # CloudFormation's own resources take a path too, from those who run `aws cloudformation package`.
    written = resource.properties.get(name)
    location = sources.code.get(resource.logical_id)
    aside = None if location else _aside(resource, name, _path(written, sources))
    if location is None and isinstance(written, str):
        location = _placeholder(resource, name)
    if location:
        yield name, {"S3Bucket": location.bucket, "S3Key": location.key}, aside


def _definition(resource: model.Resource, sources: _Sources) -> Iterator[_Replacement]:
    body = _DEFINITIONS[resource.type]
    included = _included(resource.properties.get(body))
    written = included or _parameter(resource.properties.get("DefinitionUri"), sources)
    path = _path(written, sources)
    if path is not None and sources.disk.is_file(path):
        sources.files.append(path)
        yield body, _plain(reader.read(path, sources.disk).root), None
    elif included and "://" in included and body == "DefinitionBody":
        yield body, {**_DOCUMENT, **_plain(resource.properties[body])}, None
    elif written is None or included:
        return
    elif not _in_s3(written):
        yield "DefinitionUri", _placeholder(resource, "DefinitionUri").uri, _aside(resource, "DefinitionUri", path)
    elif isinstance(written, str):
        yield "DefinitionUri", written, None


def _included(body: Node) -> str | None:
    """The location in ``Fn::Transform: {Name: AWS::Include, Parameters: {Location: openapi.yaml}}``."""
    match body:
        case {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": str(location)}}}:
            return location
    return None


def _placeholder(resource: model.Resource, name: str) -> CodeLocation:
    return CodeLocation(bucket=PLACEHOLDER_BUCKET, key=f"{resource.logical_id}/{name}")


def _aside(resource: model.Resource, name: str, path: Path | None) -> PutAside:
    return PutAside(logical_id=resource.logical_id, property=name, path=path, line=resource.line_of(name))


def _parameter(written: Node, sources: _Sources) -> Node:
    """A Ref to a parameter as the parameter's value: the translator looks into these properties itself."""
    match written:
        case {"Ref": str(name)} if name in sources.template.parameters:
            return sources.parameters.get(name, sources.template.parameters[name].default)
    return written


def _in_s3(written: Node) -> bool:
    match written:
        case Map():
            return bool(written.get("Bucket") and written.get("Key"))
        case str():
            return written.startswith("s3://")
    return False


def _path(written: Node, sources: _Sources) -> Path | None:
    if not isinstance(written, str) or "://" in written:
        return None
    return sources.template.folder / written


def _clear_globals(plain: Plain) -> None:
    """Takes out of Globals what every resource has been given a value of its own for."""
    sections = plain.get("Globals")
    for section in sections.values() if isinstance(sections, dict) else ():
        for name in ("CodeUri", "DefinitionUri", "ContentUri"):
            value = section.get(name) if isinstance(section, dict) else None
            if isinstance(value, str) and not value.startswith("s3://"):
                del section[name]


def _plain(node: Node) -> Any:
    match node:
        case dict():
            return {key: _plain(value) for key, value in node.items()}
        case list():
            return [_plain(item) for item in node]
    return node
