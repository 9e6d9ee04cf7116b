"""samlocal's command line in this process, for what it says before anything runs, and its commands as click's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import click

from samlocal.cli import cli, run
from samlocal.cli.world import World


def said(*args: str, folder: Path) -> tuple[int, str]:
    """The exit status and standard error of a command line in a folder."""
    stderr = io.StringIO()
    world = World(environ={}, cwd=folder, stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=stderr)
    return run(list(args), world), stderr.getvalue()


def commands(*, below: click.Context | None = None) -> Iterator[tuple[str, click.Command]]:
    """All of them by their words, ``event share list``; those that print the many kinds of events are one."""
    context = below or click.Context(cli, info_name="samlocal", **cli.context_settings)
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, parent=context, info_name=name)
        yield inner.command_path.partition(" ")[2], command
        if isinstance(command, click.Group) and name != "generate":
            yield from commands(below=inner)


def spellings(command: click.Command) -> set[str]:
    return {each for option in command.params for each in (*option.opts, *option.secondary_opts)} | {"--help"}
