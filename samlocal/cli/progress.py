"""What goes on, at the foot of a terminal: pulls, builds, deployments. What is said meanwhile stands above it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from samlocal.cli.terminal import has_colours, is_dumb, is_utf_8
from samlocal.cli.visible import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from samlocal.engine import PullProgress

_REFRESHED_EVERY = 0.1
"""Seconds, as rich's own."""


class Display:
    """One for a stream, whatever goes on: two would draw over each other. It is told from several threads.

    One thread at a time draws. rich reckons how many lines to wipe before it draws them anew, not in one step: of two
    threads that print at once one wipes a line that is none of the display's. So it is refreshed from here.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str], *, quiet: bool = False) -> None:
        self._stream = stream
        self._environ = environ
        self._is_shown = not quiet and stream.isatty() and not is_dumb(environ)
        self._lock = threading.RLock()
        self._progress: Progress | None = None
        self._views: set[object] = set()

    @contextmanager
    def progress(self, view: object) -> Iterator[Progress | None]:
        """Where a view shows its tasks, until it leaves; None where nobody looks. Nobody else draws meanwhile."""
        if not self._is_shown:
            yield None
            return
        with self._lock:
            self._views.add(view)
            if self._progress is None:
                self._progress = _progress(self._stream, self._environ)
                self._progress.start()
                threading.Thread(target=self._refresh, args=(self._progress,), daemon=True).start()
            yield self._progress

    def leave(self, view: object) -> None:
        """The last view that leaves takes all traces of the display with it."""
        with self._lock:
            self._views.discard(view)
            if not self._views and self._progress is not None:
                self._progress.stop()
                self._progress = None

    def say(self, text: str, *, end: str) -> None:
        """Writes to the stream, above what is shown."""
        with self._lock:
            if self._progress is None:
                self._stream.write(text + end)
                self._stream.flush()
                return
            from rich.text import Text

            # Not wrapped: a terminal does so itself, and copies the line as one.
            self._progress.console.print(Text.from_ansi(text), end=end, soft_wrap=True, highlight=False)

    def _refresh(self, progress: Progress) -> None:
        while True:
            time.sleep(_REFRESHED_EVERY)
            with self._lock:
                if self._progress is not progress:
                    return
                progress.refresh()


class PullView:
    """The progress of pulls: a bar for each at a terminal, a line for its start elsewhere.

    It is told from several threads. ``notice`` says a sentence.
    """

    def __init__(self, display: Display, notice: Callable[[str], None]) -> None:
        self._display = display
        self._notice = notice
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        # Of each image's layers, how many bytes there are of how many.
        self._layers: dict[str, dict[str, tuple[int, int]]] = {}

    def __call__(self, image: str, step: PullProgress) -> None:
        with self._lock:
            if image not in self._layers:
                self._forget_whole()
                self._layers[image] = {}
                # Layers and packages come through this view too; a fetch begins with its first bytes.
                self._notice(f"{'pulling' if step.layer != image else 'fetching'} {image} …")
            layers = self._layers[image]
            if not step.total or step.status not in ("Downloading", "Extracting"):
                return
            layers[step.layer] = (step.current or 0, step.total)
            with self._display.progress(self) as progress:
                if progress is None:
                    return
                if image not in self._tasks:
                    self._tasks[image] = progress.add_task(visible(image))
                done, total = (sum(sizes) for sizes in zip(*layers.values(), strict=True))
                progress.update(self._tasks[image], completed=done, total=total)

    def close(self) -> None:
        with self._lock:
            self._forget(*self._tasks)
        self._display.leave(self)

    def _forget_whole(self) -> None:
        """Those of which every byte is there."""
        self._forget(*(image for image in self._tasks if all(has == of for has, of in self._layers[image].values())))

    def _forget(self, *images: str) -> None:
        for image in images:
            with self._display.progress(self) as progress:
                if progress is not None:
                    progress.remove_task(self._tasks.pop(image))


class BuildView:
    """The progress of builds: a spinner for each at a terminal, a line for its start elsewhere, one for its end.

    It is told from several threads.
    """

    def __init__(self, display: Display, notice: Callable[[str], None]) -> None:
        self._display = display
        self._notice = notice
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._started: set[str] = set()

    def step(self, paths: Sequence[str], step: str) -> None:
        name = visible(", ".join(paths))
        with self._lock, self._display.progress(self) as progress:
            if progress is not None:
                if name not in self._tasks:
                    self._tasks[name] = progress.add_task(name, total=None)
                progress.update(self._tasks[name], description=f"building {name}: {visible(step)}")
            elif name not in self._started:
                self._notice(f"building {name} ({step}) …")
            self._started.add(name)

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None:
        name = visible(", ".join(paths))
        with self._lock:
            self._started.discard(name)
            if name in self._tasks:
                with self._display.progress(self) as progress:
                    if progress is not None:
                        progress.remove_task(self._tasks.pop(name))
            if not failed:
                self._notice(f"built {name} in {seconds:.1f} s.")

    def close(self) -> None:
        self._display.leave(self)


class GoingOnView:
    """One thing that takes time: a spinner at a terminal, a line for its start elsewhere."""

    def __init__(self, display: Display, notice: Callable[[str], None]) -> None:
        self._display = display
        self._notice = notice
        self._task: TaskID | None = None

    def __call__(self, what: str) -> None:
        with self._display.progress(self) as progress:
            if progress is None:
                self._notice(f"{what} …")
            elif self._task is None:
                self._task = progress.add_task(visible(what), total=None)
            else:
                progress.update(self._task, description=visible(what))

    def close(self) -> None:
        if self._task is not None:
            with self._display.progress(self) as progress:
                if progress is not None:
                    progress.remove_task(self._task)
        self._task = None
        self._display.leave(self)


class ProgressView:
    """All at once, for whoever cannot know which of them will go on."""

    def __init__(self, display: Display, notice: Callable[[str], None], begins: Callable[[str], None]) -> None:
        """``notice`` says each text once, ``begins`` each time: images are pulled once, builds come again."""
        self._pull = PullView(display, notice)
        self._build = BuildView(display, begins)
        self.goes_on = GoingOnView(display, begins)
        self.pulled, self.step, self.done = self._pull, self._build.step, self._build.done

    def close(self) -> None:
        self._pull.close()
        self._build.close()
        self.goes_on.close()


def _progress(stream: TextIO, environ: Mapping[str, str]) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
    from rich.table import Column
    from rich.text import Text

    class Bar(BarColumn):
        def render(self, task: Task) -> Any:
            return Text() if task.total is None else super().render(task)

    class Bytes(DownloadColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.total is None else super().render(task)

    return Progress(
        SpinnerColumn("dots" if is_utf_8(stream.encoding) else "line"),
        TextColumn("{task.description}", markup=False, table_column=Column(overflow="ellipsis", no_wrap=True)),
        Bar(),
        Bytes(),
        TimeElapsedColumn(),
        console=Console(file=stream, no_color=not has_colours(stream, environ), _environ=environ),
        transient=True,
        auto_refresh=False,
        # What is said goes through this display; standard output is the payload's.
        redirect_stdout=False,
        redirect_stderr=False,
    )
