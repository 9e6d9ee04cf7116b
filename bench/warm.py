"""Warm calls over HTTP: `samlocal start-lambda`, `sam local start-lambda` and AWS's emulator, each with the sample's
`getEvent` after it has answered before; and `GET /events/welcome` of the sample's API, by `samlocal start-api` and
`sam local start-api`.

All are called by one program on this machine's loopback, in turn, round after round. The functions of samlocal and of
the emulator are on the host's network; SAM CLI's is behind a port of the loopback that Docker publishes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import docker
import emulator
import memory
import sam_cli
from comparison import CommandFailedError, Spread, spread
from contenders import EVENT, ROOT, Contenders
from recording import Creation
from serving import Caller, Server, free_port, started

CALLERS = 8
CALLS = 40
"""Of one caller in each round."""
CALLS_AT_ONCE = 25
"""Of each of several callers in each round."""

_TEMPLATE = "templates/template.yaml"
_FUNCTION = "getEvent"
_ANSWER = b"Hello from the sample application"
_API_PATH = "/events/welcome"
_PATH = f"/2015-03-31/functions/{_FUNCTION}/invocations"

_WARM_UP = 20
# A server that listens may still be starting its function.
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """A server with its function. ``shown`` is its text in the results.

    One that is not ``shared`` breaks under several callers at once. Without an ``event`` its path is got. ``pid`` is
    its process where that runs on this machine, outside of containers.
    """

    shown: str
    port: int
    pid: int | None = None
    path: str = _PATH
    event: str | None = EVENT
    shared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """``times`` of the calls in ms, and how many a second all callers made."""

    times: Sequence[float]
    rate: float


@dataclass(slots=True, kw_only=True)
class WarmFigures:
    """Round by round: the median time of a call in ms, and calls a second of all callers. ``times`` are all.

    Those of one caller, and ``…_at_once`` those of several.
    """

    server: Warm
    medians: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    medians_at_once: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    rates_at_once: list[float] = field(default_factory=list)
    memory: float | None = None
    """What the server and its processes hold after all that, in MB; functions are none of it."""

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.times, n=100)[98]

    def add(self, burst: Burst) -> None:
        self.times += burst.times
        self.medians.append(statistics.median(burst.times))
        self.rates.append(burst.rate)

    def add_at_once(self, burst: Burst) -> None:
        self.medians_at_once.append(statistics.median(burst.times))
        self.rates_at_once.append(burst.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmResults:
    """``theirs`` is the emulator, None where it could not be built, and ``reason`` says why."""

    ours: WarmFigures
    sam: WarmFigures
    theirs: WarmFigures | None
    reason: str = ""

    @property
    def all(self) -> list[WarmFigures]:
        return [each for each in (self.ours, self.theirs, self.sam) if each is not None]

    @property
    def slower(self) -> Spread | None:
        """How many times the emulator's median ours is, round by round."""
        if self.theirs is None:
            return None
        return spread([a / b for a, b in zip(self.ours.medians, self.theirs.medians, strict=True)])

    @property
    def faster(self) -> Spread:
        """How many times SAM CLI's calls a second ours are, round by round."""
        return _times_faster(self.ours, self.sam)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmApiResults:
    """Requests of the sample's API."""

    ours: WarmFigures
    sam: WarmFigures

    @property
    def faster(self) -> Spread:
        """How many times SAM CLI's requests a second ours are, round by round."""
        return _times_faster(self.ours, self.sam)


def _times_faster(ours: WarmFigures, theirs: WarmFigures) -> Spread:
    return spread([a / b for a, b in zip(ours.rates_at_once, theirs.rates_at_once, strict=True)])


def measure_warm(
    contenders: Contenders,
    client: docker.APIClient,
    creation: Creation,
    *,
    emulator_folder: Path,
    rounds: int,
    tell: Callable[[str], None],
) -> WarmResults:
    """``creation`` is samlocal's own container of the function. Raises CommandFailedError for a wrong answer."""
    program, reason = None, ""
    try:
        program = emulator.install(emulator_folder, tell=tell)
    except emulator.NoEmulatorError as error:
        reason = str(error)
    with _samlocal(contenders) as ours, _sam(contenders) as sam:
        if program is None:
            first, last = _rounds([ours, sam], rounds=rounds, tell=tell)
            return WarmResults(ours=first, sam=last, theirs=None, reason=reason)
        with emulator.running(client, creation, program, scratch=contenders.scratch) as port:
            alone = Warm(shown="aws-lambda-rie", port=port, path=emulator.PATH, shared=False)
            first, second, last = _rounds([ours, alone, sam], rounds=rounds, tell=tell)
            return WarmResults(ours=first, theirs=second, sam=last)


def measure_warm_api(contenders: Contenders, *, rounds: int, tell: Callable[[str], None]) -> WarmApiResults:
    """Raises CommandFailedError for a wrong answer."""
    with _samlocal_api(contenders) as ours, _sam_api(contenders) as sam:
        first, last = _rounds([ours, sam], rounds=rounds, tell=tell)
        return WarmApiResults(ours=first, sam=last)


@contextmanager
def _samlocal(contenders: Contenders) -> Iterator[Warm]:
    with _ours(contenders, "start-lambda") as server:
        yield Warm(shown="samlocal start-lambda", port=server.port, pid=server.pid)


@contextmanager
def _samlocal_api(contenders: Contenders) -> Iterator[Warm]:
    with _ours(contenders, "start-api") as server:
        yield Warm(shown="samlocal start-api", port=server.port, pid=server.pid, path=_API_PATH, event=None)


@contextmanager
def _ours(contenders: Contenders, command: str) -> Iterator[Server]:
    port = free_port()
    arguments = [command, "-t", _TEMPLATE, "--docker-network", "host", "--port", str(port)]
    with started([str(contenders.ours), *arguments], port, environ=contenders.environ, folder=ROOT) as server:
        yield server


@contextmanager
def _sam(contenders: Contenders) -> Iterator[Warm]:
    with _theirs(contenders, "start-lambda", _FUNCTION) as server:
        yield Warm(shown="sam local start-lambda --warm-containers EAGER", port=server.port, pid=server.pid)


@contextmanager
def _sam_api(contenders: Contenders) -> Iterator[Warm]:
    with _theirs(contenders, "start-api") as server:
        shown = "sam local start-api --warm-containers EAGER"
        yield Warm(shown=shown, port=server.port, pid=server.pid, path=_API_PATH, event=None)


@contextmanager
def _theirs(contenders: Contenders, command: str, *functions: str) -> Iterator[Server]:
    port = free_port()
    arguments = ["local", command, *functions, "-t", _TEMPLATE, "--warm-containers", "EAGER"]
    options = ["--port", str(port), *sam_cli.invoke_options(contenders.scratch)]
    with started(
        [str(contenders.sam), *arguments, *options], port, environ=contenders.environ, folder=ROOT
    ) as server:
        yield server


def _rounds(servers: Sequence[Warm], *, rounds: int, tell: Callable[[str], None]) -> list[WarmFigures]:
    figures = [WarmFigures(server=server) for server in servers]
    for server in servers:
        tell(f"warm: warming up {server.shown}")
        _first(server)
        if server.shared:
            _at_once(server)
    for number in range(1, rounds + 1):
        for one in figures:
            one.add(_alone(one.server))
        for one in figures:
            if one.server.shared:
                one.add_at_once(_at_once(one.server))
        said = ", ".join(f"{one.medians[-1]:.2f} ms" for one in figures)
        rates = ", ".join(f"{one.rates_at_once[-1]:.0f}" for one in figures if one.rates_at_once)
        tell(f"warm: round {number} of {rounds}: {said}; {rates} a second")
    for one in figures:
        if one.server.pid is not None:
            one.memory = memory.held(one.server.pid)
    return figures


def _alone(server: Warm) -> Burst:
    """One caller's calls, one after the other."""
    began = time.perf_counter()
    times = _times(server, CALLS)
    return Burst(times=times, rate=CALLS / (time.perf_counter() - began))


def _at_once(server: Warm) -> Burst:
    """Those of all callers at once."""
    with ThreadPoolExecutor(CALLERS) as pool:
        began = time.perf_counter()
        callers = [pool.submit(_times, server, CALLS_AT_ONCE) for _ in range(CALLERS)]
        times = [one for caller in callers for one in caller.result()]
        return Burst(times=times, rate=CALLS_AT_ONCE * CALLERS / (time.perf_counter() - began))


def _times(server: Warm, calls: int) -> list[float]:
    """What each of a caller's calls took, in ms."""
    with closing(Caller(server.port, server.path)) as own:
        return [_called(own, server) for _ in range(calls)]


def _called(own: Caller, server: Warm) -> float:
    """What a call took, in ms."""
    reply = own.call((ROOT / server.event).read_bytes() if server.event else None)
    if reply.status != 200 or _ANSWER not in reply.body:
        raise CommandFailedError(f"{server.shown}\nanswered {reply.status} {reply.body!r}.")
    return reply.seconds * 1000


def _first(server: Warm) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            _times(server, _WARM_UP)
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise CommandFailedError(f"{server.shown}\ndoes not answer: {error}.") from error
            time.sleep(0.1)
        else:
            return
