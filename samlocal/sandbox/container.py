"""The container of a sandbox: laid out like Lambda's, its output read to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from samlocal.artifact.image import Image
from samlocal.engine import ContainerSpec, Engine, Mount
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.endpoint import Endpoint
from samlocal.sandbox.memory import peak_memory_file, read_megabytes
from samlocal.sandbox.messages import Broken, Exited, Message
from samlocal.sandbox.network import Route
from samlocal.sandbox.output import Lines

USER = "993:990"
"""Lambda's sbx_user1051 and its group."""

OPEN_FILES = 1024

_OWN_FOLDER = "/.samlocal"
_HERE = Path(__file__).parent

# How long a container's output is waited for once the container has been killed.
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """What a sandbox is made of. ``variables`` is the whole environment but for the addresses of samlocal itself.

    ``expires`` is when the credentials among them end, in epoch seconds.
    """

    function: FunctionSpec
    image: Image
    code: Path
    opt: Path | None
    variables: Mapping[str, str]
    network: str
    extra_hosts: Mapping[str, str]
    endpoint: Endpoint | None = None
    expires: float | None = None


def container_spec(
    spec: SandboxSpec, *, name: str, labels: Mapping[str, str], route: Route, variables: Mapping[str, str]
) -> ContainerSpec:
    """A container as Lambda lays it out: user, folders, limits (Lambda developer guide, "Lambda quotas")."""
    function = spec.function
    mounts = [
        Mount(source=_HERE / "entry.sh", target=f"{_OWN_FOLDER}/entry.sh"),
        Mount(source=_HERE / "node_output.cjs", target=f"{_OWN_FOLDER}/node_output.cjs"),
        Mount(source=_HERE / "passwd", target="/etc/passwd"),
        Mount(source=_HERE / "group", target="/etc/group"),
        Mount(source=spec.code, target="/var/task"),
    ]
    if spec.opt is not None:
        mounts.append(Mount(source=spec.opt, target="/opt"))
    return ContainerSpec(
        name=name,
        image=spec.image.name,
        platform=spec.image.platform,
        entrypoint=("/bin/sh", f"{_OWN_FOLDER}/entry.sh"),
        command=(_kind(function.runtime or ""), function.handler or ""),
        working_dir="/var/task",
        user=USER,
        environment=variables,
        mounts=tuple(mounts),
        labels=labels,
        network=route.network,
        extra_hosts={**route.extra_hosts, **spec.extra_hosts},
        memory=function.memory,
        tmp_size=function.storage,
        open_files=OPEN_FILES,
    )


class Container:
    """One container, from its making to its end. ``started`` is ``time.monotonic``'s."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.started = time.monotonic()
        self.pid = 0
        self._engine = engine
        self._name = name
        self._ended = False
        self._output: threading.Thread | None = None
        self._peak_memory: Path | None = None

    def create(self, spec: ContainerSpec, *, log: Callable[[str], None], tell: Callable[[Message], None]) -> None:
        """Makes it, not running yet. ``log`` gets its lines and ``tell`` its end, from a thread of its own."""
        self._engine.create(spec)
        pieces = self._engine.attach(self._name)
        self._output = threading.Thread(target=self._read, args=(pieces, log, tell), daemon=True)
        self._output.start()

    def start(self) -> None:
        self._engine.start(self._name)
        self.started = time.monotonic()
        state = self._engine.state(self._name)
        if state is not None and state.pid:
            self.pid = state.pid
            self._peak_memory = peak_memory_file(state.pid)

    def max_memory_used(self) -> int | None:
        """MB since the start, None when it cannot be read."""
        return read_megabytes(self._peak_memory)

    def end(self) -> None:
        """Kills it and reads what it wrote to the end; the engine goes on removing it by itself."""
        self._ended = True
        self._engine.remove(self._name, wait=False)
        if self._output is not None:
            self._output.join(_DRAIN_SECONDS)

    def _read(
        self,
        pieces: Iterator[tuple[bytes | None, bytes | None]],
        log: Callable[[str], None],
        tell: Callable[[Message], None],
    ) -> None:
        out, err = Lines(log), Lines(log)
        try:
            for stdout, stderr in pieces:
                out.feed(stdout or b"")
                err.feed(stderr or b"")
            out.end()
            err.end()
            # Nobody waits to hear of an end that samlocal itself brought about, and the engine, which is still at
            # the removal, would be slow to answer.
            state = None if self._ended else self._engine.state(self._name)
            if state is not None:
                tell(Exited(status=state.exit_status, out_of_memory=state.out_of_memory))
        except BaseException as error:
            tell(Broken(error=error))


def _kind(runtime: str) -> str:
    """entry.sh's word for how the runtime is started."""
    if runtime.startswith("provided") or runtime == "go1.x":
        return "provided"
    return "nodejs" if runtime.startswith("nodejs") else "managed"
