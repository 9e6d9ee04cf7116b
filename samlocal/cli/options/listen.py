"""Where a command that serves functions over HTTP listens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.options.configured import variable
from samlocal.cli.options.environment import settings
from samlocal.cli.output import Output
from samlocal.errors import ConfigurationError

if TYPE_CHECKING:
    import socket

F = TypeVar("F", bound=Callable[..., Any])

LISTEN_NAMES = ("host", "port")
"""The options' parameters."""


def listen_flags(port: int, *, port_help: str) -> Callable[[F], F]:
    """``port`` is the one to listen on where none is named."""

    def flags(command: F) -> F:
        host = click.option(
            "--host",
            metavar="ADDRESS",
            default="127.0.0.1",
            show_default=True,
            envvar=variable("host"),
            help="Address to listen on. On another one than loopback, whoever reaches it runs your functions.",
        )
        number = click.option(
            "-p",
            "--port",
            metavar="PORT",
            type=click.IntRange(0, 65535),
            default=port,
            show_default=True,
            envvar=variable("port"),
            help=port_help,
        )
        return host(number(command))

    return flags


def listen(ctx: click.Context, output: Output, *, port: str = "port", after: int = 0) -> socket.socket:
    """At the port that the option ``port`` names, or ``after`` so many, until the command ends.

    Raises ConfigurationError.
    """
    from samlocal.service.server import is_open

    listens = ctx.with_resource(contextlib.closing(bound(ctx, port=port, after=after)))
    if is_open(listens):
        output.warning(
            f"--host {ctx.params['host']}: every machine that reaches this one can run your functions, "
            "under their rights."
        )
    return listens


def bound(ctx: click.Context, *, port: str = "port", after: int = 0) -> socket.socket:
    """The socket, which is the caller's to close. Where it cannot be had, other commands of the template are named.

    Raises ConfigurationError.
    """
    from samlocal.service.server import listening

    first = ctx.params[port]
    try:
        return listening(ctx.params["host"], first and first + after, option=f"--{port.replace('_', '-')}")
    except ConfigurationError as error:
        from samlocal.kept.folder import serving_commands

        others = " and ".join(f"`samlocal {name}`" for name in serving_commands(settings(ctx)))
        if not others:
            raise
        raise ConfigurationError(error.message, tip=f"{others} of this template runs already. {error.tip}") from error
