"""Dependencies kept apart from the code: they are fetched again when the manifest changes, not when the code does."""

from __future__ import annotations

import re
from pathlib import Path

from samlocal.artifact.build.workflow import Workflow
from samlocal.artifact.cache import hash_of

_LOCKS = {
    "pip": (),
    "npm": ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"),
    "esbuild": ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"),
    "bundler": ("Gemfile.lock",),
}

# -r base.txt, -e ., ./wheel.whl, file:../lib, workspaces, install scripts, gems by path: more than the manifest.
_FILES = re.compile(
    r"^\s*(-|\.{0,2}/)|file:|\blink:|\"(workspaces|preinstall|install|postinstall|prepare)\"|\bpath(:|\s*=)",
    re.MULTILINE,
)


def dependencies_key(workflow: Workflow, manifest: Path | None, *about: str) -> str | None:
    """A key of the dependencies, None where they cannot be kept apart. ``about`` is what else they are chosen by."""
    if not workflow.keeps_dependencies or manifest is None:
        return None
    parts = [workflow.name, *about]
    for path in (manifest, *(manifest.parent / name for name in _LOCKS[workflow.name])):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if path == manifest:
                return None
            text = ""
        except (OSError, ValueError):
            return None
        # The lines of .npmrc are settings.
        if path.name != ".npmrc" and _FILES.search(text):
            return None
        parts.append(text)
    return hash_of(*parts)
