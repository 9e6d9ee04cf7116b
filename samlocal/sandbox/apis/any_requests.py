"""Requests of every kind: chunked, with trailers, by methods that nobody knows, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import h11

from samlocal.sandbox.apis.http import (
    PIECE,
    UNWANTED_BYTES,
    Disconnected,
    Head,
    Malformed,
    Response,
    by_name,
    path_of,
)
from samlocal.sandbox.apis.incoming import Incoming

# A request's line and headers together, or the trailers; Lambda's own come nowhere near.
_HEAD_BYTES = 64 * 1024


class AnyRequests:
    """Of one connection, read by h11; ``begun`` is what has come already."""

    def __init__(self, reader: Incoming, writer: asyncio.StreamWriter, begun: bytes) -> None:
        self.trailers: Mapping[str, str] = {}
        self._reader = reader
        self._writer = writer
        self._has_body = True
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
        self._http.receive_data(begun)

    async def next_head(self) -> Head | None:
        """The next request's, None when the client is done. Raises Malformed."""
        if self._http.our_state is h11.DONE and not await self._rest_is_read():
            return None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        if self._http.our_state is not h11.IDLE:
            return None
        event = await self._receive()
        if not isinstance(event, h11.Request):
            return None
        self.trailers = {}
        self._has_body = event.method != b"HEAD"
        return Head(method=event.method.decode("ascii"), path=path_of(event.target), headers=by_name(event.headers))

    async def part(self) -> bytes:
        """The next part of the body, none at its end, where the ``trailers`` are there. Raises Disconnected."""
        if self._http.they_are_waiting_for_100_continue:
            self._writer.write(self._sent(h11.InformationalResponse(status_code=100, headers=[])))
            await self._writer.drain()
        while True:
            match await self._receive():
                case h11.Data(data=data):
                    if data:
                        return bytes(data)
                case h11.EndOfMessage(headers=headers):
                    self.trailers = by_name(headers)
                    return b""
                case _:
                    raise Disconnected("hung up within a request")

    def answer(self, response: Response) -> bytes:
        """An answer as it goes out."""
        head = h11.Response(status_code=response.status, headers=response.fields())
        body = [h11.Data(data=response.body)] if self._has_body else []
        return self._sent(head, *body, h11.EndOfMessage())

    def refusal(self, response: Response) -> bytes:
        """The last answer, to what is no request: nothing where it has been answered already."""
        return self.answer(response) if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE) else b""

    async def _receive(self) -> object:
        while True:
            try:
                event = self._http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                self._http.receive_data(await self._reader.read(PIECE))
            except h11.RemoteProtocolError as error:
                if self._reader.at_eof():
                    raise Disconnected("hung up within a request") from error
                raise Malformed(error.error_status_hint, str(error)) from error

    async def _rest_is_read(self) -> bool:
        """Reads what is left of a body that was not wanted; whether that came to an end."""
        unwanted = 0
        while self._http.their_state is h11.SEND_BODY and unwanted <= UNWANTED_BYTES:
            event = await self._receive()
            unwanted += len(event.data) if isinstance(event, h11.Data) else 0
            if isinstance(event, h11.ConnectionClosed):
                return False
        return self._http.their_state is h11.DONE

    def _sent(self, *events: h11.Event) -> bytes:
        return b"".join(self._http.send(event) or b"" for event in events)
