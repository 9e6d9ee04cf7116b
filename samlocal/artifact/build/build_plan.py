"""What a build is known by: the content that it is made from, and by what."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from samlocal.artifact.build.builder import library_version
from samlocal.artifact.build.sources import SourceHashes, source_hash
from samlocal.artifact.build.workflow import (
    CARGO,
    DOTNET,
    ESBUILD,
    GO,
    Workflow,
    builder_runtime,
    layer_folder,
    options,
    source_folder,
    workflow_of,
)
from samlocal.artifact.cache import hash_of
from samlocal.errors import BuildError, system_reason
from samlocal.function.build_target import BuildTarget

FORM = "2"
"""Builds of an older samlocal are not taken for this one's: count up when the same key would give something else."""

# Compilers that optimize unless they are told that a debugger will look, and the one that maps what it bundles.
_WITH_DEBUG_BUILDS = (GO, CARGO, DOTNET, ESBUILD)


class BuildPlan(Struct, frozen=True, kw_only=True):
    """``basis`` is what is built, ``key`` that and by what it is built. ``debug`` is for a debugger."""

    target: BuildTarget
    workflow: Workflow
    basis: str
    key: str
    debug: bool

    @property
    def source(self) -> Path:
        return source_folder(self.target, self.workflow)

    @property
    def is_debug_build(self) -> bool:
        """Whether it comes to something else for a debugger."""
        return self.debug and self.workflow in _WITH_DEBUG_BUILDS

    @property
    def source_maps(self) -> bool:
        """Whether it has source maps."""
        return _source_maps(self.target, self.workflow, debug=self.debug)


def build_plan(target: BuildTarget, *, hashes: SourceHashes, builder_key: str, debug: bool) -> BuildPlan | None:
    """None for one that is not built. Raises BuildError."""
    try:
        return _planned(target, hashes, builder_key, debug=debug)
    except OSError as error:
        raise BuildError(
            f"{target.metadata.location}: {target.path}: what it is built from cannot be read: "
            f"{system_reason(error)}.",
            tip="Give yourself the right to it.",
        ) from error


def _planned(target: BuildTarget, hashes: SourceHashes, builder_key: str, *, debug: bool) -> BuildPlan | None:
    workflow = workflow_of(target)
    if workflow is None:
        return None
    source = source_folder(target, workflow)
    if not source.is_dir():
        raise BuildError(
            f"{target.metadata.location}: {target.path}: there is no folder {source}.",
            tip="Mend CodeUri or ContentUri.",
        )
    basis = hash_of(
        FORM,
        library_version(),
        workflow.name,
        builder_runtime(target),
        target.architecture,
        layer_folder(target),
        str(target.is_layer),
        repr(options(target, workflow, scratch="")),
        # Source maps name the sources by their place.
        str(source) if _source_maps(target, workflow, debug=False) else "",
        source_hash(target, workflow, hashes),
    )
    # A debugger finds the sources by their paths, which such a build holds.
    for_debugger = str(source) if debug and workflow in _WITH_DEBUG_BUILDS else ""
    key = hash_of(basis, builder_key, for_debugger)
    return BuildPlan(target=target, workflow=workflow, basis=basis, key=key, debug=debug)


def _source_maps(target: BuildTarget, workflow: Workflow, *, debug: bool) -> bool:
    if workflow is not ESBUILD:
        return False
    return debug or (options(target, workflow, scratch="") or {}).get("sourcemap") not in (None, False)
