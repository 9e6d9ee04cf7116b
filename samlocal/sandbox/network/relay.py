"""Lets a container reach an AWS endpoint that listens on this machine's loopback only (LocalStack, moto, …)."""

from __future__ import annotations

import asyncio

from samlocal.sandbox.apis.listener import Connected
from samlocal.sandbox.network.endpoint import Endpoint

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 10.0


def relay(target: Endpoint) -> Connected:
    """Passes a connection on to the endpoint, until both sides have ended."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Where it fails the function's SDK sees a broken connection, as it would from an endpoint that is down.
        async with asyncio.timeout(_CONNECT_SECONDS):
            far_reader, far_writer = await asyncio.open_connection(target.host, target.port)
        try:
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))
        finally:
            far_writer.close()

    return connected


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes on what comes, to its end, which is passed on too. What comes the other way is not ended by that.

    Whoever has no more to say may still want to hear the answer (RFC 9293, section 3.6).
    """
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        # Nobody is there any more who could hear anything.
        writer.close()
