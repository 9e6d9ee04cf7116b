"""``samlocal local``: the environment on this machine, by hand."""

from __future__ import annotations

import click

from samlocal.cli.command_group import CommandGroup
from samlocal.cli.local.fire import fire
from samlocal.cli.local.life import reset, start, stop
from samlocal.cli.local.seed import seed
from samlocal.cli.local.status import status
from samlocal.cli.local.tail import tail


@click.group("local", cls=CommandGroup)
def command() -> None:
    """The environment on this machine: start, status, tail, seed.

    It needs no AWS account. `-e local` starts it by itself, and it ends by itself half an hour after its last use.
    Its data lasts that long.

    \b
    Examples:
      samlocal invoke getEvent -e local
      samlocal local seed seed.yaml
      samlocal local tail --since 1h
    """


for each in (start, stop, reset, status, tail, fire, seed):
    command.add_command(each)
