"""Text as wide as a terminal: it goes on in the next line between two words, and what is copied stays whole.

One word is what holds no space (a path, an ARN, a URL), what stands in backticks (a command), an option or a tag of a
template with the word behind it (`-e ENV`, `!Ref Orders`), and whatever the caller names. As in Markdown, a line that
is indented far is code: it is left to the terminal, which copies it as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_CODE = " " * 5

_HANGING = 2

_PAIR = r"\(?--?[a-z][a-z-]* (?=[A-Z]{2})|!(?:Ref|GetAtt|Sub|ImportValue) "

# What a line begins with and its other lines do not: a number in a list, a label and the space behind it.
_BEGINNING = re.compile(r" *(?:\d+\. |\S+ {2,})?")


def paragraphs(text: str, columns: int, *, head: str = "", whole: Sequence[str] = ()) -> str:
    """The text behind its head; each of its lines that is too long as some, those behind the first further in."""
    first, *more = text.split("\n")
    lines = [_paragraph(line, columns, whole) for line in more]
    if not head:
        lines.insert(0, _paragraph(first, columns, whole))
    elif fits(head + first, columns):
        lines.insert(0, head + first)
    else:
        lines.insert(0, hung(first, columns, head=head, hanging=_HANGING, whole=whole))
    return "\n".join(lines)


def _paragraph(line: str, columns: int, whole: Sequence[str]) -> str:
    if fits(line, columns) or line.startswith(_CODE):
        return line
    found = _BEGINNING.match(line)
    head = found[0] if found is not None else ""
    indent = len(head) - len(head.lstrip(" "))
    # What takes half of the line is no label.
    if head.strip() and len(head) <= columns // 2:
        return hung(line[len(head) :], columns, head=head, hanging=len(head), whole=whole)
    return hung(line[indent:], columns, head=" " * indent, hanging=indent + _HANGING, whole=whole)


def hung(text: str, columns: int, *, head: str = "", hanging: int, whole: Sequence[str] = ()) -> str:
    """The text behind its head, and what does not fit there so far in, ``hanging``."""
    first, *more = folded(text, columns - hanging, first=columns - len(head), whole=whole) or [""]
    return f"\n{' ' * hanging}".join([head + first, *more])


def folded(text: str, columns: int, *, first: int | None = None, whole: Sequence[str] = ()) -> list[str]:
    """Its words in lines, each of them whole; none of an empty text. The first line may have other columns."""
    lines: list[str] = []
    for word in _words(tuple(whole)).findall(text) if text else ():
        room = columns if first is None or len(lines) > 1 else first
        if lines and fits(f"{lines[-1]} {word}", room):
            lines[-1] += f" {word}"
            continue
        if not lines and not fits(word, room) and fits(word, columns):
            # The next line has the room for it that the first one has not.
            lines.append("")
        lines.append(word)
    return lines


def fits(line: str, columns: int) -> bool:
    if line.isascii():
        return len(line) <= columns
    from rich.cells import cell_len

    return cell_len(line) <= columns


@lru_cache
def _words(whole: tuple[str, ...]) -> re.Pattern[str]:
    """What stands between two single spaces, also where that is nothing."""
    named = "".join(f"{re.escape(each)}|" for each in sorted(whole, key=len, reverse=True))
    return re.compile(rf"(?:(?<= )|(?<!.))(?:{_PAIR})?(?:{named}`[^`]*`|[^ ])*", re.DOTALL)
