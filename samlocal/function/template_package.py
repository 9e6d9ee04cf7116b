"""A function's code and layers as the template names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samlocal.errors import TemplateError, UnresolvedError
from samlocal.function import limits
from samlocal.function.build_metadata import build_metadata
from samlocal.function.image_config import image_build
from samlocal.function.package import (
    Code,
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
from samlocal.function.serverless_package import archive_at_hand
from samlocal.template.document import Map
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.values import Json, Known, text
from samlocal.template.written import written


def code_of(template: Template, resource: Resource, properties: Properties) -> Code:
    if resource.asset_path is not None and properties.text("PackageType") != "Image":
        return LocalCode(path=template.folder / resource.asset_path)
    serverless = resource.type == "AWS::Serverless::Function"
    if properties.text("PackageType") == "Image":
        build = image_build(template, resource, properties)
        if build is not None and template.document.files.is_folder(build.context):
            # What the template calls the image does not matter then, and may be unknown before it is deployed.
            return ImageCode(uri=None, build=build)
        image = properties.text("ImageUri") if serverless else properties.mapping("Code").get("ImageUri")
        return ImageCode(uri=None if image is None else text(image), build=build)
    if serverless:
        inline = properties.text("InlineCode")
        if inline is not None:
            return InlineCode(source=inline)
    return _content(template, resource, properties, "CodeUri" if serverless else "Code")


def _content(template: Template, resource: Resource, properties: Properties, name: str) -> Code:
    node = resource.properties.get(name)
    key = node.get("S3Key", node.get("Key")) if isinstance(node, Map) else None
    # Where the archive is at hand its bucket does not matter, which may be unknown before it is deployed.
    at_hand = None if key is None else archive_at_hand(template, text(properties.item(name, key)))
    return at_hand or _located(template, properties, name, properties.value(name))


def _located(template: Template, properties: Properties, name: str, uri: Json) -> Code:
    match uri:
        case None:
            return LocalCode(path=template.folder)
        case str() if uri.startswith("s3://"):
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            return archive_at_hand(template, key) or S3Code(bucket=bucket, key=key)
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


def layers_of(
    properties: Properties,
    evaluator: Evaluator,
    local: Mapping[str, LocalLayer],
    *,
    stored: Mapping[str, StoredLayer] | None = None,
) -> tuple[Layer, ...]:
    """A function's layers in their order; ``stored`` are the template's own in S3, by logical id."""
    stored = stored or {}
    layers: list[Layer] = []
    for node in properties.items("Layers"):
        # A layer of the templates is taken from its folder, so that a change is seen before it is deployed.
        chosen = evaluator.branch(node)
        own = chosen.get("Ref") if isinstance(chosen, Map) else None
        if isinstance(own, str) and own in local:
            layers.append(local[own])
            continue
        if isinstance(own, str) and own in stored:
            layers.append(stored[own])
            continue
        value = properties.item("Layers", node)
        answer = evaluator.evaluate(node)
        invented = isinstance(answer, Known) and answer.placeholder
        for arn in value if isinstance(value, list) else [value]:
            if arn is None:
                continue
            if invented and text(arn) not in local:
                layers.append(RemoteLayer(arn=text(arn), placeholder=written(node)))
                continue
            if not isinstance(arn, str) or not arn.startswith("arn:") or ":layer:" not in arn:
                raise TemplateError(
                    f"{properties.place('Layers')}: Layers needs an ARN, got {text(arn)}.",
                    tip="Write !Ref MyLayer or a layer version ARN.",
                )
            layers.append(local.get(arn, RemoteLayer(arn=arn)))
    if len(layers) > limits.LAYERS:
        raise properties.wrong("Layers", f"a function has at most {limits.LAYERS} layers, this one {len(layers)}")
    _check_versions(properties, layers)
    return tuple(layers)


def _check_versions(properties: Properties, layers: Sequence[Layer]) -> None:
    """Lambda takes one version of each layer (Lambda developer guide, "Adding layers to functions")."""
    seen: set[object] = set()
    for layer in layers:
        match layer:
            case LocalLayer(logical_id=name, path=path):
                key: object = (name, path)
            case StoredLayer(logical_id=name):
                key = name
            case RemoteLayer(arn=arn):
                key = name = arn.rpartition(":")[0]
        if key in seen:
            raise properties.wrong("Layers", f"the layer {name} stands there twice; one version of each is allowed")
        seen.add(key)


def stored_layers(template: Template, evaluator: Evaluator) -> dict[str, StoredLayer]:
    """The layers whose content is in S3, by their logical ids."""
    layers: dict[str, StoredLayer] = {}
    for resource in template.layers:
        name = "ContentUri" if resource.type == "AWS::Serverless::LayerVersion" else "Content"
        properties = Properties(template, resource, evaluator)
        try:
            content = _content(template, resource, properties, name)
        except (TemplateError, UnresolvedError):
            continue
        if resource.asset_path is None and isinstance(content, S3Code):
            layers[resource.logical_id] = StoredLayer(logical_id=resource.logical_id, content=content)
    return layers


def local_layers(template: Template, evaluator: Evaluator) -> dict[str, LocalLayer]:
    """The layers whose content lies beside the template, by their logical ids."""
    layers: dict[str, LocalLayer] = {}
    for resource in template.layers:
        name = "ContentUri" if resource.type == "AWS::Serverless::LayerVersion" else "Content"
        properties = Properties(template, resource, evaluator)
        try:
            build = build_metadata(template, resource, evaluator)
            if resource.asset_path is not None:
                path = template.folder / resource.asset_path
                layers[resource.logical_id] = LocalLayer(logical_id=resource.logical_id, path=path, build=build)
                continue
            content = _content(template, resource, properties, name)
        except (TemplateError, UnresolvedError):
            # Only a function that uses the layer is concerned, and is told so.
            continue
        if isinstance(content, LocalCode):
            layers[resource.logical_id] = LocalLayer(logical_id=resource.logical_id, path=content.path, build=build)
    return layers
