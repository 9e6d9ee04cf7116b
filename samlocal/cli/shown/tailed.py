"""Lines of functions' logs, as ``samlocal local tail`` shows them: the payload, each with whose it is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Set

from samlocal.cli.output import Output
from samlocal.cli.shown import said
from samlocal.cli.shown.function_tags import FunctionTags
from samlocal.cli.visible import visible
from samlocal.errors import AwsError
from samlocal.local.log_line import LogLine, LogLines
from samlocal.records import encoded

_MARK = 8


class Tailed:
    """Of ``functions`` (of all where there is none), from ``since`` on, and what ``passes``.

    ``names`` gives the functions' ids by their deployed names, and is asked again where a name is not ``known``.
    """

    def __init__(
        self,
        output: Output,
        names: Callable[[], Mapping[str, str]],
        known: Mapping[str, str],
        *,
        functions: Set[str],
        since: datetime.datetime,
        passes: Callable[[str], bool],
        as_json: bool,
    ) -> None:
        self._output = output
        self._names = names
        self._known = dict(known)
        self._functions = functions
        self._since = since.timestamp()
        self._passes = passes
        self._as_json = as_json
        self._tags = FunctionTags()
        self._tags.name(self._known.values())

    def show(self, read: LogLines) -> None:
        if read.lost:
            lines = "1 line is" if read.lost == 1 else f"{read.lost} lines are"
            self._output.warning(f"{lines} kept no longer, and not shown.")
        for line in read.lines:
            function = self._id(line.function)
            is_meant = not self._functions or not self._functions.isdisjoint({function, line.function})
            if is_meant and line.time >= self._since and self._passes(line.text):
                if self._as_json:
                    self._output.data_line(visible(encoded(_record(line, function), in_own_order=True).decode()))
                else:
                    self._show(line, function)

    def _show(self, line: LogLine, function: str) -> None:
        moment = datetime.datetime.fromtimestamp(line.time)  # noqa: DTZ006 - the clock on the user's wall
        tag = self._tags.tag(function).ljust(self._tags.width)
        mark = (line.request_id or "init")[:_MARK].ljust(_MARK)
        head = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03} {tag} {mark} | "
        # A line that a runtime has sent in one piece may have several.
        for each in line.text.split("\n"):
            self._output.payload_line(each, head=head, fg=self._tags.colour(function))

    def _id(self, name: str) -> str:
        if name not in self._known:
            try:
                self._known = {name: name, **self._names()}
            except AwsError:
                # It has just ended.
                self._known[name] = name
            self._tags.name(self._known.values())
        return self._known[name]


def _record(line: LogLine, function: str) -> said.LogLine:
    return said.LogLine(
        time=datetime.datetime.fromtimestamp(line.time, datetime.UTC),
        function=function,
        request_id=line.request_id,
        sandbox=line.stream,
        source=line.source,
        level=line.level,
        text=line.text,
    )
