"""One WebSocket API as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.web.asgi import (
    FAULT,
    Message,
    Receive,
    Send,
    answer_request,
    encoded,
    misdirected,
    request_of,
)
from samlocal.http_api.websocket.connections import Live
from samlocal.http_api.websocket.front import WebSocketFront

# API Gateway developer guide, "Quotas": of a connection without messages, and of any.
_IDLE_SECONDS = 10 * 60
_LONGEST_SECONDS = 2 * 60 * 60

# So many messages of one client run at once; the next ones are left with it.
_AT_ONCE = 100

_GOING_AWAY = 1001
_NO_STATUS = 1005
_ABNORMAL = 1006


class WebSocketApplication:
    """With ``any_host`` it answers to whatever name it is called by. ``failed`` gets a fault of samlocal's own."""

    def __init__(self, front: WebSocketFront, *, any_host: bool = False, failed: Callable[[Exception], None]) -> None:
        self._front = front
        self._any_host = any_host
        self._failed = failed

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._connection(scope, receive, send)
            return
        await answer_request(scope, receive, send, self._front.answer, any_host=self._any_host, failed=self._failed)

    async def _connection(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        request = request_of(scope, b"", received=time.time())
        refusal = misdirected(request, any_host=self._any_host)
        if refusal is not None:
            await _refuse(refusal, send)
            return
        try:
            connection, answer = await self._front.connect(request)
        except Exception as error:
            self._failed(error)
            await _refuse(FAULT, send)
            return
        if answer.status >= 300:
            await _refuse(answer, send)
            return
        chosen = next((value for name, value in answer.headers if name.lower() == "sec-websocket-protocol"), None)
        await send({"type": "websocket.accept", "subprotocol": chosen})
        client = _Client(send)
        live = self._front.opened(connection, client)
        code, reason = _NO_STATUS, ""
        try:
            code, reason = await self._conversation(live, client, receive)
        finally:
            client.over = True
            # It has gone for good: its function hears of it also where this task is at its end.
            await asyncio.shield(self._front.closed(live, code, reason))

    async def _conversation(self, live: Live, client: _Client, receive: Receive) -> tuple[int, str]:
        """Until one of the two leaves: the code and the reason. Messages run side by side, as they do on AWS."""
        until = time.monotonic() + _LONGEST_SECONDS
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                left = min(_IDLE_SECONDS, until - time.monotonic())
                try:
                    async with asyncio.timeout(left):
                        message = await receive()
                except TimeoutError:
                    await client.close(_GOING_AWAY, "Going away")
                    return _GOING_AWAY, "Going away"
                if message["type"] == "websocket.disconnect":
                    return client.closed or _left(message)
                data = message.get("text")
                data = message["bytes"] if data is None else data
                task = asyncio.create_task(self._run(live, data))
                running.add(task)
                task.add_done_callback(running.discard)
                while len(running) >= _AT_ONCE:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if running:
                await asyncio.wait(running)

    async def _run(self, live: Live, data: str | bytes) -> None:
        try:
            await self._front.message(live, data)
        except ConnectionError:
            # Its client has gone before its answer came.
            return
        except Exception as error:
            self._failed(error)


class _Client:
    """The client's end. ``over`` is set when it has gone; ``closed`` is what it was sent away with."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.over = False
        self.closed: tuple[int, str] | None = None

    async def send(self, message: str | bytes) -> None:
        kind = "text" if isinstance(message, str) else "bytes"
        await self._sent({"type": "websocket.send", kind: message})

    async def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
        try:
            await self._sent({"type": "websocket.close", "code": code, "reason": reason})
        except ConnectionError:
            # It had gone before.
            self.closed = None
        self.over = True

    async def _sent(self, message: dict[str, Any]) -> None:
        if self.over:
            raise ConnectionResetError("the client has gone")
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:
            # uvicorn's word for what comes too late.
            raise ConnectionResetError(str(error)) from error


def _left(message: Message) -> tuple[int, str]:
    """The code and the reason of a client that has gone.

    uvicorn tells a reason where a close frame has come, be it empty, and else calls the end of the connection 1005,
    which is a frame without a status; RFC 6455, 7.1.5, calls it 1006.
    """
    code = message.get("code") or _NO_STATUS
    if code == _NO_STATUS and "reason" not in message:
        return _ABNORMAL, ""
    return code, message.get("reason") or ""


async def _refuse(answer: HttpAnswer, send: Send) -> None:
    """The handshake is answered as a request is."""
    start = {"status": answer.status, "headers": encoded(answer.headers)}
    await send({"type": "websocket.http.response.start", **start})
    await send({"type": "websocket.http.response.body", "body": answer.body})
