"""What a command that stays says, for machines: a record in each line of standard output, and nothing else there.

What people should know beside (warnings, errors) is on standard error too, as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from samlocal.cli.output import Output
from samlocal.cli.shown import said
from samlocal.cli.shown.banner import banner
from samlocal.cli.shown.failures import end_of
from samlocal.cli.shown.function_tags import FunctionTags
from samlocal.cli.shown.requests import Item
from samlocal.cli.shown.said import Said
from samlocal.cli.visible import visible
from samlocal.cli.world import World
from samlocal.errors import SamlocalError
from samlocal.records import encoded
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.outlet import Outlet


class JsonLines:
    """Writes records, from several threads. ``serving`` goes first: what comes before it waits for it.

    ``ended`` is the last one, and so is the first one that cannot be written: that is told to ``broke``.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._held: list[Said] | None = []
        self._is_over = False
        self.broke: Callable[[SamlocalError], None] | None = None

    def write(self, record: Said) -> None:
        with self._lock:
            if self._is_over:
                return
            if self._held is None:
                records = [record]
            elif isinstance(record, said.Serving | said.Failed | said.Ended):
                ends = isinstance(record, said.Ended)
                records = [*self._held, record] if ends else [record, *self._held]
                self._held = None
            else:
                self._held.append(record)
                return
            self._is_over = isinstance(record, said.Ended)
            try:
                for each in records:
                    self._output.data_line(visible(encoded(each, in_own_order=True).decode()))
            except SamlocalError as error:
                self._is_over = True
                if self.broke is not None:
                    self.broke(error)


class RecordedOutput(Output):
    """Notices and warnings are records, too."""

    def __init__(self, world: World, *, quiet: bool = False) -> None:
        super().__init__(world, quiet=quiet)
        self.lines = JsonLines(self)
        self._recorded: set[str] = set()

    def notice(self, text: str, *, once_for: str = "", each_time: bool = False) -> None:
        if self._is_news(text, once_for):
            super().notice(text, each_time=each_time)
            self._record(text, said.Notice(text=text), each_time=each_time)

    def warning(self, text: str, *, each_time: bool = False) -> None:
        super().warning(text, each_time=each_time)
        self._record(text, said.Warned(text=text), each_time=each_time)

    def ended_by(self, error: BaseException) -> None:
        """The command has ended. Who shows its requests says so; before there are any, this does."""
        if self.lines.broke is not None:
            return
        if (failed := end_of(error)) is not None:
            self.lines.write(failed)
        self.lines.write(said.Ended())

    @property
    def somebody_looks(self) -> bool:
        """Whether records go to a program and somebody sits at the terminal that standard error goes to."""
        return not self.quiet and self._world.stderr.isatty() and not self._world.stdout.isatty()

    def _record(self, text: str, record: Said, *, each_time: bool) -> None:
        if each_time or text not in self._recorded:
            self._recorded.add(text)
            self.lines.write(record)


class JsonRecords:
    """On one event loop; ``outlet`` writes."""

    def __init__(self, output: RecordedOutput) -> None:
        self.outlet: Outlet[Said] = Outlet(output.lines.write)
        self._output = output
        self._ids: dict[str, str] = {}
        self._has_served = False

    def serves(self, serving: said.Serving) -> None:
        self._ids = {function.name: function.id for function in serving.functions}
        self.outlet.put(serving)
        if not self._has_served and self._output.somebody_looks:
            tags = FunctionTags()
            tags.name(self._ids.values())
            self._output.shown(banner(serving, tags, self._output))
        self._has_served = True

    def show(self, item: Item) -> None:
        match item:
            case Record():
                text = render(item)
                if text is not None:
                    self.outlet.put(self._line(item, text))
            case Remark(text=text, function=function):
                self.outlet.put(said.Notice(text=text, function=self._id(function)))
            case _:
                self.outlet.put(item)

    def breaks(self, told: Callable[[SamlocalError], None]) -> None:
        self._output.lines.broke = told

    def flush(self) -> None:
        """Nothing is kept back."""

    def _line(self, record: Record, text: str) -> said.LogLine:
        return said.LogLine(
            time=record.time,
            function=self._id(record.function),
            request_id=record.request_id,
            sandbox=record.sandbox.instance,
            source=record.type,
            level=None if record.level is None else record.level.name,
            text=text,
        )

    def _id(self, name: str) -> str:
        return self._ids.get(name, name)
