"""Commands run in turn, A B A B …, and what their figures say. All times are in ms, memory is in MB."""

from __future__ import annotations

import enum
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

# What a contender leaves to the engine (a removal takes 95 ms) is done before the next one starts.
_SETTLE_SECONDS = 0.3
_DEADLINE_SECONDS = 120
_PEAK = Path(__file__).with_name("peak.py")


class Figure(enum.Enum):
    """What of a run is compared."""

    WALL = "wall time"
    PROCESSOR = "processor time"
    """In user and kernel mode, of the process and of those that it has waited for: not of the engine, whose children
    containers are."""
    MEMORY = "memory"
    """The most that the process, or one that it has waited for, held at one time (`ru_maxrss` of getrusage(2))."""

    @property
    def unit(self) -> str:
        return "MB" if self is Figure.MEMORY else "ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of a command took, and its standard output."""

    wall: float
    processor: float
    output: str

    def figure(self, figure: Figure) -> float:
        """Raises KeyError for what a run does not tell."""
        return {Figure.WALL: self.wall, Figure.PROCESSOR: self.processor}[figure]


class CommandFailedError(Exception):
    """A measured command failed, or did not print what it had to; the message holds all that it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A contender. ``shown`` is its text in the results; its standard output must hold ``expected``.

    ``prepare`` is called before each run, and is no part of it.
    """

    shown: str
    arguments: tuple[str, ...]
    expected: str
    environ: Mapping[str, str]
    folder: Path
    prepare: Callable[[], None] = field(default=lambda: None)

    def run(self) -> Run:
        """Raises CommandFailedError."""
        self.prepare()
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

    def text(self, digits: int = 0) -> str:
        """With so many digits behind the point."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.greatest:.{digits}f})"


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
    ours, theirs = in_turn(
        [comparison.ours, comparison.theirs],
        name=comparison.name,
        figure=comparison.figure,
        rounds=pairs,
        tell=tell,
    )
    return Measurement(comparison=comparison, ours=ours, theirs=theirs)


def in_turn(
    commands: Sequence[Command],
    *,
    name: str,
    figure: Figure = Figure.WALL,
    rounds: int,
    tell: Callable[[str], None],
) -> list[tuple[float, ...]]:
    """The figures of each command, of runs A B A B … after one of each to warm up. Raises CommandFailedError."""
    tell(f"{name}: warming up")
    for command in commands:
        _settled(command, figure)
    found: list[tuple[float, ...]] = []
    for number in range(1, rounds + 1):
        found.append(tuple(_settled(command, figure) for command in commands))
        said = ", ".join(f"{one:.0f}" for one in found[-1])
        tell(f"{name}: round {number} of {rounds}: {said} {figure.unit}")
    return [tuple(column) for column in zip(*found, strict=True)]


def _settled(command: Command, figure: Figure) -> float:
    found = _peak(command) if figure is Figure.MEMORY else command.run().figure(figure)
    time.sleep(_SETTLE_SECONDS)
    return found


def _peak(command: Command) -> float:
    """By a small program between: what starts a process counts as held by it until it runs its own program."""
    measured = replace(command, arguments=(sys.executable, "-I", "-S", str(_PEAK), *command.arguments)).run()
    return int(measured.output.splitlines()[-1]) / 1024


def _processor_time() -> float:
    """What all processes took that this one has waited for (getrusage(2)): a run's is what it adds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _text(output: bytes | str | None) -> str:
    # subprocess gives bytes here even in text mode.
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
