"""The page "From SAM CLI, option by option", of the table by which the command line itself answers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from samlocal.cli.habits import sam_cli, words
from samlocal.cli.habits.ways import Always, Instead, Means, Other, Same, Way

_HEAD = f"""\
# From SAM CLI, option by option

This page is made of the table by which samlocal's command line answers, of SAM CLI {sam_cli.VERSION}. What you
type as you typed it there is taken where samlocal has it, under the same name or its own; else one line says the way,
with exit status 2. Of `samconfig.toml` samlocal reads `global` and `deploy` as SAM CLI does, and its own options in
`samlocal`.

Two letters mean something else here: `-e` names an environment and `-n` a stack. `-e event.json` and `-n env.json`
are answered with what is meant.

## Commands
"""

_TITLES: Mapping[str, tuple[str, ...]] = {
    "sam local invoke, start-api, start-lambda": ("local invoke", "local start-api", "local start-lambda"),
    "sam build": ("build",),
    "sam list endpoints, sam list resources": ("list endpoints",),
}

_GROUPS = ("local", "list")
"""SAM CLI's, of which samlocal has commands by other words."""

_OTHERS = """\
## Commands that samlocal has not

Their options go with them: `sam deploy`, `sam sync`, `sam logs`, `sam remote` and `sam validate` stay SAM CLI's.
"""


def page() -> str:
    lines = [_HEAD, *_table(("SAM CLI", "samlocal"), _taken()), ""]
    for title, commands in _TITLES.items():
        same, others = _rows(commands)
        listed = textwrap.fill(", ".join(f"`{option}`" for option in same), 118, break_on_hyphens=False)
        lines += [f"## Options of {title}", "", "The same by the same name:", listed + ".", ""]
        lines += [*_table(("Option", "Here"), iter(others)), ""]
    lines += [_OTHERS, *_table(("SAM CLI, and others", "What to do"), _refused()), ""]
    lines += [
        "## Events",
        "",
        "`sam local generate-event SERVICE TYPE` is `samlocal event generate SERVICE TYPE`, with the same names and",
        "flags; `samlocal event list` shows them all. `sam local start-lambda FUNCTION …` is",
        "`samlocal start-lambda`: it serves all functions.",
    ]
    return "\n".join(lines) + "\n"


def _table(heads: tuple[str, str], rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield f"| {heads[0]} | {heads[1]} |"
    yield "|---|---|"
    for row in rows:
        cells = " | ".join(cell.replace("|", r"\|") for cell in row)
        yield f"| {cells} |"


def _taken() -> Iterator[tuple[str, str]]:
    for typed, own in words.TAKEN.items():
        if typed[0] in _GROUPS:
            yield f"`sam {' '.join(typed)}`", f"`samlocal {' '.join(own)}`"
    yield "`sam build`", "`samlocal build`"


def _refused() -> Iterator[tuple[str, str]]:
    for typed, way in words.REFUSED.items():
        yield f"`{' '.join(typed)}`", way.text


def _rows(commands: tuple[str, ...]) -> tuple[list[str], list[tuple[str, str]]]:
    """What is the same without a word, and the others: those that come to the same stand together."""
    same: set[str] = set()
    others: dict[str, list[str]] = {}
    for command in commands:
        for option, way in sam_cli.OPTIONS[command].items():
            if way == Same():
                same.add(option)
            elif option not in others.setdefault(_told(option, way), []):
                others[_told(option, way)].append(option)
    rows = [(", ".join(f"`{option}`" for option in options), told) for told, options in others.items()]
    return sorted(same, key=_by_letter), sorted(rows, key=lambda row: _by_letter(row[0]))


def _by_letter(option: str) -> str:
    return option.lstrip("`-").lower()


def _told(option: str, way: Way) -> str:
    match way:
        case Same(but):
            return f"The same. {but}"
        case Means(own):
            return f"Taken as `{own}`."
        case Always(why):
            return f"Taken, and always so. {why}"
        case Other(meant, here):
            write = f"Write {f'`{meant}`' if meant.startswith('-') else meant}." if meant else "Leave it out."
            return f"`{option}` is {here} here. {write}"
        case Instead(text):
            return text
