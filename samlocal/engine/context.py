"""Which engine Docker's own configuration names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samlocal.errors import EngineError


def context_host(environ: Mapping[str, str]) -> str | None:
    """The current Docker context's address: the SDK itself looks only at DOCKER_HOST."""
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", os.sep)) / ".docker")
    name = environ.get("DOCKER_CONTEXT")
    if name is None:
        try:
            name = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("currentContext")
        except (OSError, ValueError):
            return None
    if not name or name == "default":
        return None
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context: Any = ContextAPI.get_context(name)
    except (DockerException, OSError, ValueError) as error:
        raise EngineError(f"The Docker context {name} cannot be read: {error}.") from error
    if context is None:
        raise EngineError(f"There is no Docker context {name}.", tip="`docker context ls` shows those there are.")
    return str(context.Host) if context.Host else None
