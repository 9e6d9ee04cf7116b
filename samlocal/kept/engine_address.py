"""Which Docker engine is meant now: another context may have been chosen since one was connected."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.engine.context import context_host


def engine_address(environ: Mapping[str, str]) -> str | None:
    """None is the SDK's default. Raises EngineError for a context that is none."""
    return environ.get("DOCKER_HOST") or context_host(environ)
