"""The programs that builds are made with: where they are, and how to get those that are not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from samlocal.artifact.build.workflow import GRADLE, Workflow
from samlocal.errors import BuildError
from samlocal.function.build_target import BuildTarget

_INSTALL = {
    "bundle": "`gem install bundler`",
    "cargo": "https://rustup.rs",
    "cargo-lambda": "`pip install cargo-lambda`, or https://www.cargo-lambda.info",
    "dotnet": "https://dotnet.microsoft.com/download",
    "esbuild": "`npm install --save-dev esbuild` beside package.json, or `npm install --global esbuild`",
    "go": "https://go.dev/doc/install",
    "gradle": "https://gradle.org/install, or put the project's gradlew beside build.gradle",
    "java": "a JDK: `apt install default-jdk-headless`, `brew install openjdk`, or https://adoptium.net",
    "make": "`apt install make`, or on macOS `xcode-select --install`",
    "mvn": "Maven: `apt install maven`, `brew install maven`, or https://maven.apache.org/install.html",
    "node": "https://nodejs.org",
    "npm": "https://nodejs.org, which brings npm",
    "python": "https://www.python.org/downloads",
    "ruby": "https://www.ruby-lang.org/en/documentation/installation",
    "uv": "`pip install uv`, or https://docs.astral.sh/uv",
}

_VERSION_SECONDS = 20.0


def check_tools(target: BuildTarget, workflow: Workflow, environ: Mapping[str, str]) -> None:
    """Raises BuildError that names the first tool that is absent and says how to get it."""
    for tool in workflow.tools:
        if tool == "python" or (tool == "esbuild" and _depends_on_esbuild(target)):
            # Python has ways of its own; an esbuild among the dependencies comes with them.
            continue
        if tool == "gradle" and any((folder / "gradlew").exists() for folder in search_folders(target, GRADLE)):
            continue
        if not find(tool, environ, *search_folders(target, workflow)):
            raise BuildError(
                f"{target.metadata.location}: {target.path}: building it needs {tool}, which is not on the PATH.",
                tip=f"Get it: {_INSTALL[tool]}. Or build in a container: --build-in-container.",
            )


def find(tool: str, environ: Mapping[str, str], *folders: Path) -> str | None:
    path = ":".join([*map(str, folders), environ.get("PATH", "")])
    return shutil.which(tool, path=path)


def search_folders(target: BuildTarget, workflow: Workflow) -> tuple[Path, ...]:
    """Folders of the project where its own tools lie."""
    if workflow is GRADLE:
        return (target.source, target.metadata.folder.resolve())
    if "esbuild" in workflow.tools:
        # As npm does: the nearest node_modules first.
        above = (target.source, *target.source.parents)
        return tuple(folder for parent in above if (folder := parent / "node_modules" / ".bin").is_dir())
    return ()


def python_for(runtime: str, environ: Mapping[str, str]) -> str | None:
    """A Python of the runtime's version, with pip, on the PATH."""
    version = runtime.removeprefix("python")
    check = f"import pip, sys; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for candidate in _pythons(version, environ):
        try:
            done = subprocess.run(
                [candidate, "-c", check],
                env=dict(environ),
                capture_output=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return candidate
    return None


def path_with_own(environ: Mapping[str, str]) -> str:
    """The PATH, and at its end the folder of samlocal's own Python: the last resort of those who have no other."""
    return ":".join(part for part in (environ.get("PATH", ""), str(Path(sys.executable).parent)) if part)


def _pythons(version: str, environ: Mapping[str, str]) -> Iterator[str]:
    # The order of aws-lambda-builders.
    for folder in path_with_own(environ).split(":"):
        for name in (f"python{version}", "python", "python3"):
            found = shutil.which(name, path=folder)
            if found:
                yield found


def _depends_on_esbuild(target: BuildTarget) -> bool:
    """Whether an install of the production dependencies brings esbuild."""
    import json

    try:
        manifest = json.loads((target.source / "package.json").read_text(encoding="utf-8"))
        return "esbuild" in manifest.get("dependencies", {})
    except (OSError, ValueError, AttributeError):
        return False
