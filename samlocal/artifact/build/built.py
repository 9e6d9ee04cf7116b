"""What has been built, and a function that runs from it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.build.last_build import LastBuild
from samlocal.errors import BuildError
from samlocal.function.build_target import BuildTarget
from samlocal.function.package import Layer, LocalCode, LocalLayer
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import Variable
from samlocal.template.values import Origin as ValueOrigin

_SOURCE_MAPS = "--enable-source-maps"


class Origin(Enum):
    """How a built folder came to be."""

    BUILT = "built"
    UNCHANGED = "unchanged"
    SAM_BUILD = "built by sam build"
    OUTDATED = "older than its sources"


class Built(Struct, frozen=True, kw_only=True):
    """A function or layer that is built: ``folder`` is what stands at /var/task or /opt, ``source`` what it is from.

    ``seconds`` is what the build took, and ``age`` how long ago it was made where it was not made now.
    """

    target: BuildTarget
    folder: Path
    source: Path
    origin: Origin
    seconds: float = 0.0
    age: float = 0.0
    source_maps: bool = False


class BuildFailed(Struct, frozen=True, kw_only=True):
    """A build that failed; ``last`` is the last one that did not, which is kept."""

    target: BuildTarget
    error: BuildError
    last: LastBuild | None


BuildOutcome: TypeAlias = Built | BuildFailed


def from_builds(spec: FunctionSpec, builds: Iterable[Built]) -> FunctionSpec:
    """The function with its code and its layers from where they were built; what was not built stays as it is."""
    layers = {(built.target.logical_id, built.target.source): built for built in builds if built.target.is_layer}
    own = next((built for built in builds if not built.target.is_layer), None)
    spec = replace(spec, layers=tuple(_layer(layer, layers) for layer in spec.layers))
    if own is None:
        return spec
    return replace(
        spec,
        code=LocalCode(path=own.folder, built_from=own.source),
        handler=_handler(spec.handler, own.folder),
        variables=_with_source_maps(spec.variables) if own.source_maps else spec.variables,
    )


def _layer(layer: Layer, builds: dict[tuple[str, Path], Built]) -> Layer:
    if isinstance(layer, LocalLayer):
        built = builds.get((layer.logical_id, layer.path.resolve()))
        if built is not None:
            return replace(layer, path=built.folder, built_from=built.source)
    return layer


def _handler(handler: str | None, folder: Path) -> str | None:
    """esbuild puts one entry point's bundle at the top, and SAM CLI moves the handler after it: src/app.handler."""
    if handler is None or "/" not in handler:
        return handler
    module, dot, function = handler.rpartition(".")
    if any((folder / f"{module}{ending}").exists() for ending in (".js", ".mjs", ".cjs", ".py", ".rb")):
        return handler
    name = PurePosixPath(module).name
    there = any((folder / f"{name}{ending}").exists() for ending in (".js", ".mjs", ".cjs"))
    return f"{name}{dot}{function}" if there else handler


def _with_source_maps(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Node reads source maps when told to; SAM CLI sets the same in the template that it builds."""
    name = "NODE_OPTIONS"
    before = next((variable for variable in variables if variable.name == name), None)
    if before is not None and _SOURCE_MAPS in before.value:
        return variables
    told = Variable(
        name=name,
        value=f"{before.value} {_SOURCE_MAPS}" if before else _SOURCE_MAPS,
        origins=(*(before.origins if before else ()), ValueOrigin(text="Metadata BuildProperties: Sourcemap")),
        line=before.line if before else 0,
    )
    return (*(variable for variable in variables if variable.name != name), told)
