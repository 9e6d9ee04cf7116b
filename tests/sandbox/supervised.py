"""A container with the shell that stays, driven as a sandbox drives it, without samlocal's APIs."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from kit import eventually

import samlocal.sandbox
from samlocal.engine import LABEL, ContainerSpec, Engine, Mount, Tmp
from samlocal.sandbox.lines import Lines
from samlocal.sandbox.supervision import Launching, Renewed, RuntimeStarted, Supervision, Word

T = TypeVar("T")

INSIDE = Path(samlocal.sandbox.__file__).parent / "inside"
IMAGE = "samlocal/lambda-provided:al2023"
SHELLS = (("/bin/sh",), ("/bin/bash", "--posix"))


class Supervised:
    """``words`` is what the shell has said, ``log`` what everybody else has written."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self.words: list[Word] = []
        self.log: list[str] = []
        self._input = engine.input(name)

    def read(self, mark: str) -> None:
        """Reads the container's output, to its end, in a thread of its own."""
        streams = [Supervision(mark, log=self.log.append, hear=self.words.append) for _ in range(2)]
        out, err = (Lines(stream.line, whole_entries=True) for stream in streams)
        pieces = self.engine.attach(self.name)

        def run() -> None:
            for stdout, stderr in pieces:
                out.feed(stdout or b"")
                err.feed(stderr or b"")
            out.end()
            err.end()
            for stream in streams:
                stream.end()

        threading.Thread(target=run, daemon=True).start()

    def say(self, line: str) -> None:
        self._input.write(f"{line}\n".encode())

    def leave(self) -> None:
        """What becomes of samlocal's end of the input when samlocal is killed."""
        self._input.close()

    def heard(self, kind: type[T], *, times: int = 1) -> T:
        """The last of so many words of a kind, which is waited for."""
        (found,) = eventually(
            lambda: self._of(kind)[times - 1 : times],
            told=lambda: f"no {kind.__name__} {times}: {self.words} {self.log}",
        )
        return found

    def logs(self, line: str, *, times: int = 1) -> None:
        eventually(
            lambda: self.log.count(line) >= times,
            told=lambda: f"no {line!r}: {self.log} {self.words}",
        )

    def logged(self, beginning: str) -> list[str]:
        """The rest of each line that begins so."""
        return [line.removeprefix(beginning) for line in list(self.log) if line.startswith(beginning)]

    @property
    def runtime(self) -> int:
        """The number of the runtime's process, the latest."""
        return self._of(RuntimeStarted)[-1].process

    def renew(self, between: Callable[[], None] = lambda: None, *, start: str = "start\n") -> None:
        """Ends everybody in the container and starts them again; ``between`` is done while nobody is there.

        ``start`` is what is said then.
        """
        times = len(self._of(Renewed))
        launched = len(self._of(Launching))
        self.say(f"renew {self.runtime}")
        self.heard(Renewed, times=times + 2)
        between()
        self._input.write(start.encode())
        self.heard(Launching, times=launched + 1)

    @property
    def runs(self) -> bool:
        state = self.engine.state(self.name)
        return state is not None and state.running

    def _of(self, kind: type[T]) -> list[T]:
        return [word for word in list(self.words) if isinstance(word, kind)]


@contextmanager
def supervised(
    engine: Engine,
    task: Path,
    *,
    opt: Path | None = None,
    shell: Sequence[str] = SHELLS[0],
    supervision: bool = True,
    memory: int = 256,
    mounts: Sequence[Mount] = (),
) -> Iterator[Supervised]:
    """A `provided` function's container; ``task`` has its `bootstrap`."""
    mark = uuid.uuid4().hex
    name = f"samlocal-test-{mark[:12]}"
    own = [
        *(Mount(source=INSIDE / file, target=f"/.samlocal/{file}") for file in ("entry.sh", "supervisor.sh")),
        *(Mount(source=INSIDE / file, target=f"/etc/{file}") for file in ("passwd", "group")),
        Mount(source=task, target="/var/task"),
    ]
    spec = ContainerSpec(
        name=name,
        image=IMAGE,
        platform=None,
        entrypoint=(*shell, "/.samlocal/entry.sh"),
        command=("provided", "handler"),
        working_dir="/var/task",
        user="993:990",
        environment={
            "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "SAMLOCAL_UNSET": "HOME HOSTNAME",
            **({"SAMLOCAL_MARK": mark} if supervision else {}),
        },
        mounts=(*own, *([Mount(source=opt, target="/opt")] if opt else ()), *mounts),
        labels={LABEL: "test"},
        network="none",
        memory=memory,
        tmp_size=64,
        tmp=Tmp.DISK,
        open_files=1024,
        processes=1024,
        open_stdin=True,
    )
    engine.create(spec)
    container = Supervised(engine, name)
    try:
        container.read(mark)
        engine.start(name)
        yield container
    finally:
        container.leave()
        engine.remove(name)
