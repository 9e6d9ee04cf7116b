"""Lets a container reach an AWS endpoint that listens on this machine's loopback only (LocalStack, moto, …)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import urllib.parse
from dataclasses import dataclass

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An AWS endpoint: its URL and where it listens."""

    url: str
    host: str
    port: int

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def at(self, host: str, port: int) -> str:
        """The same URL at another address."""
        parts = urllib.parse.urlsplit(self.url)
        return urllib.parse.urlunsplit(parts._replace(netloc=f"{host}:{port}"))


def endpoint(url: str) -> Endpoint:
    parts = urllib.parse.urlsplit(url)
    return Endpoint(url=url, host=parts.hostname or "", port=parts.port or (443 if parts.scheme == "https" else 80))


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
