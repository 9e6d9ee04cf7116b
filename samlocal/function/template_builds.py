"""What there is to build of a template."""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.function.application import Application
from samlocal.function.build_metadata import build_metadata
from samlocal.function.build_target import BuildTarget
from samlocal.function.evaluation import architecture_of
from samlocal.function.package import LocalCode, LocalLayer
from samlocal.function.properties import Properties
from samlocal.function.spec import FunctionSpec
from samlocal.function.template_package import code_of, layers_of, local_layers
from samlocal.function.variables import Variable
from samlocal.template.model import Resource


def function_target(owner: Application, resource: Resource) -> BuildTarget | None:
    """None for a function that is not built from a folder: an image, inline source, an archive, SkipBuild.

    Raises TemplateError and UnresolvedError. The function's variables need not be known.
    """
    properties = Properties(owner.template, resource, owner.evaluator)
    code = code_of(owner.template, resource, properties)
    runtime = properties.text("Runtime")
    if not isinstance(code, LocalCode) or runtime is None or owner.files.is_file(code.path):
        return None
    metadata = build_metadata(owner.template, resource, owner.evaluator)
    if metadata.skip:
        return None
    return BuildTarget(
        path=owner.path(resource),
        logical_id=resource.logical_id,
        source=code.path.resolve(),
        runtime=runtime,
        handler=properties.text("Handler"),
        architecture=architecture_of(properties),
        metadata=metadata,
        node_options=_node_options(owner, resource) if metadata.method == "esbuild" else "",
        asset=resource.asset_path is not None,
    )


def function_targets(application: Application, function_id: str, spec: FunctionSpec) -> tuple[BuildTarget, ...]:
    """A function's own target and those of its layers as they are specified. Raises as ``function_target`` does."""
    owner, resource = application.find(function_id)
    # Where the template cannot say which layers, they are the deployed function's.
    layers = (layer_target(owner, layer) for layer in spec.layers if isinstance(layer, LocalLayer))
    return tuple(target for target in (function_target(owner, resource), *layers) if target is not None)


def layer_target(owner: Application, layer: LocalLayer) -> BuildTarget | None:
    """None for a layer that is used as it lies there: one without a BuildMethod (SAM developer guide)."""
    metadata = layer.build
    if metadata is None or metadata.method is None or metadata.skip or owner.files.is_file(layer.path):
        return None
    return BuildTarget(
        # A layer of another template of the tree goes by its own name: nothing tells the way to it.
        path=(owner.prefix if metadata.template == owner.template.path else "") + layer.logical_id,
        logical_id=layer.logical_id,
        source=layer.path.resolve(),
        runtime=None,
        handler=None,
        architecture=metadata.architecture or "x86_64",
        metadata=metadata,
    )


def layer_targets(owner: Application) -> Iterator[BuildTarget]:
    """Every layer of the template and of its nested ones that is built."""
    for layer in local_layers(owner.template, owner.evaluator).values():
        target = layer_target(owner, layer)
        if target is not None:
            yield target
    for child in owner.children():
        yield from layer_targets(child)


def targets(owner: Application, resource: Resource) -> tuple[BuildTarget, ...]:
    """A function's own target and those of its layers. Raises as ``function_target`` does."""
    properties = Properties(owner.template, resource, owner.evaluator)
    found = [function_target(owner, resource)]
    if properties.text("PackageType") != "Image":
        local = owner.local_layers
        layers = layers_of(properties, owner.evaluator, local)
        found += [layer_target(owner, layer) for layer in layers if isinstance(layer, LocalLayer)]
    return tuple(target for target in found if target is not None)


def _node_options(owner: Application, resource: Resource) -> str:
    for variable in owner.variables(resource):
        if variable.name == "NODE_OPTIONS" and isinstance(variable, Variable):
            return variable.value
    return ""
