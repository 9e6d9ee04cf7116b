"""Calls `samlocal start-lambda` many times, with functions that crash, hang and raise among them. Run by `make soak`.

Every caller has to get the answer to its own event, as AWS would give it; at the end no container is left. The
function runs on the host's network, so that all calls stay on this machine's loopback. The tables go to standard
output, progress to standard error; the exit status is 1 when an answer was wrong or something is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import Any

import docker
import engine
from serving import Caller, Reply, Server, ServerFailedError, free_port, started

BENCH = Path(__file__).resolve().parent
FUNCTION = "soak"
SHARE = 20
"""One event of so many has a fault, for each fault."""

PROCESSES = Path("/proc")
"""Where a machine that tells what a process holds does so."""

INTERRUPTED = 130
"""A server's exit status after Ctrl-C, as shells have it."""

# What the engine removes is gone by then.
_GONE_SECONDS = 30.0
_LOOK_SECONDS = 0.2


class Fault(StrEnum):
    CRASH = "crash"
    HANG = "hang"
    RAISE = "raise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the server held after so many answers: resident memory in MB, threads, open files."""

    answers: int
    seconds: float
    memory: float
    threads: int
    files: int


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of a soak. Times are in ms, by fault; those without one are ``none``."""

    events: int
    callers: int
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    times: dict[str, dict[str, float]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    containers_left: int = 0
    status: int | None = None

    @property
    def clean(self) -> bool:
        return not self.wrong and self.containers_left == 0 and self.status == INTERRUPTED


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="samlocal-soak-") as folder:
        scratch = Path(folder).resolve()
        figures = soak(scratch, events=options.events, callers=options.callers)
    print(json.dumps(asdict(figures)) if options.json else table(figures))
    return 0 if figures.clean else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2000, metavar="N", help="[default: %(default)s]")
    parser.add_argument("--callers", type=int, default=32, metavar="N", help="at once  [default: %(default)s]")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    return parser.parse_args()


def soak(scratch: Path, *, events: int, callers: int) -> Figures:
    """Raises ServerFailedError."""
    figures = Figures(events=events, callers=callers)
    port = free_port()
    command = [str(Path(sys.executable).with_name("samlocal")), "start-lambda", "-t", "template.yaml"]
    options = ["--docker-network", "host", "--port", str(port), "--concurrency", str(callers)]
    environ = {**os.environ, "SAMLOCAL_CACHE_DIR": str(scratch / "cache"), "AWS_DEFAULT_REGION": "eu-west-1"}
    with started([*command, *options], port, environ=environ, folder=BENCH) as server:
        call_all(server, figures)
        figures.status = server.end()
    figures.containers_left = left(scratch)
    return figures


def call_all(server: Server, figures: Figures) -> None:
    """All callers at once, each with the next event when it has its answer."""
    events = enumerate(faults(figures.events))
    marks = [figures.events * share // 4 for share in (1, 2, 4)]
    taking = threading.Lock()
    times: dict[str, list[float]] = {}
    answers = 0
    began = time.monotonic()

    def caller() -> None:
        nonlocal answers
        with closing(Caller(server.port, f"/2015-03-31/functions/{FUNCTION}/invocations")) as own:
            while True:
                with taking:
                    number, fault = next(events, (None, None))
                if number is None:
                    return
                event = {"number": number} | ({"fault": fault} if fault else {})
                try:
                    reply = own.call(json.dumps(event).encode())
                    problem = complaint(number, fault, reply)
                except (OSError, HTTPException) as error:
                    reply, problem = None, repr(error)
                with taking:
                    if reply is not None:
                        times.setdefault(fault or "none", []).append(reply.seconds * 1000)
                    if problem is not None:
                        figures.wrong.append(f"event {number} ({fault}): {problem}")
                    answers += 1
                    if answers in marks and PROCESSES.is_dir():
                        figures.held.append(held(server.pid, answers, time.monotonic() - began))
                        print(f"{answers} answers, {len(figures.wrong)} of them wrong", file=sys.stderr)

    with ThreadPoolExecutor(figures.callers) as pool:
        for running in [pool.submit(caller) for _ in range(figures.callers)]:
            running.result()
    figures.seconds = time.monotonic() - began
    figures.times = {kind: spread(sorted(each)) for kind, each in sorted(times.items())}


def faults(count: int) -> list[Fault | None]:
    """In an order that is the same each time."""
    found: list[Fault | None] = [fault for fault in Fault for _ in range(count // SHARE)]
    found += [None] * (count - len(found))
    random.Random(12).shuffle(found)
    return found


def complaint(number: int, fault: Fault | None, reply: Reply) -> str | None:
    """What is wrong with an answer, None where it is AWS's to this very event.

    Lambda developer guide, "Invoking a function synchronously" and "Errors": a function's error has status 200, the
    header ``X-Amz-Function-Error`` and a payload of its own; a crash's and a timeout's names the request.
    """
    id_ = reply.headers.get("x-amzn-requestid")
    try:
        content = json.loads(reply.body)
    except ValueError:
        return f"{reply.status} with what is no JSON: {reply.body[:200]!r}"
    answer = reply.status, reply.headers.get("x-amz-function-error"), content
    wanted: tuple[int, str | None, dict[str, Any]]
    match fault:
        case None:
            wanted = 200, None, {"number": number, "request_id": id_}
        case Fault.RAISE:
            told = {"errorType": "ValueError", "errorMessage": f"fault of {number}", "requestId": id_}
            wanted = 200, "Unhandled", told
            if isinstance(content, dict):
                content.pop("stackTrace", None)
        case Fault.CRASH:
            text = f"RequestId: {id_} Error: Runtime exited with error: exit status 3"
            wanted = 200, "Unhandled", {"errorType": "Runtime.ExitError", "errorMessage": text}
        case Fault.HANG:
            text = f"RequestId: {id_} Error: Task timed out after 3.00 seconds"
            wanted = 200, "Unhandled", {"errorType": "Sandbox.Timedout", "errorMessage": text}
    return None if answer == wanted else f"{answer} instead of {wanted}"


def held(pid: int, answers: int, seconds: float) -> Held:
    """proc_pid_statm(5), proc_pid_task(5), proc_pid_fd(5)."""
    process = PROCESSES / str(pid)
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    return Held(
        answers=answers,
        seconds=seconds,
        memory=pages * os.sysconf("SC_PAGE_SIZE") / (1024 * 1024),
        threads=len(list((process / "task").iterdir())),
        files=len(list((process / "fd").iterdir())),
    )


def left(scratch: Path) -> int:
    """How many containers there are still once the engine has had its time."""
    with closing(docker.APIClient(version="auto", **docker.utils.kwargs_from_env())) as client:
        deadline = time.monotonic() + _GONE_SECONDS
        while (count := engine.marked(client, scratch)) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return count


def spread(times: list[float]) -> dict[str, float]:
    """Of sorted values."""
    at = {"p50": 0.5, "p99": 0.99, "most": 1.0}
    found = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in at.items()}
    return {"events": len(times), **found}


def table(figures: Figures) -> str:
    return "\n".join(lines(figures))


def lines(figures: Figures) -> Iterator[str]:
    yield f"{figures.events} events of {figures.callers} callers in {figures.seconds:.1f} s\n"
    yield "| Fault | Events | p50 (ms) | p99 (ms) | Most (ms) |\n|---|---|---|---|---|"
    for kind, each in figures.times.items():
        yield f"| {kind} | {each['events']:.0f} | {each['p50']:.1f} | {each['p99']:.1f} | {each['most']:.1f} |"
    yield "\n| Answers | After (s) | Memory (MB) | Threads | Open files |\n|---|---|---|---|---|"
    for one in figures.held:
        yield f"| {one.answers} | {one.seconds:.1f} | {one.memory:.1f} | {one.threads} | {one.files} |"
    yield (
        f"\n{len(figures.wrong)} wrong answers, {figures.containers_left} containers left, "
        f"the server's exit status {figures.status}"
    )
    yield from figures.wrong[:20]


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except ServerFailedError as error:
        raise SystemExit(f"The soak ends here: {error}") from error
