"""A function as an editor debugs it: the command that starts it, the port, and which folder here is which there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from samlocal.function.package import Code, DeployedCode, ImageCode, Layer, LocalCode, LocalLayer
from samlocal.sandbox.debug.language import Language

WAITS = r"(waiting for the debugger|a debugger can attach) at 127\.0\.0\.1:"
"""A regular expression, JavaScript's too, of what samlocal says when it is time to attach."""

_PORTS = {
    Language.PYTHON: 5678,
    Language.NODE: 9229,
    Language.JAVA: 5005,
    Language.RUBY: 12345,
    Language.DOTNET: 5858,
    Language.PROGRAM: 2345,
}


class Mapping(Struct, frozen=True, kw_only=True):
    """A folder of this machine and where the function has it."""

    local: Path
    remote: str


class DebugTarget(Struct, frozen=True, kw_only=True):
    """``name`` is the way to the function from the top template, ``command`` starts it and waits."""

    name: str
    language: Language
    port: int
    command: tuple[str, ...]
    mappings: tuple[Mapping, ...]

    @property
    def title(self) -> str:
        return f"samlocal: {self.name}"

    @property
    def file_name(self) -> str:
        return self.title.replace(": ", "-").replace("/", "-")

    @property
    def source(self) -> Mapping | None:
        """The code's own folder, where it has one here."""
        return next((mapping for mapping in self.mappings if mapping.remote == "/var/task"), None)


def debug_target(
    name: str,
    *,
    language: Language,
    code: Code,
    layers: Iterable[Layer],
    options: Sequence[str],
    port: int | None,
) -> DebugTarget:
    """``options`` are the user's for `samlocal invoke`; ``port`` is the language's usual one where it is None."""
    chosen = port or _PORTS[language]
    return DebugTarget(
        name=name,
        language=language,
        port=chosen,
        command=("samlocal", "invoke", name, *options, "--debug-port", str(chosen)),
        mappings=(*_of_code(code), *(mapping for layer in layers for mapping in _of_layer(layer, language))),
    )


def _of_code(code: Code) -> tuple[Mapping, ...]:
    match code:
        case LocalCode(path=path, built_from=source):
            return (Mapping(local=(source or path).resolve(), remote="/var/task"),)
        case DeployedCode(working_copy=LocalCode() as copy):
            return _of_code(copy)
        case ImageCode(build=build) if build is not None:
            return (Mapping(local=build.context.resolve(), remote="/var/task"),)
    return ()


def _of_layer(layer: Layer, language: Language) -> tuple[Mapping, ...]:
    """A built layer has its sources in a folder of the language's (SAM developer guide, "Building layers")."""
    if not isinstance(layer, LocalLayer):
        return ()
    built = layer.built_from is not None or (layer.build is not None and layer.build.method is not None)
    folder = {Language.PYTHON: "/python", Language.NODE: "/nodejs"}.get(language, "") if built else ""
    return (Mapping(local=(layer.built_from or layer.path).resolve(), remote=f"/opt{folder}"),)
