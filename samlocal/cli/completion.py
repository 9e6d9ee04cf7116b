"""``samlocal completion``: the script by which a shell completes samlocal's command lines."""

from __future__ import annotations

import click

from samlocal.cli.command import Command
from samlocal.cli.options.param_type import Choice
from samlocal.cli.output import Output


@click.command("completion", cls=Command)
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> int:
    """Let bash, zsh or fish complete command lines.

    Prints what SHELL is to run at its start. Tab completes commands, options, functions, routes, environments, layers
    and events then: what the project's files have, and nobody is asked. It needs bash 4.4 or later; in zsh it stands
    behind compinit.

    \b
    Examples:
      eval "$(samlocal completion bash)"       in ~/.bashrc
      eval "$(samlocal completion zsh)"        in ~/.zshrc
      samlocal completion fish | source        in ~/.config/fish/config.fish
    """
    from samlocal.cli.completing.shells import script

    for line in script(ctx.find_root().command, shell).splitlines():
        Output(ctx.obj).data_line(line)
    return 0
