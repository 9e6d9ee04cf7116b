"""Python dependencies that stand in a pyproject.toml: what to do about them where there is no requirements.txt.

aws-lambda-builders reads a requirements.txt, and without one builds a function that lacks what it needs.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from msgspec import Struct


class PythonProject(Struct, frozen=True, kw_only=True):
    """``dependencies`` are PEP 621's, ``poetry`` says whether Poetry has its own; ``lock`` is what pins them."""

    manifest: Path
    dependencies: tuple[str, ...]
    poetry: bool
    lock: str | None

    @property
    def export(self) -> str:
        """The command that writes a requirements.txt."""
        if self.lock == "uv.lock":
            return "`uv export --no-dev --no-emit-project --frozen > requirements.txt`"
        if self.poetry or self.lock == "poetry.lock":
            return "`poetry export --without-hashes > requirements.txt` (of poetry-plugin-export)"
        return "`pdm export --prod > requirements.txt`"


def python_project(folder: Path) -> PythonProject | None:
    """None where there is nothing to install beside what a requirements.txt names."""
    manifest = folder / "pyproject.toml"
    try:
        if (folder / "requirements.txt").exists() or not manifest.is_file():
            return None
        content = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Whoever reads it for a purpose says what is wrong with it.
        return None
    project, tool = content.get("project"), content.get("tool")
    declared = project.get("dependencies") if isinstance(project, dict) else None
    of_poetry = tool.get("poetry") if isinstance(tool, dict) else None
    own = of_poetry.get("dependencies") if isinstance(of_poetry, dict) else None
    dependencies = tuple(map(str, declared)) if isinstance(declared, list) else ()
    poetry = isinstance(own, dict) and bool(own.keys() - {"python"})
    if not dependencies and not poetry:
        return None
    lock = next((name for name in ("uv.lock", "poetry.lock", "pdm.lock") if (folder / name).is_file()), None)
    return PythonProject(manifest=manifest, dependencies=dependencies, poetry=poetry, lock=lock)
