"""The option that says on which Docker engine what runs, on every command that has containers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import file_of
from samlocal.cli.options.configured import ConfigurableType, variable
from samlocal.engine_choice import OTHERS, EngineChoice, NamedEngine

F = TypeVar("F", bound=Callable[..., Any])

_OPTION = "engine"

# docker/cli, cli/context/store: what a context may be called.
_CONTEXT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+")


class NamedAt(ConfigurableType[tuple[str | None, str]]):
    """``[NAME=]ENGINE``: the name, None for everybody, and an engine's address or a context's name."""

    name = "engine"
    expected = (
        "It is an engine, or NAME=ENGINE for a function or an architecture (arm64, x86_64), or a table of those: "
        'engine.arm64 = "ssh://user@machine". An engine is an address or a Docker context.'
    )

    def convert(self, value: object, _: click.Parameter | None, __: click.Context | None) -> tuple[str | None, str]:
        if isinstance(value, tuple):
            whose, at = value
            return whose, at
        before, equals, behind = str(value).partition("=")
        # An address may have the sign in it.
        whose, at = (before, behind) if equals and "://" not in before else (None, str(value))
        if whose == "" or not ("://" in at or _CONTEXT.fullmatch(at)):
            self.fail(
                f"{value!r} names no engine: write [NAME=]ssh://user@machine, tcp://…, unix://… or a Docker context."
            )
        return whose, at


engine_flag = click.option(
    f"--{_OPTION}",
    "engines",
    type=NamedAt(),
    multiple=True,
    metavar="[NAME=]ENGINE",
    shell_complete=completers.engine_contexts,
    envvar=variable(_OPTION),
    help="Docker engine of a function, of an architecture (arm64, x86_64), or without NAME of all others: an address "
    "or a Docker context.  [default: DOCKER_HOST or the current context]",
)


def engine_choice(ctx: click.Context) -> EngineChoice:
    """The engines that the command line, the variable or the file names, each with where it does."""

    def origin(whose: str | None) -> str:
        match ctx.get_parameter_source("engines"):
            case ParameterSource.DEFAULT_MAP:
                # Only what stands in a table has a key of its own.
                return file_of(ctx).place(_OPTION, *([whose] if whose else []))
            case ParameterSource.ENVIRONMENT:
                return variable(_OPTION)
            case _:
                return f"--{_OPTION}"

    return EngineChoice(
        named=tuple(
            NamedEngine(whose=whose or OTHERS, at=at, origin=origin(whose)) for whose, at in ctx.params["engines"]
        )
    )
