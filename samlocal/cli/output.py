"""Everything that samlocal prints: the payload to standard output, the rest to standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING

import click

from samlocal.cli import terminal
from samlocal.cli.progress import Display, ProgressView
from samlocal.cli.screen import Screen
from samlocal.cli.tables import Spare
from samlocal.cli.visible import coloured, visible, visible_bytes
from samlocal.cli.world import World
from samlocal.errors import BuildError, SamlocalError
from samlocal.sandbox.result import Result, Success

if TYPE_CHECKING:
    from samlocal.cli.log_file import LogFile
    from samlocal.cli.pieces import Piece
    from samlocal.cli.runs.people import OfApi, People
    from samlocal.reload.told import NotReloaded, Reloaded
    from samlocal.sandbox.journal import Record, Remark
    from samlocal.sandbox.sandbox import Invocation

_NO_COLOUR = "\x1b[0m"


class Output:
    """Writes to one world's streams; a project's ``Teller``."""

    def __init__(self, world: World, *, for_people: bool = False, quiet: bool = False) -> None:
        """A run that is shown ``for_people`` is so at a terminal, and goes to programs as it is.

        A ``quiet`` one has its payload, and says what went wrong. Where there is a ``log_file``, functions' logs go
        there. ``hears`` is told each of their records.
        """
        self._world = world
        self._stderr, self._stdout = Screen(world.stderr, world), Screen(world.stdout, world)
        self.quiet = quiet
        self.log_file: LogFile | None = None
        self.hears: Callable[[Record], None] | None = None
        self._told: set[str] = set()
        self._shown_errors: set[str] = set()
        self._display = Display(world.stderr, world.environ, quiet=quiet)
        self._people: People | None = None
        if for_people and (self._stderr.is_terminal or self._stdout.is_terminal):
            from samlocal.cli.runs.people import People

            self._people = People(marks=terminal.is_utf_8(world.stderr.encoding))

    @property
    def payload_stream(self) -> IO[bytes]:
        return self._world.stdout

    @property
    def message_stream(self) -> IO[str]:
        return self._world.stderr

    def notice(self, text: str, *, once_for: str = "", each_time: bool = False) -> None:
        """Something the user should know, in one line; once, unless it has come about again."""
        if not self.quiet and self._is_news(text, once_for):
            self._say("samlocal: ", text, fg="cyan", each_time=each_time)

    def warning(self, text: str, *, each_time: bool = False) -> None:
        self._say("samlocal: ", text, fg="yellow", each_time=each_time)

    def is_news(self, message: str) -> bool:
        """Whether an error that is to be shown is no warning's already; none repeats it until ``mended``."""
        # A copy: others warn from their threads.
        warned = {text for text in list(self._told) if text.startswith(message)}
        self._told -= warned
        self._shown_errors.add(message)
        return not warned

    def mended(self) -> None:
        """What goes wrong from now on is news again."""
        self._shown_errors.clear()

    def request(self, text: str) -> None:
        """One that samlocal itself has made of the engine or of AWS."""
        self._error_line(self._stderr.styled(self.message(text, head="samlocal: "), dim=True))

    def _is_news(self, text: str, once_for: str) -> bool:
        if not once_for:
            return True
        from samlocal.project.announced import is_news

        return is_news(text, once_for, cache_folder=self._world.cache_folder)

    def _say(self, head: str, text: str, *, fg: str, each_time: bool) -> None:
        if self.quiet:
            return
        told = text in self._told or any(text.startswith(error) for error in list(self._shown_errors))
        if each_time or not told:
            self._told.add(text)
            self._said(head, text, fg=fg)

    def error(self, error: SamlocalError) -> None:
        for other in error.others if isinstance(error, BuildError) else ():
            self.error(other)
        self._said("Error: ", error.message, fg="red", bold=True)
        if error.tip:
            self.plain(error.tip)

    def usage(self, error: click.ClickException) -> None:
        """What click says of a command line."""
        import io

        shown = io.StringIO()
        error.show(file=shown)
        self.plain(shown.getvalue().rstrip("\n"))

    def plain(self, text: str) -> None:
        self._error_line(self.message(text))

    def message(self, text: str, *, head: str = "", fg: str | None = None, bold: bool = False) -> str:
        """Something that samlocal itself says, as standard error shows it, its ``head`` in a colour."""
        return self._stderr.message(text, head=head, fg=fg, bold=bold)

    def log(self, line: str) -> None:
        """A line of the function's log."""
        self._error_line(self.log_text(line))

    def log_text(self, line: str) -> str:
        """A line of the function's log: as it is where nobody looks, colours alone at a terminal."""
        if not self._stderr.is_terminal:
            return line
        return coloured(line) if self._stderr.has_colours else click.unstyle(coloured(line))

    def log_of(self, record: Record, line: str) -> list[str]:
        """A line of a function's log: in order and colours where somebody looks, where none goes on into the next."""
        if not self._stderr.is_terminal:
            return [line]
        from samlocal.cli.runs.log_lines import log_lines
        from samlocal.cli.runs.own_paths import own_paths

        paths = own_paths(record.sandbox.source, self._world.cwd)
        lines = log_lines(line, level=record.level, request_id=record.request_id, paths=paths)
        texts = map(self._drawn_log, lines)
        return [text + _NO_COLOUR if "\x1b[" in text and not text.endswith(_NO_COLOUR) else text for text in texts]

    def styled(self, text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
        """The text as standard error may show it, in a colour where it has colours."""
        return self._stderr.styled(visible(text), fg=fg, bold=bold, dim=dim)

    @property
    def columns(self) -> int | None:
        """The terminal's that standard error goes to, None where it goes to none."""
        return self._stderr.columns if self._stderr.is_terminal else None

    def shown(self, lines: Sequence[str]) -> None:
        """Lines that were made of ``styled`` and ``log_text``, in one piece."""
        self._error_line("\n".join(lines))

    def said(self, item: Record | Remark) -> None:
        """What a sandbox says: a record where the function's log has a line of it, or a remark of samlocal's own."""
        from samlocal.sandbox.journal import Remark

        if isinstance(item, Remark):
            if self.quiet:
                return
            if item.fresh:
                self._said("samlocal: ", item.text, fg="cyan")
            else:
                self.notice(item.text)
            return
        if self._people is not None:
            from samlocal.cli.runs.own_paths import own_paths

            self._people.paths = own_paths(item.sandbox.source, self._world.cwd)
        self._log(item)
        if self.hears is not None:
            self.hears(item)

    def _log(self, item: Record) -> None:
        from samlocal.sandbox.log_format import render

        if self.log_file is not None:
            self.log_file.take(item)
            return
        if self.quiet:
            return
        if self._people is not None and self._stderr.is_terminal:
            lines = self._people.lines(item)
            if lines:
                self.shown([self._drawn_log(pieces) for pieces in lines])
            return
        line = render(item)
        if line is not None:
            self.log(line)

    def is_of(self, *, timeout_at: str, memory_at: str) -> None:
        """Says whose run follows: where the template says its limits."""
        if self._people is not None:
            from samlocal.cli.runs.people import Subject

            self._people.is_of(Subject(timeout_at=timeout_at, memory_at=memory_at))

    def is_of_api(self, of_api: OfApi) -> None:
        """Says what an API makes of what comes: a person is shown that."""
        if self._people is not None:
            self._people.is_of_api(of_api)

    def reloaded(self, told: Reloaded | NotReloaded) -> None:
        """What has become of a save: each of them is another one."""
        from samlocal.reload.told import Reloaded

        if isinstance(told, Reloaded):
            self.mended()
            if not self.quiet:
                self._said("samlocal: ", told.text, fg="cyan")
        else:
            if self.is_news(told.error.message):
                self.error(told.error)
            self._said("samlocal: ", told.text, fg="yellow")

    def chunk(self, data: bytes) -> None:
        """A part of a streamed response, at once."""
        self._payload(data)

    def invocation(self, invocation: Invocation) -> None:
        """The payload."""
        result = invocation.result
        if isinstance(result, Success) and result.streamed:
            return
        if not self._for_people(result):
            self._payload(result.payload + b"\n")

    def failure(self, result: Result) -> None:
        """What a function has failed with, to read: that runs again and again."""
        if not self._for_people(result):
            from samlocal.cli.runs.answer import readable

            self.answer(readable(result.payload))

    def _for_people(self, result: Result) -> bool:
        """Whether what has come of an event is shown to a person."""
        if self._people is None or not self._stdout.is_terminal:
            return False
        for pieces in self._people.answer(result):
            self._payload_pieces(pieces)
        return True

    def document(self, document: object, *, indent: int | None = None) -> None:
        """A JSON document as the payload."""
        # What is spelled out is the same JSON.
        lines = json.dumps(document, ensure_ascii=False, indent=indent).split("\n")
        self._payload("".join(f"{visible(line)}\n" for line in lines).encode())

    def payload_line(self, line: str, *, head: str = "", fg: str | None = None, hanging: int | None = None) -> None:
        """A line to read, the ``head`` of it in a colour.

        Its words go on so far in, ``hanging``, where they do not fit into a terminal's line; without it they are one.
        """
        self._write_payload(self._stdout.line(line, head=head, fg=fg, hanging=hanging) + "\n")

    def _payload_pieces(self, pieces: Sequence[Piece]) -> None:
        self._write_payload(self._stdout.pieces(pieces, visible) + "\n")

    def _drawn_log(self, pieces: Sequence[Piece]) -> str:
        return self._stderr.pieces(pieces, self.log_text)

    def data_line(self, line: str) -> None:
        """A line for programs."""
        self._payload(line.encode("utf-8", "backslashreplace") + b"\n")

    def answer(self, lines: Iterable[str], *, hanging: int | None = None) -> None:
        """A payload as a person reads it."""
        for line in lines:
            self.payload_line(line, hanging=hanging)

    def difference(self, lines: Iterable[str], *, as_payload: bool = False) -> None:
        """A unified difference, on standard error if it is not the payload."""
        colours = {"+": "green", "-": "red"}
        for line in lines:
            colour = colours.get(line[:1])
            if not as_payload:
                self._error_line(self.styled(line, fg=colour))
            elif colour is None:
                self.payload_line(line)
            else:
                self.payload_line("", head=visible(line), fg=colour)

    def ask(self, question: str) -> bool:
        """Asks on standard error; whatever is not yes is no, and no answer at all is an error of usage."""
        answer = self.asked(f"{question} [y/N]")
        if answer is None:
            raise click.UsageError("There is nobody to ask: give --yes.")
        return answer.lower() in ("y", "yes")

    @property
    def has_somebody_to_ask(self) -> bool:
        """Whether a person sees a question and can answer it."""
        return self._stderr.is_terminal and self._world.stdin.isatty()

    def asked(self, question: str) -> str | None:
        """The line that answers a question; None where there is none."""
        self._error_line(f"{self.message(question)} ", end="")
        answer = self._world.stdin.readline()
        if not answer:
            self._error_line("")
            return None
        return answer.decode(errors="replace").strip()

    def table(self, heads: Sequence[str | Spare], rows: Iterable[Sequence[str]]) -> None:
        """A table as the payload: as wide as it needs where nobody looks, fitted to the terminal where one is."""
        self._write_payload(self._stdout.table(heads, rows) + "\n\n")

    def facts(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table that is not the payload."""
        if self.quiet:
            return
        self._error_line(self._stderr.table(heads, rows) + "\n")

    @contextmanager
    def progress(self) -> Iterator[ProgressView]:
        """Shows images being pulled and builds going on."""
        view = ProgressView(self._display, self.notice, partial(self.notice, each_time=True))
        try:
            yield view
        finally:
            view.close()

    def _write_payload(self, text: str) -> None:
        stdout = self._world.stdout
        stdout.write(text.encode(self._stdout.encoding, "backslashreplace"))
        stdout.flush()

    def _said(self, who: str, text: str, *, fg: str, bold: bool = False) -> None:
        self._error_line(self.message(text, head=who, fg=fg, bold=bold))

    def _error_line(self, line: str, *, end: str = "\n") -> None:
        self._display.say(line, end=end)

    def _payload(self, data: bytes) -> None:
        """To a program every byte; at a terminal what controls it is spelled out."""
        stdout = self._world.stdout
        stdout.write(visible_bytes(data) if self._stdout.is_terminal else data)
        stdout.flush()
