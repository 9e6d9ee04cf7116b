"""What a command that stays says, for people: a block for each request, which is its line and its log under it.

All goes to standard error. Standard output is for what a program reads, which is ``--output json``; and a line of a
log, a request and a warning are to stand in the order in which they came, which two streams do not keep.

A request that is over soon is shown when it is over: nothing of another one stands between its lines, however many
run at once. One that takes longer is shown from then on as it goes: its log as it comes, each line with whose it is,
and its line at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from samlocal.cli.output import Output
from samlocal.cli.runs.runtime_warnings import RuntimeWarnings
from samlocal.cli.shown import said
from samlocal.cli.shown.banner import banner
from samlocal.cli.shown.function_tags import FunctionTags
from samlocal.cli.shown.request_lines import RequestLines, more
from samlocal.cli.shown.requests import Item, counted
from samlocal.errors import SamlocalError
from samlocal.pool.clock import Clock, SystemClock, Timer
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.outlet import Outlet

_SERVER_ERROR = 500

# What people take for at once.
_SOON_SECONDS = 0.4

# How long the end of a log is waited for where the event is over, and how much of a log waits.
_END_SECONDS = 1.0
_LINES = 1000

# Lambda's own lines, whose figures the request's line has.
_IN_REQUEST_LINE = frozenset({"platform.start", "platform.end", "platform.report"})


class _Block(Struct, kw_only=True):
    """What a sandbox has written that is not shown yet, and of which request. ``key`` is where it is kept.

    ``goes`` says that what comes now is shown as it comes. ``ended`` is the request's end, whose log may go on;
    ``after`` is what stands behind both.
    """

    key: str
    function: str
    lines: list[str] = field(default_factory=list)
    request_id: str | None = None
    goes: bool = False
    late: bool = False
    logged: bool = False
    ended: said.RequestEnded | said.RequestFailed | None = None
    after: list[str] = field(default_factory=list)
    timer: Timer | None = None


class Blocks:
    """On one event loop; ``outlet`` writes."""

    def __init__(self, output: Output, *, clock: Clock | None = None) -> None:
        self.outlet: Outlet[list[str]] = Outlet(output.shown)
        self._output = output
        self._clock = clock or SystemClock()
        self._tags = FunctionTags()
        self._lines = RequestLines(output, self._tags)
        self._ids: dict[str, str] = {}
        self._read: set[str] = set()
        # By the sandbox: it runs one event at a time.
        self._blocks: dict[str, _Block] = {}
        # What comes before it is known what is served; None from then on.
        self._early: list[Item] | None = []
        self._remarked: set[str] = set()
        self._warnings = RuntimeWarnings()

    def serves(self, serving: said.Serving) -> None:
        before = set(self._ids.values())
        read, self._read = self._read, _read(serving)
        self._tags.name(function.id for function in serving.functions)
        self._ids = {function.name: function.id for function in serving.functions}
        if self._early is not None:
            if not self._output.quiet:
                self.outlet.put(banner(serving, self._tags, self._output))
            self._begin()
            return
        if self._output.quiet:
            return
        now = set(self._ids.values())
        for names, text in ((now - before, "served, too"), (before - now, "no longer served")):
            if names:
                self._put([self._lines.remark(f"{text}: {', '.join(sorted(names))}")])
        for whose, text in ((self._read - read, "read, too"), (read - self._read, "no longer read")):
            for source in sorted(whose):
                self._put([self._lines.remark(f"{text}: {source}")])

    def _begin(self) -> None:
        early, self._early = self._early or [], None
        for item in early:
            self.show(item)

    def show(self, item: Item) -> None:
        if self._early is not None:
            self._early.append(item)
            return
        if self._output.quiet and not _went_wrong(item):
            return
        match item:
            case Record():
                self._record(item)
            case Remark(text=text, function=function, fresh=fresh):
                whose = f"{self._id(function)}: " if self._tags.several else ""
                if fresh or text not in self._remarked:
                    self._remarked.add(text)
                    self._put([self._lines.remark(f"{whose}{text}")])
            case said.RequestEnded() | said.RequestFailed():
                self._end(item)
            case said.RequestThrottled(function=function, attempt=attempt, reason=reason):
                self._put([self._lines.head(function, "throttled", fg="yellow") + more(reason, attempt=attempt)])
            case said.RequestRefused(request=request, status=status, error_type=error_type, message=message):
                self._put([self._lines.timed(request), self._output.message(f"  {status} {error_type}: {message}")])
            case said.HttpAnswered():
                self._put([self._lines.answered(item)])
            case said.EventPushed():
                self._put([self._lines.pushed(item)])
            case said.EventRetried(request_id=request_id, function=function, attempt=attempt, seconds=seconds):
                self._behind(
                    request_id, self._lines.head(function, "waits") + f" {seconds:g} s, then attempt {attempt}"
                )
            case said.EventSent(request_id=request_id, function=function, condition=condition, to=to):
                self._behind(
                    request_id, self._lines.head(function, "sent") + self._lines.text(f" {condition} to {to}")
                )
            case said.BatchRun(request_id=request_id):
                self._behind(request_id, self._lines.batch(item))
            case said.RecordsFiltered() | said.RecordsDiscarded():
                self._put([self._lines.passed_over(item)])
            case said.SourceInterrupted(name=name, message=message, tip=tip, seconds=seconds):
                self._put(
                    [
                        self._lines.remark(f"{name} is not read, and tried again in {seconds:g} s:", fg="yellow"),
                        *self._lines.error(message, tip),
                    ]
                )
            case said.Reloaded(text=text):
                self._output.mended()
                self._put([self._lines.timed(text, fg="cyan")])
            case said.NotReloaded(text=text, message=message, tip=tip):
                error = self._lines.error(message, tip) if self._output.is_news(message) else []
                self._put([self._lines.timed(text, fg="red"), *error])
            case said.Ending(running=running):
                if running:
                    who = counted(each.function for each in running)
                    self._put([self._lines.remark(f"ends when {who} is done; Ctrl-C once more ends at once.")])
            case said.Notice(text=text):
                self._put([self._lines.remark(text)])
            case said.Warned(text=text):
                self._put([self._lines.remark(text, fg="yellow")])
            case said.AwsAsked(caller=caller, request=request, status=status):
                self._put([self._lines.timed(f"{caller} asked AWS: {request} {status}")])
            case said.Failed(message=message, tip=tip, ends=False):
                self._put(self._lines.error(message, tip))
            case said.Serving() | said.RequestBegun() | said.LogLine() | said.Failed() | said.Ended():
                # Said elsewhere: `serves`, the block, the command's own last words.
                pass

    def breaks(self, told: Callable[[SamlocalError], None]) -> None:
        """What cannot be written to standard error is lost, and costs nobody an answer."""

    def flush(self) -> None:
        self._begin()
        for block in list(self._blocks.values()):
            self._go(block)

    # a sandbox's log

    def _record(self, record: Record) -> None:
        line = None if record.type in _IN_REQUEST_LINE else render(record)
        block = self._blocks.get(record.sandbox.instance)
        if block is not None and block.request_id is not None and record.type == "platform.start":
            # A sandbox begins its next event before it is told that the last one is over.
            self._put_aside(block)
            block = None
        if block is None:
            if line is None and record.type != "platform.start":
                return
            name = record.sandbox.instance
            block = self._blocks[name] = _Block(key=name, function=self._id(record.function))
        if record.type == "platform.start":
            # What the init wrote stands in the block of the event that it was for.
            block.request_id = record.request_id
            self._wait(block, _SOON_SECONDS)
        elif record.type == "platform.report":
            block.logged = True
            if block.ended is not None:
                self._close(block)
        if line is None or self._warnings.is_known(line):
            return
        lines = self._output.log_of(record, line)
        if block.goes:
            self._put(self._log(block, lines))
            return
        block.lines += lines
        if block.late or len(block.lines) >= _LINES:
            self._go(block)
        elif block.timer is None:
            self._wait(block, _SOON_SECONDS)

    def _put_aside(self, block: _Block) -> None:
        """Keeps one whose log is whole until the end of its request is told."""
        del self._blocks[block.key]
        block.key = f"{block.key} {block.request_id}"
        self._blocks[block.key] = block
        self._wait(block, _END_SECONDS)

    def _wait(self, block: _Block, seconds: float) -> None:
        self._stop(block)
        block.timer = self._clock.call_later(seconds, lambda: self._due(block))

    def _stop(self, block: _Block) -> None:
        if block.timer is not None:
            block.timer.cancel()
            block.timer = None

    def _due(self, block: _Block) -> None:
        block.timer = None
        if block.ended is not None:
            self._close(block)
        else:
            block.late = block.request_id is not None
            self._go(block)

    def _go(self, block: _Block) -> None:
        """Shows what there is of a request that goes on, and from now on what comes."""
        self._stop(block)
        lines = self._log(block, block.lines)
        block.lines = []
        if block.request_id is None:
            # Nobody's yet, or nobody's any more.
            del self._blocks[block.key]
        elif lines and not block.goes:
            lines.insert(0, self._lines.head(block.function, "runs") + block.request_id[:8])
            block.goes = True
        self._put(lines)

    def _end(self, ended: said.RequestEnded | said.RequestFailed) -> None:
        block = self._of(ended.request_id)
        if block is None:
            self._put(self._lines.ended(ended))
            return
        block.ended = ended
        if block.logged or isinstance(ended, said.RequestFailed):
            self._close(block)
        else:
            self._wait(block, _END_SECONDS)

    def _close(self, block: _Block) -> None:
        """Shows the end of a request."""
        self._stop(block)
        if block.ended is None or block.request_id is None:
            return
        lines = self._lines.ended(block.ended)
        log = self._log(block, block.lines)
        self._put([*(log + lines if block.goes else lines + log), *block.after])
        del self._blocks[block.key]

    def _behind(self, request_id: str, line: str) -> None:
        """A line that comes of a request's end."""
        block = self._of(request_id)
        if block is None or block.ended is None:
            self._put([line])
        else:
            block.after.append(line)

    def _of(self, request_id: str) -> _Block | None:
        return next((each for each in self._blocks.values() if each.request_id == request_id), None)

    # lines

    def _put(self, lines: list[str]) -> None:
        if lines:
            self.outlet.put(lines)

    def _log(self, block: _Block, lines: Iterable[str]) -> list[str]:
        others = (each for each in self._blocks.values() if each.goes and each.function == block.function)
        told_apart = block.request_id is not None and any(each is not block for each in others)
        return self._lines.log(block.function, lines, request_id=block.request_id if told_apart else None)

    def _id(self, name: str) -> str:
        return self._ids.get(name, name)


def _went_wrong(item: Item) -> bool:
    match item:
        case said.RequestEnded(error_type=error_type):
            return error_type is not None
        case said.HttpAnswered(status=status):
            return status >= _SERVER_ERROR
    return isinstance(
        item,
        said.Failed
        | said.NotReloaded
        | said.RecordsDiscarded
        | said.RequestFailed
        | said.RequestRefused
        | said.RequestThrottled
        | said.SourceInterrupted,
    )


def _read(serving: said.Serving) -> set[str]:
    return {f"{each.name} for {each.function}" for each in serving.sources or () if each.not_read is None}
