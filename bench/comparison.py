"""Two commands run in turn, A B A B …, and what their times say. All times are in ms."""

from __future__ import annotations

import enum
import resource
import shlex
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What a contender leaves to the engine (a removal takes 95 ms) is done before the next one starts.
_SETTLE_SECONDS = 0.3
_DEADLINE_SECONDS = 120


class Figure(enum.Enum):
    """What of a run is compared."""

    WALL = "wall time"
    PROCESSOR = "processor time"
    """In user and kernel mode, of the process and of those that it has waited for: not of the engine, whose children
    containers are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of a command took, and its standard output."""

    wall: float
    processor: float
    output: str

    def figure(self, figure: Figure) -> float:
        return self.wall if figure is Figure.WALL else self.processor


class CommandFailedError(Exception):
    """A measured command failed, or did not print what it had to; the message holds all that it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A contender. ``shown`` is its text in the results; its standard output must hold ``expected``."""

    shown: str
    arguments: tuple[str, ...]
    expected: str
    environ: Mapping[str, str]
    folder: Path

    def run(self) -> Run:
        """Raises CommandFailedError."""
        before = _processor_time()
        began = time.perf_counter()
        try:
            done = subprocess.run(
                self.arguments,
                env=self.environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_DEADLINE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailedError(
                f"{shlex.join(self.arguments)}\ndid not end within {_DEADLINE_SECONDS} s.\n"
                f"{_text(error.stdout)}{_text(error.stderr)}"
            ) from error
        wall = (time.perf_counter() - began) * 1000
        took = Run(wall=wall, processor=_processor_time() - before, output=done.stdout)
        if done.returncode != 0 or self.expected not in done.stdout:
            raise CommandFailedError(
                f"{shlex.join(self.arguments)}\nended with exit status {done.returncode}; its output had to hold "
                f"{self.expected!r}.\n--- standard output\n{done.stdout}\n--- standard error\n{done.stderr}"
            )
        return took


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the project wants of a comparison: at most this ratio, or at most so many ms more. None: not asked."""

    ratio: float | None = None
    difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``ours`` against ``theirs``; ``name`` is what ``--only`` takes."""

    name: str
    title: str
    ours: Command
    theirs: Command
    figure: Figure = Figure.WALL
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """A comparison that this checkout has not what it takes for, and why."""

    name: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some figures, the least and the greatest of them."""

    median: float
    least: float
    greatest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The comparison's figure of each run, in the order of the runs."""

    comparison: Comparison
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> Spread:
        """Ours divided by theirs, pair by pair."""
        return spread([a / b for a, b in zip(self.ours, self.theirs, strict=True)])

    @property
    def difference(self) -> Spread:
        """Ours less theirs, pair by pair."""
        return spread([a - b for a, b in zip(self.ours, self.theirs, strict=True)])


def spread(figures: list[float] | tuple[float, ...]) -> Spread:
    return Spread(median=statistics.median(figures), least=min(figures), greatest=max(figures))


def measure(comparison: Comparison, *, pairs: int, tell: Callable[[str], None]) -> Measurement:
    """Runs each command once to warm up, then both in turn. Raises CommandFailedError."""
    tell(f"{comparison.name}: warming up")
    for command in (comparison.ours, comparison.theirs):
        _settled(command, comparison.figure)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(1, pairs + 1):
        ours.append(_settled(comparison.ours, comparison.figure))
        theirs.append(_settled(comparison.theirs, comparison.figure))
        tell(f"{comparison.name}: pair {number} of {pairs}: {ours[-1]:.0f} ms, {theirs[-1]:.0f} ms")
    return Measurement(comparison=comparison, ours=tuple(ours), theirs=tuple(theirs))


def _settled(command: Command, figure: Figure) -> float:
    took = command.run()
    time.sleep(_SETTLE_SECONDS)
    return took.figure(figure)


def _processor_time() -> float:
    """What all processes took that this one has waited for (getrusage(2)): a run's is what it adds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _text(output: bytes | str | None) -> str:
    # subprocess gives bytes here even in text mode.
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
