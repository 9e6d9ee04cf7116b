"""Everything that samlocal prints: the payload to standard output, the rest to standard error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from samlocal.cli.world import World
from samlocal.errors import SamlocalError
from samlocal.sandbox.report import end_line
from samlocal.sandbox.result import Success, outcome

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from samlocal.engine import PullProgress
    from samlocal.sandbox.sandbox import Invocation


class Output:
    """Writes to one world's streams."""

    def __init__(self, world: World) -> None:
        self._world = world

    def notice(self, text: str) -> None:
        """Something the user should know, in one line."""
        self._error_line(click.style("samlocal: ", fg="cyan") + text)

    def warning(self, text: str) -> None:
        self._error_line(click.style("samlocal: ", fg="yellow") + text)

    def error(self, error: SamlocalError) -> None:
        self._error_line(click.style("Error: ", fg="red", bold=True) + error.message)
        if error.tip:
            self._error_line(error.tip)

    def log(self, line: str) -> None:
        """A line of the function's log."""
        self._error_line(line)

    def chunk(self, data: bytes) -> None:
        """A part of a streamed response, at once."""
        self._world.stdout.write(data)
        self._world.stdout.flush()

    def invocation(self, invocation: Invocation) -> None:
        """The end of the log, then the payload."""
        self._error_line(end_line(invocation.request_id))
        self._error_line(invocation.report.line())
        result = invocation.result
        if isinstance(result, Success) and result.streamed:
            return
        self._world.stdout.write(result.payload + b"\n")
        self._world.stdout.flush()

    def invocation_as_json(self, invocation: Invocation, streamed: bytes) -> None:
        """One object with the payload, how the invocation ended, and its figures (ms, MB)."""
        self._error_line(end_line(invocation.request_id))
        self._error_line(invocation.report.line())
        result, report = invocation.result, invocation.report
        payload = streamed if isinstance(result, Success) and result.streamed else result.payload
        status, error_type = outcome(result)
        self.document(
            {
                "request_id": invocation.request_id,
                "status": status or "success",
                "error_type": error_type,
                "payload": _json_or_text(payload),
                "duration": round(report.duration, 2),
                "billed_duration": report.billed_duration,
                "init_duration": None if report.init_duration is None else round(report.init_duration, 2),
                "memory_size": report.memory_size,
                "max_memory_used": report.max_memory_used,
            }
        )

    def document(self, document: object) -> None:
        """A JSON document as the payload."""
        self._world.stdout.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
        self._world.stdout.flush()

    def payload_line(self, line: str) -> None:
        self._world.stdout.write(line.encode() + b"\n")
        self._world.stdout.flush()

    def difference(self, lines: Iterable[str]) -> None:
        """A unified difference, on standard error."""
        colours = {"+": "green", "-": "red"}
        for line in lines:
            self._error_line(click.style(line, fg=colours.get(line[:1])))

    def ask(self, question: str) -> bool:
        """Asks on standard error; whatever is not yes is no, and no answer at all is an error of usage."""
        click.echo(f"{question} [y/N] ", file=self._world.stderr, nl=False)
        answer = self._world.stdin.readline()
        if not answer:
            self._error_line("")
            raise click.UsageError("There is nobody to ask: give --yes.")
        return answer.strip().lower() in (b"y", b"yes")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table as the payload: as wide as it needs where nobody looks, folded into the terminal where one is."""
        stdout = self._world.stdout
        stdout.write(_drawn(heads, rows, terminal=stdout.isatty()).encode() + b"\n\n")
        stdout.flush()

    def error_table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table that is not the payload."""
        self._error_line(_drawn(heads, rows, terminal=self._world.stderr.isatty()) + "\n")

    @contextmanager
    def pulling(self) -> Iterator[PullView]:
        """Shows images being pulled."""
        view = PullView(self)
        try:
            yield view
        finally:
            view.close()

    @contextmanager
    def building(self) -> Iterator[BuildView]:
        """Shows builds going on."""
        view = BuildView(self)
        try:
            yield view
        finally:
            view.close()

    def _error_line(self, line: str) -> None:
        click.echo(line, file=self._world.stderr)


class PullView:
    """The progress of a pull: a bar at a terminal, a line for its start elsewhere."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bar: object | None = None
        self._image: str | None = None
        self._layers: dict[str, tuple[int, int]] = {}

    def __call__(self, image: str, step: PullProgress) -> None:
        if image != self._image:
            self._image = image
            # Layers and packages come through this view too; a fetch begins with its first bytes.
            self._output.notice(f"{'pulling' if step.layer != image else 'fetching'} {image} …")
        if step.total and step.status in ("Downloading", "Extracting"):
            self._layers[step.layer] = (step.current or 0, step.total)
            self._show()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        if self._bar is None:
            console = Console(stderr=True)
            if not console.is_terminal:
                return
            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console, transient=True
            )
            bar.add_task("image")
            bar.start()
            self._bar = bar
        if isinstance(self._bar, Progress):
            done, total = (sum(sizes) for sizes in zip(*self._layers.values(), strict=True))
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        stop = getattr(self._bar, "stop", None)
        if stop is not None:
            stop()


class BuildView:
    """The progress of builds: a spinner for each at a terminal, a line for its start and its end elsewhere.

    It is told from several threads.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started: set[str] = set()

    def step(self, paths: Sequence[str], step: str) -> None:
        name = ", ".join(paths)
        with self._lock:
            if self._progress is None and not self._started:
                self._progress = self._terminal()
            if self._progress is not None:
                if name not in self._tasks:
                    self._tasks[name] = self._progress.add_task(name, total=None)
                self._progress.update(self._tasks[name], description=f"building {name}: {step}")
            elif name not in self._started:
                self._output.notice(f"building {name} ({step}) …")
            self._started.add(name)

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None:
        name = ", ".join(paths)
        with self._lock:
            if self._progress is not None and name in self._tasks:
                self._progress.remove_task(self._tasks.pop(name))
            if not failed:
                self._output.notice(f"built {name} in {seconds:.1f} s.")

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _terminal(self) -> Progress | None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        if not console.is_terminal:
            return None
        shown = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        shown.start()
        return shown


def _json_or_text(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _drawn(heads: Sequence[str], rows: Iterable[Sequence[str]], *, terminal: bool) -> str:
    import io

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    drawn = io.StringIO()
    width = None if terminal else 10_000
    Console(file=drawn, width=width, no_color=not terminal, force_terminal=terminal).print(table)
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()).strip("\n")
