"""What a function's sandboxes are made of, and whether two of them are made of the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.cache import tree_hash
from samlocal.errors import CodeError
from samlocal.function.variables import LOG_STREAM, log_stream
from samlocal.sandbox.layout import SandboxSpec


class Plan(Struct, frozen=True, kw_only=True):
    """``code`` is a key of the files at ``spec.code`` as they were."""

    spec: SandboxSpec
    code: str | None = None

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
        return self is other or (self.code == other.code and _lasting(self.spec) == _lasting(other.spec))

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
            return Plan(spec=spec, code=tree_hash(spec.code) if spec.code is not None else None)
        except OSError as error:
            raise CodeError(
                f"{spec.function.location}: {spec.function.logical_id}: its code at {spec.code} cannot be read: "
                f"{error}.",
                tip="A build or an editor may be writing there: try again.",
            ) from error

    async def ask(function_id: str) -> Plan:
        return await asyncio.to_thread(planned, function_id)

    return ask


def _lasting(spec: SandboxSpec) -> SandboxSpec:
    """Without what is each plan's own, and what only says where something stands.

    Credentials that are renewed have other keys, too. The function's variables are all among the sandbox's.
    """
    variables = {name: value for name, value in spec.variables.items() if name != LOG_STREAM}
    function = replace(spec.function, location="", variables=(), notes=(), made_up=())
    return replace(spec, function=function, variables=variables, expires=None, leases=())
