"""Which of aws-lambda-builders' workflows builds a function or a layer, and with what options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from samlocal.artifact.build.python_project import python_project
from samlocal.config import nearest
from samlocal.errors import BuildError
from samlocal.function.build_target import BuildTarget
from samlocal.template.values import Json


class Workflow(Struct, frozen=True, kw_only=True):
    """A workflow of aws-lambda-builders.

    ``keeps_dependencies`` says that dependencies can be kept apart from the code and used again, ``ignored`` are the
    names that the language's own tools write beside the sources.
    """

    name: str
    language: str
    dependency_manager: str | None
    manifest: str | None
    tools: tuple[str, ...]
    keeps_dependencies: bool = False
    writes_source: bool = False
    ignored: frozenset[str] = frozenset()


PIP = Workflow(
    name="pip",
    language="python",
    dependency_manager="pip",
    manifest="requirements.txt",
    tools=("python",),
    keeps_dependencies=True,
)
UV = Workflow(name="uv", language="python", dependency_manager="uv", manifest=None, tools=("uv",))
NPM = Workflow(
    name="npm",
    language="nodejs",
    dependency_manager="npm",
    manifest="package.json",
    tools=("node", "npm"),
    keeps_dependencies=True,
)
ESBUILD = Workflow(
    name="esbuild",
    language="nodejs",
    dependency_manager="npm-esbuild",
    manifest="package.json",
    tools=("node", "npm", "esbuild"),
    keeps_dependencies=True,
)
MAVEN = Workflow(
    name="maven",
    language="java",
    dependency_manager="maven",
    manifest="pom.xml",
    tools=("java", "mvn"),
    ignored=frozenset({"target"}),
)
GRADLE = Workflow(
    name="gradle",
    language="java",
    dependency_manager="gradle",
    manifest="build.gradle",
    tools=("java", "gradle"),
    writes_source=True,
    ignored=frozenset({"build", ".gradle"}),
)
BUNDLER = Workflow(
    name="bundler",
    language="ruby",
    dependency_manager="bundler",
    manifest="Gemfile",
    tools=("ruby", "bundle"),
    keeps_dependencies=True,
)
GO = Workflow(name="go", language="go", dependency_manager="modules", manifest="go.mod", tools=("go",))
CARGO = Workflow(
    name="cargo",
    language="rust",
    dependency_manager="cargo",
    manifest="Cargo.toml",
    tools=("cargo", "cargo-lambda"),
    writes_source=True,
    ignored=frozenset({"target"}),
)
DOTNET = Workflow(
    name="dotnet",
    language="dotnet",
    dependency_manager="cli-package",
    manifest=".csproj",
    tools=("dotnet",),
    writes_source=True,
    ignored=frozenset({"bin", "obj"}),
)
MAKE = Workflow(name="make", language="provided", dependency_manager=None, manifest="Makefile", tools=("make",))

# BuildMethods that are not a runtime's name (SAM developer guide, "Metadata" of functions and layers).
_METHODS = {
    "makefile": MAKE,
    "esbuild": ESBUILD,
    "python-uv": UV,
    "rust-cargolambda": CARGO,
    "dotnet": DOTNET,
    "dotnet7": DOTNET,
}

_LAYER_FOLDERS = {"python": "python", "nodejs": "nodejs", "ruby": "ruby/lib", "java": "java", "dotnet": "dotnet"}

_PASCAL = re.compile(r"(?<!^)(?=[A-Z])")


def workflow_of(target: BuildTarget) -> Workflow | None:
    """None where the sources run as they are: a `provided` function with nothing to compile.

    Raises BuildError for a method that there is not, or a Java project with no manifest.
    """
    method = target.metadata.method or target.runtime or ""
    if method in _METHODS:
        return _METHODS[method]
    language = re.split(r"[\d.]", method, maxsplit=1)[0]
    match language:
        case "python":
            return _python(target)
        case "nodejs":
            return NPM
        case "ruby":
            return BUNDLER
        case "dotnet":
            return DOTNET
        case "go":
            return GO
        case "java":
            return _java(target)
        case "provided":
            return _provided(target)
    raise BuildError(
        f"{target.metadata.location}: {target.path}: there is no BuildMethod {method}{nearest(method, _METHODS)}",
        tip=f"Write {', '.join(_METHODS)}, or a runtime such as nodejs22.x.",
    )


def layer_folder(target: BuildTarget) -> str:
    """Where under /opt a layer's runtime looks (Lambda developer guide, "Layer paths"); a makefile makes its own."""
    if not target.is_layer or target.metadata.method == "makefile":
        return ""
    return _LAYER_FOLDERS.get(re.split(r"[\d.-]", target.metadata.method or "", maxsplit=1)[0], "")


def builder_runtime(target: BuildTarget) -> str:
    """The runtime by aws-lambda-builders' name of it: without the operating system's."""
    runtime = target.runtime or target.metadata.method or ""
    if runtime.startswith("provided") or runtime == "makefile":
        return "provided"
    return runtime.replace(".al2023", "").replace(".al2", "")


def source_folder(target: BuildTarget, workflow: Workflow) -> Path:
    root = target.metadata.project_root if workflow is MAKE else None
    return (root or target.source).resolve()


def manifest_path(target: BuildTarget, workflow: Workflow) -> Path | None:
    if workflow.manifest is None:
        return None
    context = target.metadata.context if workflow is MAKE else None
    folder = context.resolve() if context else source_folder(target, workflow)
    if workflow is GRADLE and not (folder / workflow.manifest).exists():
        return folder / "build.gradle.kts"
    return folder / workflow.manifest


def options(target: BuildTarget, workflow: Workflow, *, scratch: str) -> Mapping[str, Json] | None:
    """The workflow's own options.

    ``scratch`` is the folder that the sources are copied to, as the builder sees it.
    """
    properties = target.metadata.properties
    match workflow.name:
        case "esbuild":
            return _esbuild_options(target)
        case "npm":
            return {"use_npm_ci": properties.get("UseNpmCi", False)}
        case "go":
            return {"artifact_executable_name": target.handler, "trim_go_path": properties.get("TrimGoPath", False)}
        case "cargo" if "Binary" in properties:
            return {"artifact_executable_name": properties["Binary"]}
        case "make":
            return _make_options(target, workflow, scratch)
        case "pip":
            return _python_options(target)
    return None


def _java(target: BuildTarget) -> Workflow:
    folders = (target.source, target.metadata.folder)
    for workflow, names in ((GRADLE, ("build.gradle", "build.gradle.kts")), (MAVEN, ("pom.xml",))):
        if any((folder / name).exists() for folder in folders for name in names):
            return workflow
    raise BuildError(
        f"{target.metadata.location}: {target.path}: {target.source} has neither a pom.xml nor a build.gradle.",
        tip="Mend CodeUri so that it points at the Maven or Gradle project.",
    )


def _python(target: BuildTarget) -> Workflow:
    """What is locked is installed by the tool that locked it, or not at all: other versions, another program."""
    project = python_project(target.source)
    if project is None or (project.lock is None and not project.poetry):
        return PIP
    if project.lock == "uv.lock":
        return UV
    raise BuildError(
        f"{target.metadata.location}: {target.path}: its dependencies stand in {project.manifest} alone, and "
        f"aws-lambda-builders, which builds it, reads no {project.lock or 'dependencies of Poetry'}.",
        tip=f"Write a requirements.txt: {project.export} in {target.source}. Where layers bring what it needs, an "
        "empty one does.",
    )


def _provided(target: BuildTarget) -> Workflow | None:
    """SAM CLI knows only the makefile unless BuildMethod says more; the manifest says it as well."""
    source = target.source
    if ((target.metadata.context or source) / "Makefile").exists():
        return MAKE
    for folder in (source, *source.parents):
        if (folder / "go.mod").exists() and any(source.rglob("*.go")):
            return GO
    if (source / "Cargo.toml").exists():
        return CARGO
    return None


def _esbuild_options(target: BuildTarget) -> Mapping[str, Json]:
    properties = {_PASCAL.sub("_", name).lower(): value for name, value in target.metadata.properties.items()}
    if target.handler and not properties.get("entry_points"):
        properties["entry_points"] = [target.handler.split(".")[0]]
    if "sourcemap" not in properties and "--enable-source-maps" in target.node_options:
        properties["sourcemap"] = True
    return properties


def _make_options(target: BuildTarget, workflow: Workflow, scratch: str) -> Mapping[str, Json]:
    chosen: dict[str, Json] = {"build_logical_id": target.logical_id}
    working = target.metadata.working_directory
    if working is not None:
        source, working = source_folder(target, workflow), working.resolve()
        # The sources are built in a copy, so a folder among them is that of the copy.
        inside = working.is_relative_to(source)
        chosen["working_directory"] = (
            str(PurePosixPath(scratch) / working.relative_to(source)) if inside else str(working)
        )
    return chosen


def _python_options(target: BuildTarget) -> Mapping[str, Json] | None:
    match target.metadata.properties.get("ParentPackageMode"):
        case "explicit":
            return {"parent_python_packages": target.metadata.properties.get("ParentPackages")}
        case "auto":
            # The folders that the handler names and the code's path ends with: src.app.handler in …/src.
            parts = (target.handler or "").split(".")[:-2]
            path = list(target.source.parts)
            while path and parts and path[0] != parts[0]:
                path.pop(0)
            return {"parent_python_packages": ".".join(path[: len(parts)])} if path and parts else None
    return None
