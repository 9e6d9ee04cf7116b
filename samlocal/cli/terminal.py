"""What a stream's terminal can show, and what its user wants of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

# As rich has it: one that draws nothing, and one that nobody knows.
_DUMB = frozenset({"dumb", "unknown"})

# What shows the sequence of a link as letters, or swallows what follows it (as GCC has it: -fdiagnostics-urls).
_NO_LINKS = frozenset({"linux", "screen"})
_VTE_WITH_LINKS = 5000

_UTF_8 = "utf8"


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether it has no colours, and nothing on it can be drawn anew."""
    return environ.get("TERM", "").lower() in _DUMB


def has_colours(stream: IO[Any], environ: Mapping[str, str]) -> bool:
    """Whether text on it may be coloured: at a terminal that can, or where somebody asks for it, unless one does not.

    Sources: no-color.org, force-color.org, bixense.com/clicolors; rich has a dumb terminal win over who asks.
    """
    if environ.get("NO_COLOR") or is_dumb(environ):
        return False
    if environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return environ.get("CLICOLOR") != "0" and stream.isatty()


def has_links(stream: IO[Any], environ: Mapping[str, str]) -> bool:
    """Whether a text on it may lead somewhere by OSC 8, which terminals that do not know it pass over.

    FORCE_HYPERLINK is what other programs are told by, too.
    """
    forced = environ.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced != "0"
    version = environ.get("VTE_VERSION", "")
    is_old = version.isdigit() and int(version) < _VTE_WITH_LINKS
    return stream.isatty() and has_colours(stream, environ) and environ.get("TERM") not in _NO_LINKS and not is_old


def is_utf_8(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").replace("_", "") == _UTF_8


def columns(stream: IO[Any], environ: Mapping[str, str]) -> int | None:
    """How many a table may take; None where nobody looks.

    COLUMNS is no variable that a shell passes on by itself: whoever has exported it means it.
    """
    given = environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    return own_columns(stream)


def own_columns(stream: IO[Any]) -> int | None:
    """The terminal's own, None where it is none."""
    if stream.isatty():
        with suppress(OSError, ValueError):
            # A terminal that nobody has told its size has 0.
            return os.get_terminal_size(stream.fileno()).columns or None
    return None
