"""Which engine Docker's own configuration names, and with which certificates.

The SDK looks only at DOCKER_HOST, and finds contexts only where there is a config.json beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from samlocal.engine_choice import CURRENT
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from docker.tls import TLSConfig

# Docker's own client calls so what no context is.
_NO_CONTEXT = "default"


class Tls(Struct, frozen=True, kw_only=True):
    """What a context has for TLS: files of certificates and of a key, and whether the engine's own is verified."""

    authority: str | None
    certificate: str | None
    key: str | None
    verify: bool

    def config(self) -> TLSConfig:
        """Raises docker.errors.TLSParameterError."""
        from docker.tls import TLSConfig

        own = (self.certificate, self.key) if self.certificate and self.key else None
        return TLSConfig(client_cert=own, ca_cert=self.authority, verify=self.verify)


class Address(Struct, frozen=True, kw_only=True):
    """Where an engine is asked: ``host`` as DOCKER_HOST has it. A ``context`` says how by its own ``tls`` alone.

    ``named`` is whether the user names it to samlocal, not to Docker.
    """

    host: str
    context: str | None = None
    tls: Tls | None = None
    named: bool = False


class _DockerEndpoint(Struct, frozen=True):
    host: str = field(name="Host", default="")
    skips_verifying: bool = field(name="SkipTLSVerify", default=False)


class _Endpoints(Struct, frozen=True):
    docker: _DockerEndpoint = field(default_factory=_DockerEndpoint)


class _Context(Struct, frozen=True):
    """``meta.json`` of a context (docker/cli, ``cli/context/store`` and ``cli/context/docker``)."""

    endpoints: _Endpoints = field(name="Endpoints", default_factory=_Endpoints)


def address_of(at: str, environ: Mapping[str, str]) -> Address | None:
    """The address of an engine that is named by its address or by a context; None where nothing names one.

    ``at`` may be CURRENT. Raises EngineError.
    """
    found: Address | None
    if at in (CURRENT, _NO_CONTEXT) and (host := environ.get("DOCKER_HOST")):
        found = Address(host=host)
    elif "://" in at:
        found = Address(host=at, named=True)
    else:
        name = _current_context(environ) if at == CURRENT else at
        found = _of_context(name, environ) if name not in (CURRENT, _NO_CONTEXT) else None
        found = replace(found, named=at != CURRENT) if found is not None else None
    if found is not None:
        check_address(found.host)
    return found


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


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", os.sep)) / ".docker")


def _current_context(environ: Mapping[str, str]) -> str:
    name = environ.get("DOCKER_CONTEXT")
    if name is None:
        file = _folder(environ) / "config.json"
        try:
            settings = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return CURRENT
        name = settings.get("currentContext") if isinstance(settings, dict) else None
        if name is not None and not isinstance(name, str):
            raise EngineError(f"{file}: currentContext cannot be {name!r}.", tip="`docker context use NAME` sets it.")
    return name or CURRENT


def _of_context(name: str, environ: Mapping[str, str]) -> Address | None:
    # docker/cli, cli/context/store: both folders are named after the name's SHA-256.
    folder, own = _folder(environ) / "contexts", hashlib.sha256(name.encode()).hexdigest()
    try:
        endpoint = msgspec.json.decode((folder / "meta" / own / "meta.json").read_bytes(), type=_Context)
    except FileNotFoundError as error:
        raise EngineError(
            f"There is no Docker context {name}.", tip="`docker context ls` shows those there are."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError(
            f"The Docker context {name} cannot be read: {error}.", tip="`docker context inspect` shows what it holds."
        ) from error
    docker = endpoint.endpoints.docker
    if not docker.host:
        return None
    files = {file: folder / "tls" / own / "docker" / f"{file}.pem" for file in ("ca", "cert", "key")}
    there = {file: str(path) for file, path in files.items() if path.is_file()}
    tls = None
    if there or docker.skips_verifying:
        tls = Tls(
            authority=there.get("ca"),
            certificate=there.get("cert"),
            key=there.get("key"),
            verify=not docker.skips_verifying,
        )
    return Address(host=docker.host, context=name, tls=tls)


_ADDRESS = "DOCKER_HOST is like unix:///var/run/docker.sock, tcp://127.0.0.1:2375 or ssh://user@machine."
