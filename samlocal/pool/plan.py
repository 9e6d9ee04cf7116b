"""What a function's sandboxes are made of, and whether two of them are made of the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.cache import tree_hash
from samlocal.errors import CodeError, system_reason
from samlocal.function.variables import LOG_STREAM, log_stream
from samlocal.sandbox.folders import never_changes
from samlocal.sandbox.layout import SandboxSpec


class Plan(Struct, frozen=True, kw_only=True):
    """``code`` and ``layers`` are keys of the files at ``spec.code`` and ``spec.opt`` as they were."""

    spec: SandboxSpec
    code: str | None = None
    layers: str | None = None

    @property
    def limit(self) -> int | None:
        """How many of the function's events may run at once, None where only the pool says.

        Whoever debugs a function follows one event.
        """
        reserved = self.spec.function.reserved_concurrency
        if not self.is_debugged:
            return reserved
        return 1 if reserved is None else min(reserved, 1)

    @property
    def is_debugged(self) -> bool:
        """Whoever is attached to the function's sandbox keeps it between events, too."""
        return self.spec.debugging is not None

    def same(self, other: Plan) -> bool:
        """Whether a sandbox of the one serves as one of the other: the same code, values and credentials."""
        files = (self.code, self.layers) == (other.code, other.layers)
        return self is other or (files and _lasting(self.spec) == _lasting(other.spec))

    def outlived(self, *, epoch: float) -> bool:
        """Whether the credentials would end within an invocation that begins at ``epoch`` (seconds).

        Roles' credentials from the cache last longer than any function may run (``credential_cache.RENEW_BEFORE``).
        """
        return self.spec.expires is not None and self.spec.expires - epoch <= self.spec.function.timeout

    def for_another(self) -> SandboxSpec:
        """The spec of one more sandbox, whose log is its own."""
        return replace(self.spec, variables={**self.spec.variables, LOG_STREAM: log_stream()})


def in_thread(plan: Callable[[str], SandboxSpec]) -> Callable[[str], Awaitable[Plan]]:
    """Plans functions beside the event loop. ``plan`` gives the spec of a function by its id."""

    def planned(function_id: str) -> Plan:
        spec = plan(function_id)
        try:
            return Plan(spec=spec, code=files_key(spec.code, spec), layers=files_key(spec.opt, spec))
        except OSError as error:
            raise CodeError(
                f"{spec.function.location}: {spec.function.logical_id}: its code or layers cannot be read: "
                f"{system_reason(error)}.",
                tip="A build or an editor may be writing there: try again.",
            ) from error

    async def ask(function_id: str) -> Plan:
        return await asyncio.to_thread(planned, function_id)

    return ask


def files_key(folder: Path | None, spec: SandboxSpec) -> str | None:
    """Changes with what is in a folder. Raises OSError."""
    if folder is None:
        return None
    # An entry of the cache does not: another in its place is another folder.
    return str(folder.stat().st_ino) if never_changes(folder, spec) else tree_hash(folder)


def _lasting(spec: SandboxSpec) -> SandboxSpec:
    """Without what is each plan's own, and what only says where something stands.

    Credentials that are renewed have other keys, too. The function's variables are all among the sandbox's.
    """
    variables = {name: value for name, value in spec.variables.items() if name != LOG_STREAM}
    function = replace(spec.function, location="", timeout_at="", memory_at="", variables=(), notes=(), made_up=())
    engine = replace(spec.engine, whose="", origin="") if spec.engine is not None else None
    return replace(spec, function=function, variables=variables, engine=engine, expires=None, leases=())
