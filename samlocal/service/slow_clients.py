"""Clients who would hold up the end of what is served: requests that never come whole, answers that nobody reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from samlocal.service.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS_SECONDS = 5.0
"""Who has taken nothing for so long of what waits for them does not read."""

_LOOKS_SECONDS = 0.5

_REFUSAL = b"samlocal is ending.\n"


class Connection(Protocol):
    """A client's, as a server has it."""

    @property
    def transport(self) -> asyncio.Transport: ...


class HalfSent:
    """An application around another. From ``end`` on, requests are refused whose bodies have not come."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._waits = Waits()

    def end(self) -> None:
        self._waits.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        whole = begun = refused = False

        async def received() -> Message:
            nonlocal whole, refused
            if whole:
                # What is waited for now is the client's leaving.
                return await receive()
            message = None if refused else await self._part(receive)
            if message is None:
                refused = True
                return {"type": "http.disconnect"}
            whole = not message.get("more_body", False)
            return message

        async def sent(message: Message) -> None:
            nonlocal begun
            if begun or not refused:
                begun = True
                await send(message)

        await self._application(scope, received, sent)
        if refused and not begun:
            await _refuse(send)

    async def _part(self, receive: Receive) -> Message | None:
        """The next part of a body; None where it is not there at the end."""
        try:
            async with self._waits.within():
                return await receive()
        except TimeoutError:
            return None


async def leave_who_does_not_read(connections: Iterable[Connection]) -> None:
    """Ends connections whose clients take nothing of what waits for them, until it is cancelled."""
    unread: dict[asyncio.Transport, tuple[int, float]] = {}
    while True:
        now = asyncio.get_running_loop().time()
        before, unread = unread, {}
        for connection in connections:
            transport = connection.transport
            size = transport.get_write_buffer_size()
            known, since = before.get(transport, (size, now))
            if size and size == known and now - since >= _READS_SECONDS:
                transport.abort()
            elif size:
                unread[transport] = (size, since if size == known else now)
        await asyncio.sleep(_LOOKS_SECONDS)


async def _refuse(send: Send) -> None:
    headers = [
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(_REFUSAL)).encode()),
        (b"Connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
