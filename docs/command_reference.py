"""Every command and option of samlocal as Markdown, taken from the commands themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from samlocal.cli import cli

MARK = "<!-- commands -->"
"""Where the page of the configuration has them."""

_MANY = 4
"""An option of so many commands is shown once for all."""

BAR = "\\|"
"""A bar within a cell, in code too."""

Record = tuple[str, str, str]
"""An option's spellings, its help, and its variable."""


def command_reference() -> str:
    """The sections that follow the mark."""
    commands = dict(_commands(cli, click.Context(cli, info_name="samlocal")))
    records = {path: _records(ctx) for path, ctx in commands.items()}
    counted = Counter(record for of_command in records.values() for record in of_command)
    shared = [record for record, count in counted.items() if count >= _MANY]
    lines = ["## Options of many commands", "", *_table(shared)]
    for path, ctx in commands.items():
        lines += ["", f"## {path}", "", _sentences(ctx.command.help or ""), "", f"`{_usage(ctx)}`", ""]
        own = [record for record in records[path] if record not in shared]
        lines += _table(own)
        others = [record for record in records[path] if record in shared]
        if others:
            names = ", ".join(f"`{_longest(record)}`" for record in others)
            lines += ["", f"And of [those of many commands](#options-of-many-commands): {names}."]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, ctx: click.Context) -> Iterator[tuple[str, click.Context]]:
    """By what is typed. The events that can be generated are data, which `samlocal event list` shows."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None:
            continue
        inner = click.Context(command, parent=ctx, info_name=name)
        if isinstance(command, click.Group) and name != "generate":
            yield from _commands(command, inner)
        else:
            yield inner.command_path.removeprefix("samlocal "), inner


def _records(ctx: click.Context) -> list[Record]:
    found = []
    for parameter in ctx.command.get_params(ctx):
        shown = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
        if shown is not None and "--help" not in parameter.opts:
            variable = parameter.envvar if isinstance(parameter.envvar, str) else ""
            found.append((" ".join(shown[0].split()), " ".join(shown[1].split()), variable))
    return found


def _table(records: list[Record]) -> list[str]:
    if not records:
        return []
    rows = (
        f"| `{spelt.replace('|', BAR)}` | {_cell(told)} | {f'`{variable}`' if variable else ''} |"
        for spelt, told, variable in records
    )
    return ["| Option | | Variable |", "|---|---|---|", *rows]


def _cell(text: str) -> str:
    return text.replace("|", BAR).replace("<", "\\<").replace("*", "\\*").replace("$", "\\$")


def _longest(record: Record) -> str:
    words = record[0].replace(",", " ").split()
    return next((word for word in words if word.startswith("--")), words[0])


def _usage(ctx: click.Context) -> str:
    return ctx.command.get_usage(ctx).removeprefix("Usage: ").replace("\n", " ")


def _sentences(text: str) -> str:
    """A command's help without what is not to be filled: examples."""
    paragraphs = (each for each in text.strip().split("\n\n") if not each.lstrip(" ").startswith("\b"))
    return "\n\n".join(_cell(" ".join(each.split())) for each in paragraphs)
