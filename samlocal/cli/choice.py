"""A question with several answers, for whoever sits at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import click

from samlocal.cli.output import Output

T = TypeVar("T")


def choose(
    output: Output, question: str, choices: Mapping[str, T], *, about: Mapping[str, str] | None = None
) -> T | None:
    """The one that the user names, by its number, its name or the beginning of that; None where nobody can be asked.

    ``about`` is what is said beside some of them. Raises click.Abort where the user leaves it at that (Ctrl-D).
    """
    if not output.has_somebody_to_ask:
        return None
    names = list(choices)
    digits, width = len(str(len(names))), max(map(len, names), default=0)
    for number, name in enumerate(names, 1):
        beside = (about or {}).get(name, "")
        output.plain(f"  {number:>{digits}}  {name:<{width}}  {beside}".rstrip())
    while True:
        answer = output.asked(f"{question} Number or name:")
        if answer is None:
            raise click.Abort
        found = _meant(answer, names)
        if len(found) == 1:
            return choices[found[0]]
        if answer:
            output.plain(f"{answer} is {'several' if found else 'none'} of them.")


def _meant(answer: str, names: list[str]) -> list[str]:
    if answer.isdecimal() and 0 < int(answer) <= len(names):
        return [names[int(answer) - 1]]
    text = answer.lower()
    whole = [name for name in names if name.lower() == text]
    return whole or [name for name in names if text and name.lower().startswith(text)]
