"""The placeholders of an event's description.

${bucket}            the value of a flag, or one that places share; alone in its text it keeps its type
${key|url}           encoded, by one of encodings.py or several
${size?}             with its member left out where the value is absent
${new hex 32}        made anew: 32 digits of base 16; fresh.py has the others
${index}             the number of the record in its batch, from 0
${part log|json}     a part of the shape, filled
${records}           the first item of a list: the second is there for each record of the batch
${each attribute}    the name of a member, or the first item of a list: there for each pair of the flag, whose
                     ${pair.name} and ${pair.value} its text has
${if restore-expiry} the only name of an object: stands for what it names if the value is there, or is one of
                     those that follow (${if view-type NEW_IMAGE OLD_IMAGE}), and is left out else
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

PART = "part "
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")


class Placeholder(Struct, frozen=True, kw_only=True):
    """``source`` is what it stands for: a name, or a word with what it is about (``new hex 32``)."""

    source: str
    encodings: tuple[str, ...]
    optional: bool


def alone(text: str) -> Placeholder | None:
    """The placeholder that is the whole text."""
    found = _PLACEHOLDER.fullmatch(text)
    return None if found is None else _parsed(found[1])


def pieces(text: str) -> Iterator[str | Placeholder]:
    """What a text is made of, in order."""
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        yield _parsed(found[1])
        end = found.end()
    if end < len(text):
        yield text[end:]


def names_in(text: str) -> Iterator[str]:
    """What a text takes values from: names, and parts as ``part log``."""
    for piece in pieces(text):
        if isinstance(piece, Placeholder):
            word, _, rest = piece.source.partition(" ")
            if not rest or word == "part":
                yield piece.source
            elif word in ("each", "all", "if"):
                yield rest.split()[0]


def each_of(text: object) -> str | None:
    """The flag whose pairs are told one by one: ``attribute`` of ``${each attribute}``."""
    match _words(text):
        case ["each", name]:
            return name
    return None


def all_of(text: object) -> str | None:
    """The value whose members stand there: ``properties`` of ``${all properties}``."""
    match _words(text):
        case ["all", name]:
            return name
    return None


def condition_of(text: object) -> tuple[str, Sequence[str]] | None:
    """The value that decides, and those that it may have; with none it only has to be there."""
    match _words(text):
        case ["if", name, *values]:
            return name, values
    return None


def _words(text: object) -> list[str]:
    placeholder = alone(text) if isinstance(text, str) else None
    return [] if placeholder is None else placeholder.source.split()


def _parsed(inner: str) -> Placeholder:
    source, *encodings = inner.removesuffix("?").split("|")
    return Placeholder(source=source, encodings=tuple(encodings), optional=inner.endswith("?"))
