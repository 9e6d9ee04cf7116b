"""The runs of one command: what is shown of each, and their figures at the end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from samlocal.artifact.image.runtime_image import Image, lacking
from samlocal.cli.output import Output
from samlocal.cli.runs.compared import KeptAnswers
from samlocal.cli.runs.event import Event
from samlocal.cli.runs.events import Events
from samlocal.cli.runs.invocation_document import invocation_document, whole_payload
from samlocal.cli.runs.json_text import json_line
from samlocal.errors import ExitStatus
from samlocal.function.limits import RESPONSE_BYTES
from samlocal.sandbox.result import Result, Success

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import Invocation

_NAMED = 6
"""So many events that failed are named."""


Remember: TypeAlias = Callable[[bytes, Result, bytes], None]
"""Puts down an event, what came of it, and what was streamed."""

_HEADS = ("Runs", "Failed", "Cold starts", "Minimum", "Median", "p99")


class _Tally(Struct, kw_only=True):
    """``durations`` are those of the runs that succeeded, in ms; ``cold_starts`` counts the Init Durations."""

    durations: list[float] = field(default_factory=list)
    failed: int = 0
    cold_starts: int = 0

    @property
    def runs(self) -> int:
        return len(self.durations) + self.failed

    def add(self, invocation: Invocation) -> None:
        if isinstance(invocation.result, Success):
            self.durations.append(invocation.report.duration)
        else:
            self.failed += 1
        self.cold_starts += invocation.report.init_duration is not None

    def fields(self) -> dict[str, float | None]:
        minimum, median, p99 = self._figures()
        counts = {"runs": self.runs, "failed": self.failed, "cold_starts": self.cold_starts}
        return {**counts, "minimum": minimum, "median": median, "p99": p99}

    def cells(self) -> list[str]:
        counts = [str(self.runs), str(self.failed), str(self.cold_starts)]
        return counts + ["-" if figure is None else f"{figure:.2f} ms" for figure in self._figures()]

    def _figures(self) -> tuple[float | None, ...]:
        """Minimum, median, and the 99th percentile by nearest rank: of fewer than 100 durations the longest."""
        import statistics

        ordered = sorted(self.durations)
        if not ordered:
            return None, None, None
        figures = ordered[0], statistics.median(ordered), ordered[math.ceil(len(ordered) * 0.99) - 1]
        return tuple(round(figure, 2) for figure in figures)


class Runs:
    """Shows each run as it ends, and knows what came of all."""

    def __init__(
        self,
        events: Events,
        output: Output,
        *,
        image: Image,
        as_json: bool,
        remember: Remember,
        compared: KeptAnswers | None,
    ) -> None:
        self._events = events
        self._output = output
        self._image = image
        self._as_json = as_json
        self._remember = remember
        self._compared = compared
        self._last: tuple[bytes, Result, bytes] | None = None
        self._tallies = {event.name: _Tally() for event in events.events}
        # What the image may lack, as the failures have it: each once.
        self._lacks: dict[str, None] = {}

    @property
    def _shows_chunks(self) -> bool:
        """Whether parts of a streamed response go out as they come."""
        return not self._as_json and not self._events.is_series

    def chunk(self, streamed: bytearray, data: bytes) -> None:
        """A part of a streamed response, which ``streamed`` keeps: of one that is shown no more than is of use."""
        if not self._shows_chunks or len(streamed) <= RESPONSE_BYTES:
            streamed += data
        if self._shows_chunks:
            self._output.chunk(data)

    @property
    def _has_failed(self) -> bool:
        return any(tally.failed for tally in self._tallies.values())

    @property
    def status(self) -> ExitStatus:
        """Where answers are compared, a failure may be what is expected."""
        is_bad = self._has_failed if self._compared is None else bool(self._compared.differing)
        return ExitStatus.FUNCTION_FAILED if is_bad else ExitStatus.SUCCESS

    def begin(self, event: Event) -> None:
        """Says whose START comes next, where several could; once for all of its runs."""
        if len(self._events.events) > 1:
            self._output.notice(f"event {event.name}")

    def show(self, event: Event, invocation: Invocation, streamed: bytes) -> None:
        """One that is over; ``streamed`` is what came of it in parts."""
        self._last = event.payload, invocation.result, streamed
        self._tallies[event.name].add(invocation)
        if not isinstance(invocation.result, Success):
            lacks = lacking(self._image, invocation.result.payload)
            self._lacks |= {lacks: None} if lacks else {}
        if self._as_json:
            name = event.name if self._events.is_series else None
            self._output.document(invocation_document(invocation, streamed, event=name))
        elif self._events.is_series:
            self._output.data_line(json_line(whole_payload(invocation, streamed)).decode())
        else:
            self._output.invocation(invocation)
        if self._compared is not None:
            answer, is_error = streamed + invocation.result.payload, not isinstance(invocation.result, Success)
            self._compared.compare(event, answer, is_error=is_error)

    def finish(self) -> None:
        """What there is to say of all, also where not all of them have run; the last one is remembered."""
        if self._last is not None:
            self._remember(*self._last)
            self._last = None
        tallies = {name: tally for name, tally in self._tallies.items() if tally.runs}
        if self._events.repeat > 1 and tallies:
            self._show_figures(tallies)
        elif len(tallies) > 1 and self._has_failed:
            failed = [name for name, tally in tallies.items() if tally.failed]
            more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
            self._output.warning(
                f"{len(failed)} of {len(tallies)} events failed: {', '.join(failed[:_NAMED])}{more}."
            )
        if self._compared is not None and tallies:
            self._compared.finish()
        for lacks in self._lacks:
            self._output.notice(lacks)

    def _show_figures(self, tallies: Mapping[str, _Tally]) -> None:
        together = _Tally(
            durations=[duration for tally in tallies.values() for duration in tally.durations],
            failed=sum(tally.failed for tally in tallies.values()),
            cold_starts=sum(tally.cold_starts for tally in tallies.values()),
        )
        if self._as_json:
            each = [{"event": name, **tally.fields()} for name, tally in tallies.items()]
            self._output.document({**together.fields(), "events": each})
            return
        rows = [[name, *tally.cells()] for name, tally in tallies.items()]
        if len(rows) > 1:
            rows.append(["all", *together.cells()])
        self._output.facts(["Event", *_HEADS], rows)
