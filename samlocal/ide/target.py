"""A function as an editor debugs it: the command that starts it, the port, and which folder here is which there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from samlocal.function.package import Code, DeployedCode, ImageCode, Layer, LocalCode, LocalLayer
from samlocal.sandbox.debug.language import Language

WAITS = r"(waiting for the debugger|a debugger can attach) at 127\.0\.0\.1:"
"""A regular expression, JavaScript's too, of what samlocal says when it is time to attach."""

RELOADS = r"reloaded "
"""One of what it says when something has been saved."""

INVOKE = "invoke"
COMMANDS = (INVOKE, "watch", "start-lambda", "start-api")
"""What may start a function for an editor. All but the first stay, and it is attached to again after each save."""

OF_SEVERAL = ("start-lambda", "start-api")

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
    """``name`` is the way to the function from the top template, ``command`` starts it and waits.

    ``starts`` is which of samlocal's commands that is.
    """

    name: str
    starts: str
    language: Language
    port: int
    command: tuple[str, ...]
    mappings: tuple[Mapping, ...]

    @property
    def title(self) -> str:
        return f"samlocal: {self.name}" if self.starts == INVOKE else f"samlocal {self.starts}: {self.name}"

    @property
    def file_name(self) -> str:
        return self.title.replace(": ", "-").replace("/", "-").replace(" ", "-")

    @property
    def stays(self) -> bool:
        """Whether the function is reloaded on save, and attached to again."""
        return self.starts != INVOKE

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
    starts: str,
    options: Sequence[str],
    port: int | None,
) -> DebugTarget:
    """``options`` are the user's for the command that ``starts``; a ``port`` of None is the language's usual one."""
    chosen = port or _PORTS[language]
    several = starts in OF_SEVERAL
    return DebugTarget(
        name=name,
        starts=starts,
        language=language,
        port=chosen,
        command=(
            *("samlocal", starts, *(() if several else (name,)), *options, "--debug-port", str(chosen)),
            *(("--debug-function", name) if several else ()),
        ),
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
