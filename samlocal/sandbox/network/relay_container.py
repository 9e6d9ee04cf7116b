"""The way back from an engine whose containers cannot reach this machine: by the engine's own connection.

A container beside the sandbox's listens in samlocal's place, and carries what comes over its standard streams, which
the engine attaches. No port is opened on either machine.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.artifact.image.runtime_image import REGISTRY, STAND_INS
from samlocal.engine import ContainerSpec, Engine, Input
from samlocal.engine.streams import Output
from samlocal.errors import EngineError
from samlocal.records import read_record, write_record
from samlocal.sandbox.apis.incoming import streams
from samlocal.sandbox.inside import relay as program
from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK
from samlocal.sandbox.session import Session

Take = Callable[[socket.socket, str], None]

_USER = "993:990"
_MEMORY_MB = 128
_TMP_MB = 16
_READY_SECONDS = 60.0
_TRIES = 5

# Where AWS's images, Docker's own and distributions' have Python or Node, and its option for a program in a word.
_FOLDERS = ("/var/lang/bin", "/usr/local/bin", "/usr/bin")
_OPTIONS = {f"{folder}/{name}": option for name, option in (("python3", "-c"), ("node", "-e")) for folder in _FOLDERS}
_NODE_PROGRAM = "relay.cjs"


class _Interpreter(Struct, frozen=True, kw_only=True):
    """Where an image has what runs a relay, "" for nowhere."""

    path: str

    @property
    def command(self) -> tuple[str, ...]:
        """What runs it."""
        source = Path(program.__file__)
        if self.path.endswith("node"):
            source = source.with_name(_NODE_PROGRAM)
        return self.path, _OPTIONS[self.path], source.read_text(encoding="utf-8")


class RelayContainer:
    """One relay. ``ports`` are those that it listens at, in order, at its ``address``."""

    def __init__(self, engine: Engine, name: str, output: Output, own: Input, *, address: str) -> None:
        self.address = address
        self.ports: tuple[int, ...] = ()
        self._engine = engine
        self._name = name
        self._output = output
        self._input = own
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="samlocal-relay")
        self._takers: Sequence[Take] = ()
        self._relay: program.Relay | None = None
        self._running: asyncio.Task[None] | None = None
        self._said = bytearray()

    @classmethod
    async def open(
        cls, engine: Engine, image: str, standpoint: Standpoint, *, network: str, count: int, session: Session
    ) -> RelayContainer:
        """One that listens at ``count`` ports. Raises EngineError."""
        started = await engine.ask(
            partial(cls._start, engine, image, standpoint, network=network, count=count, session=session),
            unclaimed=cls._discard,
        )
        try:
            await started._ready()
        except BaseException:
            started._discard()
            raise
        return started

    @classmethod
    def _start(
        cls, engine: Engine, image: str, standpoint: Standpoint, *, network: str, count: int, session: Session
    ) -> RelayContainer:
        chosen, interpreter = _interpreter(engine, image, standpoint)
        on_host = network == HOST_NETWORK
        name = session.next_name()
        spec = ContainerSpec(
            name=name,
            image=chosen,
            platform=None,
            entrypoint=interpreter.command,
            command=(LOOPBACK if on_host else "0.0.0.0", str(count)),  # noqa: S104 - in the container
            working_dir="/",
            user=_USER,
            environment={},
            mounts=(),
            labels=session.labels,
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
            address = LOOPBACK if on_host else _address(engine, name, network)
        except BaseException:
            engine.remove(name, wait=False)
            raise
        return cls(engine, name, output, own, address=address)

    async def _ready(self) -> None:
        """Waits until it listens. Raises EngineError."""
        listens = asyncio.Event()

        def told(data: bytes) -> None:
            self.ports = tuple(port for (port,) in program.COUNT.iter_unpack(data))
            listens.set()

        self._relay = program.Relay(self._write, self._opened, first=1, ready=told)
        self._running = asyncio.create_task(self._read(self._relay))
        waiting = asyncio.create_task(listens.wait())
        await asyncio.wait({waiting, self._running}, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not listens.is_set():
            raise EngineError(
                f"The relay between the engine and this machine does not start: {self._last_words()}",
                tip="Another image may be named with --image.",
            )

    def serve(self, takers: Sequence[Take]) -> None:
        """Gives each port's connections, with the address that they come from, to its taker."""
        self._takers = takers

    async def broken(self) -> None:
        """Raises EngineError when it has ended, which it does not by itself."""
        if self._running is not None:
            await asyncio.wait({self._running})
        raise EngineError(
            f"The relay between the engine and this machine has ended: {self._last_words()}",
            tip="Is the Docker engine still running?",
        )

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to what the engine's containers reach there. Where nobody listens it ends at once."""
        near, far = socket.socketpair()
        reader, writer = await streams(far)
        if self._relay is None:
            raise ConnectionRefusedError(f"{host}:{port} is not in reach yet")
        self._relay.open(f"{host}:{port}".encode(), reader, writer)
        return await streams(near)

    async def round_trip(self) -> float:
        """Seconds that a byte takes to the engine's side and back."""
        self.serve([lambda connection, _: connection.close()])
        best = _READY_SECONDS
        for _ in range(_TRIES):
            began = time.monotonic()
            reader, writer = await self.connect(self.address, self.ports[0])
            # Whoever is let in is sent away at once: out, in, and out and in again.
            await reader.read()
            writer.close()
            best = min(best, (time.monotonic() - began) / 2)
        return best

    def close(self) -> None:
        """Ends it: it goes with its connection, and the engine removes its container without being waited for."""
        if self._running is not None:
            self._running.cancel()
        if self._relay is not None:
            self._relay.close()
        self._discard()

    def _discard(self) -> None:
        self._thread.shutdown(wait=False)
        self._input.close()
        self._output.close()
        self._engine.begin(self._engine.remove, self._name)

    async def _opened(self, about: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address, _, index = about.decode().rpartition(":")
        if int(index) >= len(self._takers):
            raise ConnectionRefusedError("nobody is served yet")
        near, far = socket.socketpair()
        for each in (near, far):
            each.setblocking(False)
        self._takers[int(index)](near, address)
        return await streams(far)

    def _write(self, data: bytes) -> None:
        # In order, and beside the loop: the way may be long. What has been closed is written to by nobody.
        with suppress(RuntimeError):
            self._thread.submit(self._input.write, data)

    async def _read(self, relay: program.Relay) -> None:
        with suppress(EngineError):
            async for is_error, piece in self._output.pieces():
                if is_error:
                    self._said = (self._said + piece)[-1000:]
                else:
                    relay.feed(piece)
        relay.close()

    def _last_words(self) -> str:
        return self._said.decode(errors="replace").strip().rpartition("\n")[2] or "it says nothing."


def _address(engine: Engine, name: str, network: str) -> str:
    state = engine.state(name)
    if state is None or state.address is None:
        raise EngineError(
            f"A container on the network {network} has no address there, at which functions could reach samlocal.",
            tip="Name another with --docker-network.",
        )
    return state.address


def _interpreter(engine: Engine, image: str, standpoint: Standpoint) -> tuple[str, _Interpreter]:
    """The function's own image where it has an interpreter, else any of Lambda's that has, and where it is there."""
    for candidate in (image, *(name for name in engine.images() if name.startswith((STAND_INS, REGISTRY)))):
        found = _interpreter_of(engine, candidate, standpoint)
        if found.path:
            return candidate, found
    raise EngineError(
        f"Functions on this engine reach samlocal by a container that runs Python or Node; neither {image} nor any "
        "other image of Lambda's there has one.",
        tip=f"Pull one there: docker pull {REGISTRY}/python:3.13",
    )


def _interpreter_of(engine: Engine, image: str, standpoint: Standpoint) -> _Interpreter:
    """Asked of the engine once for each image."""
    described = engine.describe_image(image)
    if described is None:
        return _Interpreter(path="")
    record = standpoint.remembered / f"relay-{hash_of(described.id)}.json"
    known = read_record(record, _Interpreter)
    if known is None or known.path not in ("", *_OPTIONS):
        found = engine.modes(image, *_OPTIONS)
        known = _Interpreter(path=next((path for path in _OPTIONS if found[path] is not None), ""))
        write_record(record, known)
    return known
