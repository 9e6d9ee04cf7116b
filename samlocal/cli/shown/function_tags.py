"""What marks the lines of a function among those of others: a short tag, and a colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_WIDTH = 16
"""Columns that a tag may take."""

# Where a word of an id begins: FunctionTags, function-tags, Child/Fn.
_WORD = re.compile(r"(?<=[a-z0-9])[A-Z]|(?<=[-_/.])[A-Za-z0-9]")

# Those of a terminal's that tell apart on light and on dark; red is what went wrong.
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")


class FunctionTags:
    """A function keeps its colour as long as the command runs, also where others come and go."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self._colours: dict[str, str] = {}
        self.width = 0

    @property
    def several(self) -> bool:
        return len(self._tags) > 1

    def name(self, functions: Iterable[str]) -> None:
        """These are the template's functions now."""
        names = tuple(functions)
        for name in names:
            self._colour(name)
        self._tags = dict(_tags(names))
        self.width = max(map(len, self._tags.values()), default=0)

    def tag(self, function: str) -> str:
        return self._tags.get(function, function)

    def colour(self, function: str) -> str:
        return self._colour(function)

    def _colour(self, function: str) -> str:
        return self._colours.setdefault(function, _COLOURS[len(self._colours) % len(_COLOURS)])


def _tags(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each name with its tag: itself where it is short, else so much of it that it can be no other's."""
    for name in names:
        if len(name) <= _WIDTH:
            yield name, name
            continue
        others = [other for other in names if other != name]
        fitting = (each for each in _shortened(name) if not any(_stands_for(each, other) for other in others))
        yield name, next(fitting, name)


def _shortened(name: str) -> Iterator[str]:
    """Its beginning; both its ends, the even ones first; or what stands between, from where a late word begins."""
    kept = _WIDTH - 1
    yield f"{name[:kept]}…"
    for head in sorted(range(4, kept - 3), key=lambda head: abs(2 * head - kept)):
        yield f"{name[:head]}…{name[head - kept :]}"
    for word in reversed(list(_WORD.finditer(name, 1))):
        yield f"…{name[word.start() :][: kept - 1]}…"


def _stands_for(tag: str, name: str) -> bool:
    """Whether a tag could be read as a name."""
    return re.fullmatch(".*".join(map(re.escape, tag.split("…"))), name, re.DOTALL) is not None
