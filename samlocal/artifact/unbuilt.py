"""Whether a function's folder holds sources that cannot run as they are."""

from __future__ import annotations

from pathlib import Path

from samlocal.function.package import LocalCode
from samlocal.function.spec import FunctionSpec

_PROJECTS = {
    "java": ("pom.xml", "build.gradle", "build.gradle.kts"),
    "dotnet": ("*.csproj", "*.fsproj"),
    "provided": ("go.mod", "Cargo.toml", "Makefile", "*.go"),
}


def is_unbuilt(spec: FunctionSpec) -> bool:
    """Only what is certain: a project's manifest where a program is to be, TypeScript where JavaScript is."""
    if not isinstance(spec.code, LocalCode) or spec.code.built_from is not None or not spec.code.path.is_dir():
        return False
    folder, runtime = spec.code.path, spec.runtime or ""
    if runtime.startswith("nodejs"):
        module = (spec.handler or "").rpartition(".")[0]
        written = any((folder / f"{module}{ending}").exists() for ending in (".ts", ".mts", ".cts", ".tsx"))
        return written and not any((folder / f"{module}{ending}").exists() for ending in (".js", ".mjs", ".cjs"))
    if runtime.startswith("provided") and (folder / "bootstrap").exists():
        return False
    return any(_has(folder, names) for language, names in _PROJECTS.items() if runtime.startswith(language))


def _has(folder: Path, names: tuple[str, ...]) -> bool:
    return any(any(folder.glob(name)) for name in names)
