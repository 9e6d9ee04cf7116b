"""How ``invoke`` is told a request to an API in place of a function: ``'POST /orders' -d '{…}' -H 'a: b'``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from samlocal.cli.completing import completers
from samlocal.cli.options.keep import KeepingCommand
from samlocal.cli.runs.event import is_json, read_file
from samlocal.cli.world import World
from samlocal.errors import EventError

F = TypeVar("F", bound=Callable[..., Any])

_ROUTE = re.compile(r"[A-Za-z]+\s+/\S*")

_OPTIONS = {"data": "-d/--data", "headers": "-H/--header", "api_ids": "--api"}
"""Those that a request has and a function's event has not."""


def is_route(text: str) -> bool:
    """Whether a text is a method and a path, which no function's name is."""
    return _ROUTE.fullmatch(text) is not None


class InvokingCommand(KeepingCommand):
    """A command whose ``-d`` is curl's, a body, where a request is named; else it is SAM CLI's, a debugger's port."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _with_data(args) if any(map(is_route, args)) else args)


def route_options(command: F) -> F:
    for option in reversed(
        [
            click.option(
                "--data",
                metavar="BODY|@FILE|-",
                help="Body of a request, of 'METHOD /path' in place of FUNCTION; -d is its short form then.",
            ),
            click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Header of it."),
            click.option(
                "--api",
                "api_ids",
                multiple=True,
                metavar="ID",
                shell_complete=completers.apis,
                help="The API that it is to, where several take it.",
            ),
        ]
    ):
        command = option(command)
    return command


def refuse_without_route(ctx: click.Context) -> None:
    """Raises click.UsageError for options that only a request has."""
    for name, option in _OPTIONS.items():
        if ctx.params[name] and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option} is for a request: {ctx.command_path} 'POST /orders' --data '{{}}'. A function's event is "
                "--event."
            )


def refuse_event(ctx: click.Context) -> None:
    """Raises click.UsageError where the event of a request is given, too."""
    if ctx.params["event"] and ctx.get_parameter_source("event") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--event is a function's: the event of a request is its API's. Give --data its body.")


def body_of(ctx: click.Context) -> bytes:
    """Raises EventError where it cannot be read."""
    world: World = ctx.obj
    given: str = ctx.params["data"] or ""
    if given in ("-", "@-"):
        try:
            return world.stdin.read()
        except OSError as error:
            raise EventError(f"--data {given}: standard input cannot be read: {error.strerror}.") from error
    if given.startswith("@"):
        return read_file(world.cwd / given[1:], given[1:])
    return given.encode("utf-8", "surrogateescape")


def headers_of(ctx: click.Context, body: bytes) -> tuple[tuple[str, str], ...]:
    """Those that are given, and what the body is, where nobody says that: JSON, or a form's fields as curl has it.

    Raises click.UsageError.
    """
    headers = []
    for text in ctx.params["headers"]:
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or any(ord(each) < 32 for each in text):
            raise click.UsageError(f"--header {text!r}: write 'NAME: VALUE'.")
        headers.append((name.strip(), value.strip()))
    if body and not any(name.lower() == "content-type" for name, _ in headers):
        is_text = is_json(body.decode("utf-8", "replace"))
        headers.append(("Content-Type", "application/json" if is_text else "application/x-www-form-urlencoded"))
    return tuple(headers)


def _with_data(args: Sequence[str]) -> list[str]:
    """``-d BODY`` and ``-dBODY`` as ``--data``."""
    spread: list[str] = []
    for index, arg in enumerate(args):
        if arg == "--":
            return [*spread, *args[index:]]
        if arg == "-d":
            spread.append("--data")
        elif arg.startswith("-d"):
            spread.append(f"--data={arg[2:]}")
        else:
            spread.append(arg)
    return spread
