"""What commands that serve functions have in common: a session, warm sandboxes, and to stand until they are ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

import click

from samlocal.cli.output import Output
from samlocal.cli.runs.running import run_to_its_end
from samlocal.cli.shown.requests import Requests
from samlocal.cli.sweeping import sweep_all
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.session import Session, session
from samlocal.service.news import News
from samlocal.service.service import Service


class Changing(Protocol):
    """What may be another one after a save."""

    def when_changed(self, call: Callable[[], object]) -> None: ...


def run_in_session(
    ctx: click.Context, options: RunOptions, output: Output, serve: Callable[[Session], Coroutine[Any, Any, None]]
) -> None:
    """Serves in a session of the command's own, beside which the engines are cleared up after others."""
    with session(ctx.obj.cache_folder / "sessions") as own:
        sweep_all(own, ctx.obj.environ, output, options.sandbox.engines)
        run_to_its_end(serve(own))


async def warm_up(service: Service, warm: Mapping[str, int]) -> None:
    """Starts sandboxes ahead: so many of each function, by its name."""
    for name, count in warm.items():
        await service.pool.warm(await service.functions.id_of(name), count)


async def stand(
    requests: Requests,
    news: News,
    tell: Callable[[], Awaitable[None]],
    *changing: Changing,
    begins: Callable[[], None] = lambda: None,
    ends: Callable[[], None],
) -> None:
    """Tells what is served, again after every change, until the command is ended.

    ``begins`` is called when it has been told for the first time, ``ends`` before the rest is taken down.
    """
    for each in changing:
        each.when_changed(news.come)
    await tell()
    begins()
    try:
        await requests.stand()
    finally:
        ends()
