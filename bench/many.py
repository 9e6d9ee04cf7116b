"""Measures many sandboxes in one process, each answering events from its own caller. Run by `make bench`, or alone by
`make bench-many`.

The table goes to standard output, progress to standard error. A wrong answer ends the run with status 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.function.application import application
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.result import Success
from samlocal.sandbox.sandbox import Request, Sandbox
from samlocal.sandbox.session import session
from samlocal.template.reader import read

BENCH = Path(__file__).resolve().parent
COUNTS = (1, 8, 32)
EVENTS = 200
_LOOK_SECONDS = 0.02


class WrongAnswerError(Exception):
    """A sandbox has answered an event with something else than that event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What so many sandboxes took: times of events in ms, the most threads at one time, resident memory in MB."""

    sandboxes: int
    events: int
    start: float
    p50: float
    p99: float
    threads: int
    memory: float


def main() -> int:
    options = arguments()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samlocal-bench-"))).resolve()
        engine = stack.enter_context(closing(Engine.connect(os.environ)))
        spec = planned(engine, scratch, network=options.network)
        rows = [
            asyncio.run(measure(engine, spec, scratch, count=count, events=options.events))
            for count in options.count or COUNTS
        ]
    print(json.dumps([asdict(row) for row in rows]) if options.json else table(rows))
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, action="append", metavar="N", help=f"sandboxes  [default: {COUNTS}]")
    parser.add_argument("--events", type=int, default=EVENTS, metavar="N", help="of each  [default: %(default)s]")
    parser.add_argument("--network", default=SandboxOptions().network, help="Docker's  [default: %(default)s]")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    return parser.parse_args()


def planned(engine: Engine, scratch: Path, *, network: str) -> SandboxSpec:
    joined = application(read(BENCH / "template.yaml"), environment=None, region="eu-west-1", flags={}, configured={})
    return sandbox_spec(
        joined.function("echo"),
        engine=engine,
        cache=Cache(scratch / "cache"),
        credentials=None,
        options=SandboxOptions(network=network),
        progress=lambda *_: None,
    )


async def measure(engine: Engine, spec: SandboxSpec, scratch: Path, *, count: int, events: int) -> Row:
    """Raises what a caller has raised."""
    print(f"{count} sandboxes, {events} events each …", file=sys.stderr)
    times: list[float] = []
    began = time.perf_counter()
    with session(scratch / "sessions") as own:
        async with AsyncExitStack() as stack:
            log: Outlet[object] = Outlet(lambda _: None)
            stack.callback(log.close)

            async def opened() -> Sandbox:
                sandbox = await stack.enter_async_context(Sandbox(engine, spec, session=own, log=log))
                # The first event has the init in front of it.
                await answered(sandbox, "warm-up")
                return sandbox

            sandboxes = await asyncio.gather(*(opened() for _ in range(count)))
            start = time.perf_counter() - began
            watch = asyncio.create_task(highest())

            async def call(number: int, sandbox: Sandbox) -> None:
                times.extend([await timed(sandbox, f"{number}/{event}") for event in range(events)])

            await asyncio.gather(*(call(number, sandbox) for number, sandbox in enumerate(sandboxes)))
            watch.cancel()
            threads, memory = await watch
    times.sort()
    return Row(
        sandboxes=count,
        events=len(times),
        start=start,
        p50=quantile(times, 0.5),
        p99=quantile(times, 0.99),
        threads=threads,
        memory=memory,
    )


async def highest() -> tuple[int, float]:
    """The most threads and memory until it is cancelled."""
    threads, memory = 0, 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            threads, memory = max(threads, threading.active_count()), max(memory, resident())
            await asyncio.sleep(_LOOK_SECONDS)
    return threads, memory


async def answered(sandbox: Sandbox, said: str) -> None:
    request = Request(payload=json.dumps({"said": said}).encode())
    result = (await sandbox.invoke(request, chunk=lambda _: None)).result
    if not isinstance(result, Success) or json.loads(result.payload) != {"said": said}:
        raise WrongAnswerError(f"{said} was answered with {result}")


async def timed(sandbox: Sandbox, said: str) -> float:
    began = time.perf_counter()
    await answered(sandbox, said)
    return (time.perf_counter() - began) * 1000


def quantile(times: list[float], share: float) -> float:
    """Of sorted values."""
    return times[min(len(times) - 1, int(len(times) * share))]


def resident() -> float:
    """MB that this process holds (proc_pid_statm(5)); 0 where there is no telling."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1024 * 1024)


def table(rows: list[Row]) -> str:
    head = (
        "| Sandboxes | Events | Start of all (s) | p50 (ms) | p99 (ms) | Threads | Memory (MB) |",
        "|---|---|---|---|---|---|---|",
    )
    lines = (
        f"| {row.sandboxes} | {row.events} | {row.start:.1f} | {row.p50:.1f} | {row.p99:.1f} "
        f"| {row.threads} | {row.memory:.0f} |"
        for row in rows
    )
    return "\n".join((*head, *lines))


if __name__ == "__main__":
    sys.exit(main())
