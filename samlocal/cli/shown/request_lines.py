"""The lines of a request, as people read them: its own, and its log's."""

from __future__ import annotations

import time
from collections.abc import Iterable

from samlocal.cli.output import Output
from samlocal.cli.shown import said
from samlocal.cli.shown.function_tags import FunctionTags

# Columns of a request's line beside the tag and the figures: the time, the status, and what stands between.
_HEAD = 8 + 1 + 1 + 8
_UNBOUND = 10_000

_COLOURS = {"success": "green", "error": "red", "timeout": "red"}


class RequestLines:
    """As standard error shows them, in colours where it has some."""

    def __init__(self, output: Output, tags: FunctionTags) -> None:
        self._output = output
        self._tags = tags

    def ended(self, ended: said.RequestEnded | said.RequestFailed) -> list[str]:
        """With the first digits of its id, by which a caller's x-amzn-RequestId is found."""
        mark = ended.request_id[:8]
        if isinstance(ended, said.RequestFailed):
            line = self.head(ended.function, "not run", fg="red") + more(mark, attempt=ended.attempt)
            return [line, *self.error(ended.message, ended.tip)]
        figures = f" {duration(ended.duration):>7}"
        if ended.init_duration is not None:
            figures += f"  init {duration(ended.init_duration)}"
        if ended.max_memory_used is not None:
            figures += f"  {ended.max_memory_used} MB"
        figures += more(mark, attempt=ended.attempt)
        line = self.head(ended.function, ended.status, fg=_COLOURS.get(ended.status)) + figures
        if ended.error_type is None:
            return [line]
        error_type = self.text(ended.error_type)
        if _HEAD + self._tags.width + len(figures) + len(error_type) + 2 > (self._output.columns or _UNBOUND):
            return [line, f"  {error_type}"]
        return [f"{line}  {error_type}"]

    def log(self, function: str, lines: Iterable[str], *, request_id: str | None) -> list[str]:
        """Those of ``Output.log_of``; whose it is stands before what could be another's."""
        head = self._tags.tag(function).ljust(self._tags.width) if self._tags.several else ""
        if request_id is not None:
            head = f"{head} {request_id[:4]}".strip()
        if head:
            head = self._output.styled(f"{head} | ", fg=self._tags.colour(function))
        return [head + line for line in lines]

    def head(self, function: str, status: str, *, fg: str | None = None) -> str:
        """The time, the function, and what is with it."""
        tag = self._tags.tag(function).ljust(self._tags.width)
        whose = self._output.styled(tag, fg=self._tags.colour(function), bold=True)
        return f"{self.time()} {whose} {self._output.styled(f'{status:<8}', fg=fg)}"

    def answered(self, item: said.HttpAnswered) -> str:
        colour = "green" if item.status < 400 else "yellow" if item.status < 500 else "red"
        status = self._output.styled(str(item.status), fg=colour)
        where = "" if item.route is not None else "  no route"
        figures = f"{self.time()} {duration(item.duration):>7} {status}"
        return f"{figures} {self.text(f'{item.method} {item.path}')}{where}"

    def batch(self, item: said.BatchRun) -> str:
        """What came of a batch of an event source."""
        line = self.head(item.function, "batch") + self.text(f" {_counted(item.records, item.name)}")
        if not item.failed:
            return line
        how_many = "failed" if item.failed == item.records else f"{item.failed} failed"
        return line + self.text(f": {how_many}, {item.again}")

    def pushed(self, item: said.EventPushed) -> str:
        """Where an event comes from: what of an ARN people go by."""
        name = item.source.split(":", 5)[-1] if item.source.startswith("arn:") else item.source
        return self.head(item.function, "event") + self.text(f" of {name}")

    def passed_over(self, item: said.RecordsFiltered | said.RecordsDiscarded) -> str:
        """What no function has had, or none to the end."""
        counted = _counted(item.records, item.name)
        if isinstance(item, said.RecordsFiltered):
            return self.head(item.function, "filtered") + self.text(f" {counted}")
        to = (
            f", told to {item.to}"
            if item.to
            else f", which could not be told: {item.problem}"
            if item.problem
            else ""
        )
        line = self.head(item.function, "given up", fg="red")
        return line + self.text(f" {counted}: {item.condition}{to}")

    def remark(self, text: str, *, fg: str = "cyan") -> str:
        return self._output.message(text, head="samlocal: ", fg=fg)

    def error(self, message: str, tip: str | None) -> list[str]:
        error = self._output.message(message, head="Error: ", fg="red", bold=True)
        return [error, *([self._output.message(tip)] if tip else [])]

    def timed(self, text: str, *, fg: str | None = None) -> str:
        return f"{self.time()} {self._output.styled(text, fg=fg)}"

    def time(self) -> str:
        return self._output.styled(time.strftime("%H:%M:%S"), dim=True)

    def text(self, text: str) -> str:
        return self._output.styled(text)


def _counted(records: int, name: str) -> str:
    return f"{records} record{'' if records == 1 else 's'} of {name}"


def more(*words: str | None, attempt: int | None) -> str:
    """What stands at the end of a line; ``attempt`` is an asynchronous event's."""
    event = None if attempt is None else f"event, attempt {attempt}"
    return "".join(f"  {each}" for each in (*words, event) if each is not None)


def duration(milliseconds: float) -> str:
    """To three digits, as far as there are so many."""
    value, unit = (milliseconds, "ms") if milliseconds < 999.5 else (milliseconds / 1000, "s")
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{places}f} {unit}"
