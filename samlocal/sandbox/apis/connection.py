"""One client's connection to a sandbox's APIs, as HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from samlocal.sandbox.apis.http import Head, Response
from samlocal.sandbox.apis.incoming import Incoming
from samlocal.sandbox.apis.plain_requests import Other, PlainRequests

if TYPE_CHECKING:
    from samlocal.sandbox.apis.any_requests import AnyRequests


class Connection:
    """Requests one after another. From the first that is not plain on all are read as what may be anything.

    A connection may be idle for as long as its container is there: a runtime waits for the end of an extension's
    work, or of a debugger's.
    """

    def __init__(self, reader: Incoming, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._requests: PlainRequests | AnyRequests = PlainRequests(reader)

    async def next_head(self) -> Head | None:
        """The next request's, None when the client is done. Raises Malformed."""
        head = await self._requests.next_head()
        if not isinstance(head, Other):
            return head
        # h11 takes as long to import as the rest of the APIs, and few functions have it read anything.
        from samlocal.sandbox.apis.any_requests import AnyRequests

        requests = self._requests = AnyRequests(self._reader, self._writer, head.begun)
        return await requests.next_head()

    async def part(self) -> bytes:
        """The next part of the request's body, none at its end. Raises Disconnected."""
        return await self._requests.part()

    @property
    def trailers(self) -> Mapping[str, str]:
        """The request's, behind its body."""
        return self._requests.trailers

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done when the client has hung up."""
        return self._reader.over

    async def answer(self, response: Response) -> None:
        self._writer.write(self._requests.answer(response))
        await self._writer.drain()

    async def refuse(self, response: Response) -> None:
        """Answers where there has been no answer yet; nothing more is read."""
        self._writer.write(self._requests.refusal(response))
        await self._writer.drain()
