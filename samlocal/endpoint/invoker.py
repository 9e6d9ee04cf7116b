"""Invoke and InvokeWithResponseStream: from a request to its answer, without the sockets.

Sources: Lambda API reference, Invoke, InvokeAsync and InvokeWithResponseStream. Headers that it does not name are
those of AWS's answers as guides quote them (VPC Lattice's and kgateway's; boto3's ``ResponseMetadata`` for 202).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Protocol

from samlocal.endpoint import api_error, event_stream
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.directory import Callee, CurrentDirectory
from samlocal.endpoint.happening import Looped, Told
from samlocal.endpoint.invoke_request import InvocationType, InvokeRequest, invoke_request
from samlocal.endpoint.log_tail import LogTail, LogTails
from samlocal.endpoint.recursion import counted, is_stopped
from samlocal.endpoint.run import run
from samlocal.errors import ConfigurationError, SamlocalError
from samlocal.function.async_invocation import LATEST
from samlocal.function.limits import RESPONSE_BYTES
from samlocal.function.tenancy import check_tenant
from samlocal.pool.pool import PoolClosedError
from samlocal.pool.throttle import Throttled
from samlocal.pool.turn import OF_A_FUNCTION
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import Result, Success, too_large
from samlocal.service.chunks import Chunks
from samlocal.service.run import Invokes, Run

_JSON = "application/json"
_UNHANDLED = "Unhandled"


class Queues(Protocol):
    """Takes events that nobody waits for. May raise SamlocalError."""

    def __call__(self, callee: Callee, request: Request, over: Callable[[], None] | None = None, /) -> None:
        """``over`` hears of its end."""


class Invoker:
    """Runs events for callers. ``queue`` takes those that nobody waits for, ``told`` hears of each that is over."""

    def __init__(
        self,
        pool: Invokes,
        functions: CurrentDirectory,
        tails: LogTails,
        *,
        queue: Queues,
        told: Told,
    ) -> None:
        self._pool = pool
        self._functions = functions
        self._tails = tails
        self._queue = queue
        self._told = told
        self._runs: set[asyncio.Task[Any]] = set()

    async def invoke(
        self, name: str, qualifier: str | None, headers: Mapping[str, str], body: bytes, *, request_id: str
    ) -> Answer:
        """Raises ApiError."""
        callee, asked = await self._asked(name, qualifier, headers, body, request_id=request_id)
        match asked.type:
            case InvocationType.DRY_RUN:
                return Answer(status=204)
            case InvocationType.EVENT:
                # Nobody waits for it.
                OF_A_FUNCTION.set(False)
                try:
                    self._queue(callee, asked.request)
                except SamlocalError as error:
                    raise api_error.of_samlocal(error, arn=callee.arn) from error
                return Answer(status=202, headers=_traced(asked.request))
            case InvocationType.REQUEST_RESPONSE:
                with self._tail(asked) as tail:
                    return await self._response(callee, self._counted(callee, asked.request), tail)

    async def event(
        self,
        name: str,
        qualifier: str | None,
        headers: Mapping[str, str],
        body: bytes,
        *,
        request_id: str,
        over: Callable[[], None],
    ) -> Callee:
        """One of another service's that nobody waits for: ``over`` hears of its end. Raises ApiError."""
        callee, asked = await self._asked(name, qualifier, headers, body, request_id=request_id)
        try:
            self._queue(callee, asked.request, over)
        except SamlocalError as error:
            raise api_error.of_samlocal(error, arn=callee.arn) from error
        return callee

    async def stream(
        self, name: str, qualifier: str | None, headers: Mapping[str, str], body: bytes, *, request_id: str
    ) -> Answer:
        """The answer comes with the first part of the response. Raises ApiError."""
        callee, asked = await self._asked(name, qualifier, headers, body, request_id=request_id, streams=True)
        if asked.type is InvocationType.DRY_RUN:
            return Answer(status=204)
        request = self._counted(callee, asked.request)
        chunks = Chunks()
        closing = contextlib.ExitStack()
        closing.callback(chunks.leave)
        tail = closing.enter_context(self._tail(asked))
        try:
            begun = self._run(callee, request, chunks.put)
            with _translated(callee):
                _check(await begun.begun(chunks.first))
        except BaseException:
            closing.close()
            raise
        return Answer(
            status=200,
            headers={
                "Content-Type": event_stream.CONTENT_TYPE,
                "X-Amz-Executed-Version": LATEST,
                **_traced(request),
            },
            stream=_frames(begun, chunks, tail),
            left=closing.close,
        )

    async def close(self) -> None:
        """Waits until all is over that has been begun."""
        while self._runs:
            await asyncio.wait(self._runs)

    async def _asked(
        self,
        name: str,
        qualifier: str | None,
        headers: Mapping[str, str],
        body: bytes,
        *,
        request_id: str,
        streams: bool = False,
    ) -> tuple[Callee, InvokeRequest]:
        try:
            callee, reference = await self._functions.find(name, qualifier)
        except SamlocalError as error:
            raise api_error.of_samlocal(error, arn=name) from error
        asked = invoke_request(headers, body, request_id=request_id, qualifier=reference.qualifier, streams=streams)
        try:
            check_tenant(asked.request.tenant_id, isolated=callee.isolates_tenants)
        except ConfigurationError as error:
            raise api_error.of_tenancy(error) from error
        return callee, asked

    def _counted(self, callee: Callee, request: Request) -> Request:
        """Raises ApiError where a loop is stopped."""
        if is_stopped(callee, request.trace_id):
            self._told(Looped(callee=callee, request=request))
            raise api_error.recursive()
        return counted(callee, request)

    async def _response(self, callee: Callee, request: Request, tail: LogTail | None) -> Answer:
        streamed = bytearray()
        begun = self._run(callee, request, streamed.extend)
        with _translated(callee):
            outcome = await begun.answer()
            if isinstance(outcome, Success) and outcome.streamed:
                outcome = await begun.whole()
            if isinstance(outcome, Throttled):
                raise api_error.throttled(outcome.reason)
        result = _buffered(outcome, bytes(streamed))
        headers = {"Content-Type": _JSON, "X-Amz-Executed-Version": LATEST, **_traced(request)}
        if not isinstance(result, Success):
            headers["X-Amz-Function-Error"] = _UNHANDLED
        if tail is not None:
            headers["X-Amz-Log-Result"] = await tail.base64()
        return Answer(status=200, headers=headers, body=result.payload)

    def _run(self, callee: Callee, request: Request, chunk: Callable[[bytes], None]) -> Run:
        begun = run(self._pool, callee, request, chunk=chunk, told=self._told)
        self._runs.add(begun.task)
        begun.task.add_done_callback(self._runs.discard)
        return begun

    def _tail(self, asked: InvokeRequest) -> contextlib.AbstractContextManager[LogTail | None]:
        if not asked.tail or asked.request.request_id is None:
            return contextlib.nullcontext()
        return self._tails.follow(asked.request.request_id)


def _check(throttled: Throttled | None) -> None:
    """Raises ApiError for an event that is throttled."""
    if throttled is not None:
        raise api_error.throttled(throttled.reason)


def _traced(request: Request) -> dict[str, str]:
    """What an answer says of how it came. The length that AWS's proxy remaps is always 0."""
    headers = {"X-Amzn-Remapped-Content-Length": "0"}
    return headers if request.trace_id is None else headers | {"X-Amzn-Trace-Id": request.trace_id}


def _buffered(result: Result, streamed: bytes) -> Result:
    """A response that came in parts, for a caller who wants it whole."""
    if not isinstance(result, Success) or not result.streamed:
        return result
    return too_large() if len(streamed) > RESPONSE_BYTES else Success(payload=streamed)


async def _frames(begun: Run, chunks: Chunks, tail: LogTail | None) -> AsyncIterator[bytes]:
    """All of the response. Its status is out already: what goes wrong now is said in the last frame."""
    try:
        async for data in chunks.until(begun.task):
            yield event_stream.payload_chunk(data)
        result = await begun.whole()
        error_code = error_details = None
        if isinstance(result, Throttled):
            error_code, error_details = "TooManyRequestsException", result.reason.value
        elif not isinstance(result, Success):
            error_code, error_details = _UNHANDLED, result.payload.decode(errors="replace")
        elif not result.streamed:
            yield event_stream.payload_chunk(result.payload)
        yield event_stream.invoke_complete(
            error_code=error_code,
            error_details=error_details,
            log_result=None if tail is None else await tail.base64(),
        )
    except (SamlocalError, PoolClosedError) as error:
        yield event_stream.invoke_complete(
            error_code="ServiceException", error_details=f"samlocal: {error}", log_result=None
        )


@contextlib.contextmanager
def _translated(callee: Callee) -> Iterator[None]:
    """Why an event has not run, as AWS would say it."""
    try:
        try:
            yield
        except SamlocalError as error:
            raise api_error.of_samlocal(error, arn=callee.arn) from error
        except PoolClosedError as error:
            raise api_error.service_error("samlocal: it is ending.") from error
    except ApiError as error:
        error.told = True
        raise
