"""Answers of now, compared with those that are kept beside their events."""

from __future__ import annotations

from pathlib import Path

from samlocal.cli.output import Output
from samlocal.cli.runs.answer import difference, readable
from samlocal.cli.runs.event import Event, read_file
from samlocal.cli.runs.events import Events
from samlocal.errors import EventError


class KeptAnswers:
    """Those of a command's events, read before one of them runs."""

    def __init__(self, events: Events, cwd: Path, output: Output) -> None:
        """Raises EventError where none of the events has one, or one cannot be read."""
        self._output = output
        self._kept: dict[str, list[str]] = {}
        for event in events.events:
            shown = f"{event.name.removesuffix('.json')}.answer"
            if event.name.endswith(".json") and (cwd / shown).is_file():
                self._kept[event.name] = readable(read_file(cwd / shown, shown).removesuffix(b"\n"))
        lacking = ", ".join(event.name for event in events.events if event.name not in self._kept)
        if not self._kept:
            raise EventError(
                f"--compare: no answer is kept beside {lacking}.",
                tip="`samlocal event save NAME` keeps the last event of a function, and its answer in NAME.answer.",
            )
        if lacking:
            output.warning(f"not compared, since no answer is kept beside it: {lacking}.")
        self._same: set[str] = set()
        self.differing: set[str] = set()
        """The events that had another answer now."""

    def compare(self, event: Event, answer: bytes, *, is_error: bool) -> None:
        """Shows which lines of JSON have come and gone; of an error not that its request is another one."""
        kept = self._kept.get(event.name)
        if kept is None:
            return
        now = readable(answer)
        if is_error:
            kept, now = _without_request(kept), _without_request(now)
        lines = list(difference(kept, now))
        if not lines:
            self._same.add(event.name)
        else:
            self.differing.add(event.name)
            self._output.warning(f"{event.name}: the answer is another one than the one that is kept.")
            self._output.difference(lines)

    def finish(self) -> None:
        """What there is to say of all, once all have been compared."""
        if self.differing or self._same != set(self._kept):
            return
        count = len(self._kept)
        self._output.notice(
            "the answer is the one that is kept." if count == 1 else f"all {count} answers are those that are kept."
        )


def _without_request(error: list[str]) -> list[str]:
    return [line for line in error if not line.startswith('  "requestId": ')]
