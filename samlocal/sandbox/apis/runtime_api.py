"""The Lambda Runtime API of one sandbox (Lambda developer guide, "Using the Lambda runtime API")."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto

from samlocal.function.limits import RESPONSE_BYTES, STREAMED_BYTES
from samlocal.sandbox.apis.http import Disconnected, Response
from samlocal.sandbox.apis.server import BodyTooLarge, Request, Route, json_response, refusal
from samlocal.sandbox.messages import (
    Chunk,
    Event,
    Failed,
    InitError,
    Message,
    Ready,
    Responded,
    Span,
    StreamBegan,
    StreamEnded,
    Taken,
    TooLarge,
    Truncated,
)

_ROOT = "/2018-06-01/runtime"
_CLOSED_REQUEST = 499
_ACCEPTED = json_response({"status": "OK"}, status=202)


class _State(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    ANSWERING = auto()
    ANSWERED = auto()


class RuntimeApi:
    """Hands events to one runtime and takes its answers.

    Lives on one event loop. ``tell`` is called there with each message and must not block. An answer counts from its
    first byte (aws-lambda-runtime-interface-emulator, ``internal/lambda/rapi/handler/invocationresponse.go``): from
    then on no other one is taken, and one that breaks off is a failure of the function's.
    """

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._state = _State.INIT
        self._poll: asyncio.Future[object] | None = None
        self._offered: Event | None = None
        self._current: Event | None = None
        self._nonce = ""
        self.routes = (
            Route(method="GET", path=f"{_ROOT}/invocation/next", handler=self._next),
            Route(method="POST", path=f"{_ROOT}/invocation/{{id}}/response", handler=self._response),
            Route(method="POST", path=f"{_ROOT}/invocation/{{id}}/error", handler=self._error),
            Route(method="POST", path=f"{_ROOT}/init/error", handler=self._init_error),
        )

    def offer(self, event: Event) -> None:
        """Gives the runtime an event: now, or when it polls again. Called on the loop, after Ready."""
        self._offered = event
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def restart(self) -> None:
        """Forgets the runtime before: the next one starts with its init. Called on the loop."""
        self._state = _State.INIT
        self._current = None
        self._offered = None
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    async def _next(self, request: Request) -> Response:
        if self._state in (_State.BUSY, _State.ANSWERING):
            return refusal(403, "InvalidStateTransition", "The event before has not been answered.")
        if self._poll is not None:
            # The runtime before this one is gone; an event must not go to its connection.
            self._poll.cancel()
        self._state = _State.IDLE
        poll = self._poll = asyncio.get_running_loop().create_future()
        if self._offered is not None:
            poll.set_result(None)
        else:
            self._tell(Ready())
        try:
            # A runtime that dies while it waits drops its connection.
            await request.wait_for(poll)
        finally:
            if self._poll is poll:
                self._poll = None
        if poll.cancelled() or self._offered is None:
            return Response(status=_CLOSED_REQUEST)
        event, self._offered = self._offered, None
        self._current = event
        self._state = _State.BUSY
        self._nonce = uuid.uuid4().hex
        self._tell(Taken(request_id=event.request_id))
        return Response(body=event.payload, headers=self._headers(event))

    def _headers(self, event: Event) -> dict[str, str]:
        optional = {
            "Lambda-Runtime-Client-Context": event.client_context,
            "Lambda-Runtime-Cognito-Identity": event.cognito_identity,
            "Lambda-Runtime-Aws-Tenant-Id": event.tenant_id,
        }
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Invocation-Id": self._nonce,
        } | {name: value for name, value in optional.items() if value}

    async def _response(self, request: Request) -> Response:
        refused = self._refusal(request)
        if refused is not None:
            return refused
        streaming = request.headers.get("lambda-runtime-function-response-mode", "").lower() == "streaming"
        take = self._streamed if streaming else self._buffered
        return await self._taken(request, take)

    async def _buffered(self, request: Request, request_id: str) -> Response:
        began = time.monotonic()
        payload = await request.body(RESPONSE_BYTES)
        sent = Span(began=began, ended=time.monotonic())
        self._tell(Responded(request_id=request_id, payload=payload, sent=sent))
        return _ACCEPTED

    async def _streamed(self, request: Request, request_id: str) -> Response:
        size = 0
        began = time.monotonic()
        content_type = request.headers.get("content-type")
        if content_type is not None:
            self._tell(StreamBegan(request_id=request_id, content_type=content_type))
        async for part in request.parts():
            size += len(part)
            if part and size <= STREAMED_BYTES:
                self._tell(Chunk(request_id=request_id, data=part))
        if size > STREAMED_BYTES:
            raise BodyTooLarge(size, STREAMED_BYTES)
        sent = Span(began=began, ended=time.monotonic())
        error = _trailing_error(request.trailers)
        self._tell(StreamEnded(request_id=request_id, error=error, size=size, sent=sent))
        return _ACCEPTED

    async def _error(self, request: Request) -> Response:
        refused = self._refusal(request)
        return refused if refused is not None else await self._taken(request, self._failed)

    async def _failed(self, request: Request, request_id: str) -> Response:
        self._tell(Failed(request_id=request_id, payload=await request.body(RESPONSE_BYTES)))
        return _ACCEPTED

    async def _taken(self, request: Request, take: Callable[[Request, str], Awaitable[Response]]) -> Response:
        """Takes an answer to its end, whatever becomes of it."""
        current = self._current
        request_id = request.parameter
        self._state = _State.ANSWERING
        try:
            return await take(request, request_id)
        except Disconnected:
            self._tell(Truncated(request_id=request_id))
            raise
        except BodyTooLarge as error:
            self._tell(TooLarge(request_id=request_id, size=error.size))
            raise
        finally:
            if self._current is current:
                self._state = _State.ANSWERED

    async def _init_error(self, request: Request) -> Response:
        if self._state is not _State.INIT:
            return refusal(403, "InvalidStateTransition", "The runtime has started already.")
        try:
            payload = await request.body(RESPONSE_BYTES)
        except (Disconnected, BodyTooLarge) as error:
            # That it has failed is known all the same.
            self._tell(InitError(payload=_unreadable(error)))
            raise
        self._tell(InitError(payload=payload))
        return _ACCEPTED

    def _refusal(self, request: Request) -> Response | None:
        """Why an answer is not taken: for another event, out of turn, or too late."""
        if self._current is None or request.parameter != self._current.request_id:
            return refusal(400, "InvalidRequestID", "Invalid request ID")
        if self._state is not _State.BUSY:
            return refusal(403, "InvalidStateTransition", "The event has been answered already.")
        nonce = request.headers.get("lambda-runtime-invocation-id", self._nonce)
        if nonce != self._nonce:
            return refusal(410, "InvocationExpired", "The invocation has ended.")
        return None


def _trailing_error(trailers: Mapping[str, str]) -> bytes | None:
    """The failure that a streaming client sends behind the body, in HTTP trailers."""
    error_type = trailers.get("lambda-runtime-function-error-type")
    if error_type is None:
        return None
    try:
        return base64.b64decode(trailers["lambda-runtime-function-error-body"], validate=True)
    except (KeyError, ValueError):
        return _error(error_type, "The response stream failed.")


def _unreadable(error: Exception) -> bytes:
    return _error("Runtime.Unknown", f"The runtime's error could not be read: {error}")


def _error(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
