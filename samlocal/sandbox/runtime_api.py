"""The Lambda Runtime API of one sandbox (Lambda developer guide, "Using the Lambda runtime API")."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable
from enum import Enum, auto

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from samlocal.function.limits import RESPONSE_BYTES, STREAMED_BYTES
from samlocal.sandbox.listener import TRAILERS
from samlocal.sandbox.messages import (
    Chunk,
    Event,
    Failed,
    InitError,
    Message,
    Ready,
    Responded,
    Span,
    StreamEnded,
    TooLarge,
)

_ROOT = "/2018-06-01/runtime"
_CLOSED_REQUEST = 499


class _State(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    ANSWERED = auto()


class RuntimeApi:
    """Hands events to one runtime and takes its answers.

    Lives on one event loop. ``tell`` is called there with each message and must not block.
    """

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._state = _State.INIT
        self._poll: asyncio.Future[Event] | None = None
        self._waiting: Event | None = None
        self._current: Event | None = None
        self._nonce = ""
        self.routes = [
            Route(f"{_ROOT}/invocation/next", self._next, methods=["GET"]),
            Route(f"{_ROOT}/invocation/{{id}}/response", self._response, methods=["POST"]),
            Route(f"{_ROOT}/invocation/{{id}}/error", self._error, methods=["POST"]),
            Route(f"{_ROOT}/init/error", self._init_error, methods=["POST"]),
        ]
        self.app = Starlette(routes=self.routes)

    def offer(self, event: Event) -> None:
        """Gives the runtime an event: now, or when it polls again. Called on the loop, after Ready."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(event)
        else:
            self._waiting = event

    def restart(self) -> None:
        """Forgets the runtime before: the next one starts with its init. Called on the loop."""
        self._state = _State.INIT
        self._current = None
        self._waiting = None
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None

    async def _next(self, request: Request) -> Response:
        if self._state is _State.BUSY:
            return _refused(403, "InvalidStateTransition", "The event before has not been answered.")
        if self._poll is not None:
            # The runtime before this one is gone; an event must not go to its connection.
            self._poll.cancel()
        self._state = _State.IDLE
        if self._waiting is not None:
            event, self._waiting = self._waiting, None
            return self._handed_over(event)
        poll: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._poll = poll
        # A runtime that dies while it waits drops its connection.
        gone = asyncio.ensure_future(_disconnected(request))
        gone.add_done_callback(lambda _: poll.cancel())
        self._tell(Ready())
        await asyncio.wait({poll})
        gone.cancel()
        if self._poll is poll:
            self._poll = None
        if poll.cancelled():
            return Response(status_code=_CLOSED_REQUEST)
        return self._handed_over(poll.result())

    def _handed_over(self, event: Event) -> Response:
        self._current = event
        self._state = _State.BUSY
        self._nonce = uuid.uuid4().hex
        return Response(event.payload, headers=self._headers(event), media_type="application/json")

    def _headers(self, event: Event) -> dict[str, str]:
        optional = {
            "Lambda-Runtime-Client-Context": event.client_context,
            "Lambda-Runtime-Aws-Tenant-Id": event.tenant_id,
            "Lambda-Runtime-Cognito-Identity": event.cognito_identity,
        }
        return {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Invocation-Id": self._nonce,
        } | {name: value for name, value in optional.items() if value}

    async def _response(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        if request.headers.get("Lambda-Runtime-Function-Response-Mode", "").lower() == "streaming":
            return await self._streamed(request)
        payload = bytearray()
        size = 0
        began = time.monotonic()
        try:
            async for part in request.stream():
                size += len(part)
                # Read to its end even when it is too large: closing early breaks the client instead of telling it.
                if size <= RESPONSE_BYTES:
                    payload += part
        except ClientDisconnect:
            return Response(status_code=_CLOSED_REQUEST)
        self._state = _State.ANSWERED
        if size > RESPONSE_BYTES:
            self._tell(TooLarge(size=size))
            return _refused(
                413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            )
        self._tell(Responded(payload=bytes(payload), sent=Span(began=began, ended=time.monotonic())))
        return _accepted()

    async def _streamed(self, request: Request) -> Response:
        size = 0
        began = time.monotonic()
        try:
            async for part in request.stream():
                size += len(part)
                if part and size <= STREAMED_BYTES:
                    self._tell(Chunk(data=part))
        except ClientDisconnect:
            return Response(status_code=_CLOSED_REQUEST)
        self._state = _State.ANSWERED
        if size > STREAMED_BYTES:
            self._tell(TooLarge(size=size))
            return _refused(413, "RequestEntityTooLarge", f"Exceeded maximum streamed size ({STREAMED_BYTES} bytes).")
        sent = Span(began=began, ended=time.monotonic())
        self._tell(StreamEnded(error=_trailing_error(request), size=size, sent=sent))
        return _accepted()

    async def _error(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        payload = await request.body()
        self._state = _State.ANSWERED
        self._tell(Failed(payload=payload))
        return _accepted()

    async def _init_error(self, request: Request) -> Response:
        if self._state is not _State.INIT:
            return _refused(403, "InvalidStateTransition", "The runtime has started already.")
        self._tell(InitError(payload=await request.body()))
        return _accepted()

    def _refusal(self, request: Request) -> Response | None:
        """Why an answer is not taken: for another event, out of turn, or too late."""
        if self._current is None or request.path_params["id"] != self._current.request_id:
            return _refused(400, "InvalidRequestID", "Invalid request ID")
        if self._state is not _State.BUSY:
            return _refused(403, "InvalidStateTransition", "The event has been answered already.")
        nonce = request.headers.get("Lambda-Runtime-Invocation-Id", self._nonce)
        if nonce != self._nonce:
            return _refused(410, "InvocationExpired", "The invocation has ended.")
        return None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _trailing_error(request: Request) -> bytes | None:
    """The failure that a streaming client sends behind the body, in HTTP trailers."""
    trailers: dict[str, str] = request.scope[TRAILERS]()
    error_type = trailers.get("lambda-runtime-function-error-type")
    if error_type is None:
        return None
    try:
        return base64.b64decode(trailers["lambda-runtime-function-error-body"], validate=True)
    except (KeyError, binascii.Error):
        return json.dumps({"errorType": error_type, "errorMessage": "The response stream failed."}).encode()


def _accepted() -> Response:
    return JSONResponse({"status": "OK"}, status_code=202)


def _refused(status: int, error_type: str, message: str) -> Response:
    return JSONResponse({"errorType": error_type, "errorMessage": message}, status_code=status)
