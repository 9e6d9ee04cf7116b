"""A stream as whoever reads it is shown text on it: a person at a terminal in colours and as wide as that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

import click

from samlocal.cli import terminal
from samlocal.cli.paragraph import hung, paragraphs
from samlocal.cli.pieces import Piece
from samlocal.cli.tables import Form, Spare, drawn
from samlocal.cli.visible import visible
from samlocal.cli.world import World


class Screen:
    """Standard output or standard error of a world; nothing here writes to it."""

    def __init__(self, stream: IO[Any], world: World) -> None:
        self._stream = stream
        self._world = world

    @property
    def is_terminal(self) -> bool:
        return self._stream.isatty()

    @property
    def has_colours(self) -> bool:
        return terminal.has_colours(self._stream, self._world.environ)

    @property
    def columns(self) -> int | None:
        """None where nobody looks: a table is cut up for no program."""
        return terminal.columns(self._stream, self._world.environ)

    @property
    def encoding(self) -> str:
        """Of text of samlocal's own: the terminal's where one is, and UTF-8 for a program, whatever the locale.

        The locale's is that of standard error, of which Python has made text.
        """
        return (self._world.stderr.encoding or "utf-8") if self.is_terminal else "utf-8"

    def styled(self, text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
        if not (fg or bold or dim) or not self.has_colours:
            return text
        return click.style(text, fg=fg, bold=bold or None, dim=dim or None)

    def message(self, text: str, *, head: str = "", fg: str | None = None, bold: bool = False) -> str:
        """Something that samlocal itself says, its ``head`` in a colour: each of its lines is one to a program."""
        columns = self.columns if self.is_terminal else None
        shown = head + visible(text)
        if columns is not None:
            shown = paragraphs(visible(text), columns, head=head, whole=(*self._whole, *_read_by_editors(text)))
        return self.styled(head, fg=fg, bold=bold) + shown[len(head) :]

    def line(self, text: str, *, head: str = "", fg: str | None = None, hanging: int | None = None) -> str:
        """Text behind a ``head`` in a colour.

        Its words go on so far in, ``hanging``, where they do not fit; without it they are one line.
        """
        text = visible(text)
        if hanging is not None and self.columns is not None:
            words = text.lstrip(" ")
            begins = head + text[: len(text) - len(words)]
            text = hung(words, self.columns, head=begins, hanging=hanging, whole=self._whole)[len(head) :]
        return self.styled(head, fg=fg) + text

    def pieces(self, pieces: Iterable[Piece], shown: Callable[[str], str]) -> str:
        """``shown`` makes of each one's text what a terminal may show."""
        has_colours = self.has_colours
        has_links = terminal.has_links(self._stream, self._world.environ)
        return "".join(each.drawn(shown(each.text), has_colours=has_colours, has_links=has_links) for each in pieces)

    def table(self, heads: Sequence[str | Spare], rows: Iterable[Sequence[str]]) -> str:
        """As wide as it needs where nobody looks, fitted to the terminal where one is."""
        form = Form(columns=self.columns, has_colours=self.has_colours, is_utf_8=terminal.is_utf_8(self.encoding))
        return drawn(heads, rows, form)

    @property
    def _whole(self) -> tuple[str, ...]:
        """The places of this run that hold a space."""
        world = self._world
        return tuple(place for place in map(str, (world.cwd, world.cache_folder)) if " " in place)


def _read_by_editors(text: str) -> list[str]:
    """What an editor waits for in the lines of its own terminal, however narrow that is."""
    if "debugger" not in text:
        return []
    import re

    from samlocal.ide.target import WAITS

    return [found[0] for found in re.finditer(rf"{WAITS}\d+", text)]
