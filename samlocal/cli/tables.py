"""Tables that fit: plain, a record in a line, for programs; as wide as the terminal for people.

What is one word stays one: an ARN that is copied is whole. Where a table is too wide, columns that are ``Spare`` are
left out, then those of several words are folded, and where that does not do each row becomes a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.cli.paragraph import folded
from samlocal.cli.visible import visible

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

# As wide as that a column of several words can be read.
_READABLE = 20

_GAP = 2


class Spare(Struct, frozen=True, kw_only=True):
    """The head of a column that may be left out; the one of the least ``weight`` goes first."""

    head: str
    weight: int

    def __str__(self) -> str:
        return self.head


class Form(Struct, frozen=True, kw_only=True):
    """What it is drawn on; ``columns`` is None where nobody looks."""

    columns: int | None
    has_colours: bool
    is_utf_8: bool


def drawn(heads: Sequence[str | Spare], rows: Iterable[Sequence[str]], form: Form) -> str:
    """The table, without the end of its last line."""
    cells = [[_in_one_line(cell) for cell in row] for row in rows]
    if form.columns is None:
        return _plain([str(head) for head in heads], cells)
    return _fitting(heads, cells, form, form.columns)


def _in_one_line(cell: str) -> str:
    return visible(cell).replace("\n", "\\n").replace("\t", "\\t")


def _plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append((" " * _GAP).join(cells).rstrip())
    return "\n".join(lines)


def _fitting(heads: Sequence[str | Spare], rows: Sequence[Sequence[str]], form: Form, columns: int) -> str:
    from rich.cells import cell_len

    wholes, leasts = [], []
    for texts in zip(map(str, heads), *rows, strict=True):
        wholes.append(max(map(cell_len, texts)))
        longest_word = max(cell_len(word) for text in texts for word in text.split(" "))
        leasts.append(max(longest_word, min(wholes[-1], _READABLE)))
    kept = set(range(len(heads)))
    spare = sorted((head.weight, each) for each, head in enumerate(heads) if isinstance(head, Spare))
    while (room := columns - _GAP * (len(kept) - 1) - sum(leasts[each] for each in kept)) < 0:
        if not spare:
            return _blocks([str(head) for head in heads], rows, form, columns)
        kept.remove(spare.pop(0)[1])
    widths = {}
    # Those that lack least get it, and the widest what is left.
    for each in sorted(kept, key=lambda each: wholes[each] - leasts[each]):
        more = min(wholes[each] - leasts[each], room)
        widths[each] = leasts[each] + more
        room -= more
    return _table(heads, rows, form, widths=dict(sorted(widths.items())))


def _table(
    heads: Sequence[str | Spare],
    rows: Sequence[Sequence[str]],
    form: Form,
    *,
    widths: Mapping[int, int],
) -> str:
    """``widths`` has the columns that there is room for."""
    from rich import box
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        *(Column(str(heads[each]), width=width, overflow="fold") for each, width in widths.items()),
        # Its line has a character between two columns.
        box=box.SIMPLE_HEAD if form.is_utf_8 else None,
        padding=(0, _GAP - 1 if form.is_utf_8 else _GAP, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for row in rows:
        table.add_row(*(Text(row[each]) for each in widths))
    shown: list[Table | Text] = [table]
    if left_out := [str(head) for each, head in enumerate(heads) if each not in widths]:
        names = ", ".join(left_out)
        note = f"Too narrow for {names}: a wider terminal, a pipe and --output json have them."
        shown += [Text(line, style="dim") for line in folded(note, form.columns or len(note))]
    return _rendered(shown, form)


def _blocks(heads: Sequence[str], rows: Sequence[Sequence[str]], form: Form, columns: int) -> str:
    """A block for each row. A word wider than the terminal goes on in its next line: it is copied as one."""
    from rich.text import Text

    label = max(map(len, heads)) + _GAP
    shown = []
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            for number, part in enumerate(folded(cell, columns - label)):
                shown.append(Text.assemble((("" if number else head).ljust(label), "bold"), part))
        shown.append(Text())
    return _rendered(shown, form)


def _rendered(shown: Iterable[Table | Text], form: Form) -> str:
    """What is text is not wrapped: its lines are made already."""
    import io

    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=form.columns,
        # What the user wants is decided already, and not by this process's own variables.
        color_system="standard" if form.has_colours else None,
        force_terminal=form.has_colours,
        _environ={},
    )
    for each in shown:
        console.print(each, soft_wrap=True, highlight=False)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n")
