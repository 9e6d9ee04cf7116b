"""Which engine Docker's own configuration names."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samlocal.errors import EngineError


def context_host(environ: Mapping[str, str]) -> str | None:
    """The current Docker context's address: the SDK itself looks only at DOCKER_HOST."""
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", os.sep)) / ".docker")
    name = environ.get("DOCKER_CONTEXT")
    if name is None:
        try:
            settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        name = settings.get("currentContext") if isinstance(settings, dict) else None
        if name is not None and not isinstance(name, str):
            raise EngineError(
                f"{folder / 'config.json'}: currentContext cannot be {name!r}.",
                tip="`docker context use NAME` sets it.",
            )
    if not name or name == "default":
        return None
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context: Any = ContextAPI.get_context(name)
    # Its files are read as they are: a key that is missing, or of another type, is met there.
    except (DockerException, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"The Docker context {name} cannot be read: {error}.", tip="`docker context inspect` shows what it holds."
        ) from error
    if context is None:
        raise EngineError(f"There is no Docker context {name}.", tip="`docker context ls` shows those there are.")
    return str(context.Host) if context.Host else None


def check_address(host: str) -> None:
    """Raises EngineError for an engine's address that is none, or that cannot be reached from here."""
    try:
        parts = urlsplit(host)
        # Asking for the port checks it.
        _ = parts.port
    except ValueError as error:
        raise EngineError(f"{host!r} is no engine's address: {error}.", tip=_ADDRESS) from error
    if parts.scheme != "ssh":
        return
    if not parts.hostname:
        raise EngineError(f"{host!r} names no machine.", tip=_ADDRESS)
    if shutil.which("ssh") is None:
        raise EngineError(
            f"{host} is reached by the ssh program, which is not installed.",
            tip="Install OpenSSH's client.",
        )


_ADDRESS = "DOCKER_HOST is like unix:///var/run/docker.sock, tcp://127.0.0.1:2375 or ssh://user@machine."
