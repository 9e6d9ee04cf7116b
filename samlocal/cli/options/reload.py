"""Reload on save, as commands that stay offer it and speak of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.command import long_name
from samlocal.cli.options.command_line import reread
from samlocal.cli.options.configured import variable
from samlocal.cli.output import Output
from samlocal.errors import ConfigurationError
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.service.service import Reread

F = TypeVar("F", bound=Callable[..., Any])


def reload_flag(command: F) -> F:
    return click.option(
        "--reload/--no-reload",
        default=True,
        envvar=variable("reload"),
        help="Take up what is saved: code, layers, template, samconfig.toml, .env; with builds their sources.  "
        "[default: reload]",
    )(command)


def rereading(
    ctx: click.Context,
    choose: Callable[[click.Context], tuple[Settings, RunOptions]],
    output: Output,
    *,
    fixed: Collection[str],
) -> Reread:
    """``choose`` reads a command line; of its options the ``fixed`` ones cannot change while the command stays."""

    def read() -> tuple[Settings, RunOptions]:
        now = reread(ctx)
        try:
            chosen = choose(now)
        except click.UsageError as error:
            raise ConfigurationError(error.format_message()) from error
        changed = [
            long_name(option)
            for option in ctx.command.params
            if option.name in fixed and now.params[option.name] != ctx.params[option.name]
        ]
        if changed:
            output.notice(f"{', '.join(changed)} cannot change here: start {ctx.command_path} anew for that.")
        return chosen

    return read
