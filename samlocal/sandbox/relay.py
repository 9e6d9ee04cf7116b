"""Lets a container reach an AWS endpoint that listens on this machine's loopback only (LocalStack, moto, …)."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from samlocal.sandbox.endpoint import Endpoint

_CHUNK = 64 * 1024


async def relay(listening: socket.socket, target: Endpoint) -> None:
    """Passes every connection of a socket on to the endpoint, until the task is cancelled."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(target.host, target.port)
        except OSError:
            # The function's SDK sees a broken connection, as it would from an endpoint that is down.
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    server = await asyncio.start_server(connected, sock=listening)
    async with server:
        await server.serve_forever()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
