"""A command's events in a sandbox that another process has, shown as those of a sandbox of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from samlocal.artifact.image.runtime_image import Image
from samlocal.cli.output import Output
from samlocal.cli.runs.event import Event
from samlocal.cli.runs.events import Events
from samlocal.cli.runs.runs import Runs
from samlocal.kept.client import KeptRun, NothingRanError
from samlocal.kept.folder import KEEPER
from samlocal.kept.opening import Opening, changed
from samlocal.project.announced import tell_of_image


def run_kept(opening: Opening, events: Events, output: Output, *, made: Callable[[Image], Runs]) -> Runs | None:
    """What came of the events, shown by what is ``made`` for the image that they run in.

    None where nobody runs them, which is said where it was to be expected.
    Raises what a run of its own would, and KeptError where the process goes while an event runs.
    """
    try:
        run = opening.run()
        if run is None:
            return None
        with run:
            return _run(run, events, output, made)
    except NothingRanError as error:
        output.warning(f"{error.in_a_line} The function runs in a sandbox of its own.")
        return None


def _run(run: KeptRun, events: Events, output: Output, made: Callable[[Image], Runs]) -> Runs:
    planned = run.planned()
    tell_of_image(planned.image, output)
    if planned.changed:
        output.notice(changed(planned.changed))
    if run.by != KEEPER:
        output.notice(f"it runs in the pool of `samlocal {run.by}`; with --cold it does not.")
    output.is_of(timeout_at=planned.timeout_at, memory_at=planned.memory_at)
    runs = made(planned.image)
    try:
        for event in events.runs():
            runs.begin(event)
            _show(run, event, runs)
        run.finish()
    finally:
        runs.finish()
    return runs


def _show(run: KeptRun, event: Event, runs: Runs) -> None:
    streamed = bytearray()
    invocation = run.invoke(event.payload, chunk=partial(runs.chunk, streamed))
    runs.show(event, invocation, bytes(streamed))
