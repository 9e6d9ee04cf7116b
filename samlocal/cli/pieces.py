"""Parts of a line that have a colour, or lead to a file."""

from __future__ import annotations

import click
from msgspec import Struct


class Piece(Struct, frozen=True, kw_only=True):
    """``link`` is a URL."""

    text: str
    fg: str | None = None
    dim: bool = False
    bold: bool = False
    link: str | None = None

    def drawn(self, text: str, *, has_colours: bool, has_links: bool) -> str:
        """``text`` is its own as the terminal may show it."""
        if has_colours and (self.fg or self.bold or self.dim):
            text = click.style(text, fg=self.fg, bold=self.bold or None, dim=self.dim or None)
        if has_links and self.link is not None:
            # OSC 8, egmontkob's "Hyperlinks in Terminal Emulators".
            text = f"\x1b]8;;{self.link}\x1b\\{text}\x1b]8;;\x1b\\"
        return text
