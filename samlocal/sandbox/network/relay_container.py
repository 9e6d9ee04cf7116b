"""The way back from an engine whose containers cannot reach this machine: by the engine's own connection.

A container beside the sandboxes' listens in samlocal's place, and carries what comes over its standard streams, which
the engine attaches. No port is opened on either machine.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from samlocal.engine import ContainerSpec, Engine, Input
from samlocal.engine.streams import Output
from samlocal.errors import EngineError
from samlocal.sandbox.apis.incoming import streams
from samlocal.sandbox.inside import relay as program
from samlocal.sandbox.network.relay_image import RelayImage
from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK

Take = Callable[[socket.socket, str], None]

_USER = "993:990"
_MEMORY_MB = 128
_TMP_MB = 16
_READY_SECONDS = 60.0
_TRIES = 5


class Owner(Protocol):
    """Who containers belong to: a session."""

    @property
    def labels(self) -> Mapping[str, str]: ...

    def next_name(self) -> str: ...


class RelayContainer:
    """One relay, at its ``address`` on a network, until its event loop ends."""

    def __init__(self, engine: Engine, name: str, output: Output, own: Input, *, address: str) -> None:
        self.address = address
        self._engine = engine
        self._name = name
        self._output = output
        self._input = own
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="samlocal-relay")
        self._takers: dict[int, Take] = {}
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[tuple[int, ...]]] = {}
        self._has_listened = False
        self._said = bytearray()
        self._relay = program.Relay(self._write, self._opened, first=1, told=self._told)
        self._running = asyncio.create_task(self._run())

    @classmethod
    async def open(cls, engine: Engine, image: RelayImage, *, network: str, owner: Owner) -> RelayContainer:
        """Raises EngineError."""
        name = owner.next_name()
        output, own, address = await engine.ask(
            partial(_start, engine, image, name, network=network, owner=owner),
            unclaimed=lambda started: _discard(engine, name, *started[:2]),
        )
        return cls(engine, name, output, own, address=address)

    @property
    def runs(self) -> bool:
        return not self._running.done()

    async def end(self) -> None:
        """Ends it before its event loop does: what removes the container is under way then."""
        self._running.cancel()
        await asyncio.wait({self._running})

    async def listen(self, count: int) -> tuple[int, ...]:
        """The ports, so many, at which it listens from now on. Raises EngineError."""
        number = next(self._numbers)
        listening: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self._asked[number] = listening
        self._relay.send(program.LISTEN, number, program.COUNT.pack(count))
        try:
            either: set[asyncio.Future[Any]] = {listening, self._running}
            await asyncio.wait(either, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                raise self._error("has ended" if self._has_listened else "does not start")
            self._has_listened = True
            return listening.result()
        finally:
            # An answer that comes later is nobody's.
            listening.cancel()

    def serve(self, ports: Sequence[int], takers: Sequence[Take]) -> None:
        """Gives the connections of each port, with the address that they come from, to its taker."""
        self._takers |= zip(ports, takers, strict=True)

    def leave(self, ports: Sequence[int]) -> None:
        """Listens there no longer."""
        for port in ports:
            self._takers.pop(port, None)
        if self.runs:
            self._relay.send(program.LEAVE, 0, b"".join(map(program.COUNT.pack, ports)))

    async def broken(self) -> None:
        """Raises EngineError when it has ended, which it does not by itself."""
        await asyncio.wait({self._running})
        raise self._error("has ended")

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to what the engine's containers reach there. Where nobody listens it ends at once."""
        near, far = socket.socketpair()
        reader, writer = await streams(far)
        self._relay.open(f"{host}:{port}".encode(), reader, writer)
        return await streams(near)

    async def round_trip(self) -> float:
        """Seconds that a byte takes to the engine's side and back. Raises EngineError."""
        ports = await self.listen(1)
        self.serve(ports, [lambda connection, _: connection.close()])
        best = _READY_SECONDS
        for _ in range(_TRIES):
            began = time.monotonic()
            reader, writer = await self.connect(self.address, ports[0])
            # Whoever is let in is sent away at once: out, in, and out and in again.
            await reader.read()
            writer.close()
            best = min(best, (time.monotonic() - began) / 2)
        return best

    async def _run(self) -> None:
        """Carries what comes. In the end the engine removes the container without being waited for."""
        try:
            with suppress(EngineError):
                async for is_error, piece in self._output.pieces():
                    if is_error:
                        self._said = (self._said + piece)[-1000:]
                    else:
                        self._relay.feed(piece)
        finally:
            self._relay.close()
            self._thread.shutdown(wait=False)
            _discard(self._engine, self._name, self._output, self._input)

    async def _opened(self, about: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, _, port = about.decode().rpartition(":")
        take = self._takers.get(int(port))
        if take is None:
            raise ConnectionRefusedError("nobody is served there")
        near, far = socket.socketpair()
        for each in (near, far):
            each.setblocking(False)
        take(near, address)
        return await streams(far)

    def _told(self, kind: int, number: int, data: bytes) -> None:
        if kind == program.LISTENING:
            ports = tuple(port for (port,) in program.COUNT.iter_unpack(data))
            asked = self._asked.pop(number)
            if asked.done():
                self.leave(ports)
            else:
                asked.set_result(ports)

    def _write(self, data: bytes) -> None:
        # In order, and beside the loop: the way may be long. What has been closed is written to by nobody.
        with suppress(RuntimeError):
            self._thread.submit(self._input.write, data)

    def _error(self, what: str) -> EngineError:
        said = self._said.decode(errors="replace").strip().rpartition("\n")[2] or "it says nothing."
        return EngineError(
            f"The relay between the engine and this machine {what}: {said}",
            tip="Is the Docker engine still running?" if self._has_listened else "`samlocal doctor` tries it alone.",
        )


def _start(engine: Engine, image: RelayImage, name: str, *, network: str, owner: Owner) -> tuple[Output, Input, str]:
    """What it says, what it is told, and its address."""
    on_host = network == HOST_NETWORK
    spec = ContainerSpec(
        name=name,
        image=image.name,
        platform=None,
        entrypoint=image.command(LOOPBACK if on_host else "0.0.0.0"),  # noqa: S104 - in the container
        command=(),
        working_dir="/",
        user=_USER,
        environment={},
        mounts=(),
        labels=owner.labels,
        network=network,
        memory=_MEMORY_MB,
        tmp_size=_TMP_MB,
        open_files=0,
        open_stdin=True,
    )
    engine.create(spec)
    try:
        output = engine.output(name)
        own = engine.input(name)
        engine.start(name)
        return output, own, LOOPBACK if on_host else _address(engine, name, network)
    except BaseException:
        engine.remove(name, wait=False)
        raise


def _discard(engine: Engine, name: str, output: Output, own: Input) -> None:
    own.close()
    output.close()
    engine.begin(engine.remove, name)


def _address(engine: Engine, name: str, network: str) -> str:
    state = engine.state(name)
    if state is None or state.address is None:
        raise EngineError(
            f"A container on the network {network} has no address there, at which functions could reach samlocal.",
            tip="Name another with --docker-network.",
        )
    return state.address
