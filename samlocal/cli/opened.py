"""What commands make of their options, for a front end that is no command line: the room ``testing``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from samlocal.cli.options.apis import ListeningApis, chosen_apis
from samlocal.cli.options.listen import listen
from samlocal.cli.options.run import run_options
from samlocal.cli.options.served import pool_options
from samlocal.cli.options.stay import chosen_output
from samlocal.cli.start_api import command
from samlocal.errors import ConfigurationError

if TYPE_CHECKING:
    import socket

    from samlocal.cli.output import Output
    from samlocal.cli.world import World
    from samlocal.pool.options import PoolOptions
    from samlocal.project.project import Project
    from samlocal.project.run_options import RunOptions

_PORT = ("--port", "0")


class Opened:
    """A project by the options of ``samlocal start-api``, and what they say of how it runs."""

    def __init__(self, ctx: click.Context) -> None:
        """Raises TemplateError, ConfigurationError."""
        from samlocal.project.project import Project

        self._ctx = ctx
        self.output: Output = chosen_output(ctx)
        settings, options = run_options(ctx)
        self.options: RunOptions = options
        self.project: Project = ctx.with_resource(Project(settings, self.output))
        self.limits: PoolOptions = pool_options(ctx)

    def listens(self) -> socket.socket:
        """A socket for Lambda's Invoke API. Raises ConfigurationError."""
        return listen(self._ctx, self.output)

    def apis(self) -> ListeningApis:
        """Those of the template. Raises ConfigurationError where it has none, and what reading it raises."""
        return ListeningApis(
            self._ctx, self.project, self.options, chosen_apis(self._ctx, self.project, self.output), self.output
        )


@contextmanager
def opened(world: World, options: Sequence[str]) -> Iterator[Opened]:
    """Raises ConfigurationError for options that the command does not take, and as ``Opened``."""
    try:
        ctx = command.make_context("start-api", [*_PORT, *options], obj=world)
    except click.UsageError as error:
        raise ConfigurationError(f"{' '.join(options)}: {error.format_message()}") from error
    with ctx:
        yield Opened(ctx)


def generated(world: World, words: Sequence[str]) -> bytes:
    """What ``samlocal event generate`` writes. Raises ConfigurationError for words that it does not take."""
    from samlocal.cli.event import command as event

    written = io.BytesIO()
    try:
        event.main(["generate", *words], obj=replace(world, stdout=written), standalone_mode=False)
    except click.ClickException as error:
        raise ConfigurationError(f"event generate {' '.join(words)}: {error.format_message()}") from error
    return written.getvalue()
