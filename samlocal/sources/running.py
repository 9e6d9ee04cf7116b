"""A batch as an event of its function."""

from __future__ import annotations

import uuid
from typing import Protocol

from msgspec import Struct

from samlocal.endpoint.directory import Callee
from samlocal.endpoint.happening import Told
from samlocal.endpoint.recursion import counted
from samlocal.endpoint.run import run
from samlocal.errors import SamlocalError
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import Result, Success
from samlocal.service.run import Invokes


class Ran(Struct, frozen=True, kw_only=True):
    """What came of it; ``result`` is None where the function could not be run for now.

    It is throttled, or samlocal cannot make it, which is told.
    """

    request_id: str
    result: Result | None


class Runs(Protocol):
    """Runs who reads a source with an event, to its end."""

    async def __call__(self, payload: bytes, /, *, trace: str | None = None) -> Ran:
        """``trace`` is the trace header of what the event comes of."""


def running(pool: Invokes, callee: Callee, qualifier: str | None, told: Told) -> Runs:
    """A function, by a service's pool; ``told`` hears of each event, as of those that callers send."""

    async def runs(payload: bytes, /, *, trace: str | None = None) -> Ran:
        request_id, streamed = str(uuid.uuid4()), bytearray()
        request = Request(payload=payload, request_id=request_id, qualifier=qualifier, trace_id=trace)
        begun = run(pool, callee, counted(callee, request), chunk=streamed.extend, told=told)
        try:
            outcome = await begun.whole()
        except (SamlocalError, PoolClosedError):
            return Ran(request_id=request_id, result=None)
        if isinstance(outcome, Throttled):
            return Ran(request_id=request_id, result=None)
        if isinstance(outcome, Success) and outcome.streamed:
            outcome = Success(payload=bytes(streamed))
        return Ran(request_id=request_id, result=outcome)

    return runs
