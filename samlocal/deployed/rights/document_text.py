"""A policy document as text, changed in one place and kept to the byte in all others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class Piece(Struct, frozen=True, kw_only=True):
    """A value and where it stands in the text; ``before`` is where the white space before it begins."""

    value: object
    before: int
    start: int
    end: int


class Statements(Struct, frozen=True, kw_only=True):
    """The statements of a document. ``whole`` is the value of ``Statement``, an array or one statement alone."""

    whole: Piece
    each: tuple[Piece, ...]

    @property
    def is_array(self) -> bool:
        return isinstance(self.whole.value, list)


def statements(text: str) -> Statements:
    """Raises ValueError when the text is no policy document."""
    start = _skip(text, 0)
    for name, piece in _members(text, start):
        if name == "Statement":
            array = isinstance(piece.value, list)
            return Statements(whole=piece, each=tuple(_items(text, piece.start)) if array else (piece,))
    raise ValueError("the document has no Statement")


def with_statement(text: str, statement: str) -> str:
    """The document with one statement more, after its last."""
    found = statements(text)
    if not found.is_array:
        alone = text[found.whole.start : found.whole.end]
        return f"{text[: found.whole.start]}[{alone},{statement}]{text[found.whole.end :]}"
    if not found.each:
        return f"{text[: found.whole.start]}[{statement}]{text[found.whole.end :]}"
    last = found.each[-1]
    # As the last one is set off, so is this.
    return f"{text[: last.end]},{text[last.before : last.start]}{statement}{text[last.end :]}"


def without_statement(text: str, sid: str) -> str:
    """The document without the statement of this Sid, the same text when there is none."""
    found = statements(text)
    index = next((place for place, piece in enumerate(found.each) if _sid(piece.value) == sid), None)
    if index is None or not found.is_array:
        return text
    piece = found.each[index]
    if index > 0:
        return text[: found.each[index - 1].end] + text[piece.end :]
    if len(found.each) > 1:
        return text[: piece.start] + text[found.each[1].start :]
    return text[: piece.before] + text[piece.end :]


def sids(text: str) -> frozenset[str]:
    return frozenset(sid for piece in statements(text).each if (sid := _sid(piece.value)))


def _sid(statement: object) -> str | None:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    return sid if isinstance(sid, str) else None


def _members(text: str, start: int) -> Iterator[tuple[str, Piece]]:
    """The members of the object that begins here."""
    at = _after(text, start, "{")
    while text[_skip(text, at)] != "}":
        name, at = _decode(text, _skip(text, at))
        piece = _piece(text, _after(text, _skip(text, at), ":"))
        yield str(name), piece
        at = _skip(text, piece.end)
        if text[at] == ",":
            at += 1


def _items(text: str, start: int) -> Iterator[Piece]:
    """The items of the array that begins here."""
    at = _after(text, start, "[")
    while text[_skip(text, at)] != "]":
        piece = _piece(text, at)
        yield piece
        at = _skip(text, piece.end)
        if text[at] == ",":
            at += 1


def _piece(text: str, before: int) -> Piece:
    start = _skip(text, before)
    value, end = _decode(text, start)
    return Piece(value=value, before=before, start=start, end=end)


def _skip(text: str, at: int) -> int:
    """Where the next thing begins that is no white space."""
    found = _SPACE.match(text, at)
    end = found.end() if found else at
    if end >= len(text):
        raise ValueError("the document ends too soon")
    return end


def _after(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(f"the document has {text[at]!r} where {mark!r} belongs")
    return at + 1
