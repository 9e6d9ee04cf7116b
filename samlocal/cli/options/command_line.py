"""A command line with its defaults from samconfig.toml and ``SAMLOCAL_…`` variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from samlocal.cli.command import Command
from samlocal.cli.command_group import OffersNames
from samlocal.cli.options.configured import check_variables, configured, variable
from samlocal.cli.world import World
from samlocal.config import DEFAULT_ENVIRONMENT, FileSettings, file_settings, find_config
from samlocal.errors import ConfigurationError
from samlocal.project.template_file import config_folder

_ARGS = "samlocal.args"
_FILE = "samlocal.file_settings"

_FILES_OF_VALUES = (".json", ".jsonl", ".yaml", ".yml")


class EnvironmentCommand(Command):
    """A command with defaults from samconfig.toml: flags win over ``SAMLOCAL_…``, these over the file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_ARGS] = tuple(args)
        args = spread_overrides(args)
        if ctx.resilient_parsing:
            # Somebody is still typing it.
            return super().parse_args(ctx, args)
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        _refuse_files(given, self)
        world: World = ctx.obj
        file = read_file(world, given, known=set(long_names(self)))
        ctx.meta[_FILE] = file
        check_variables(ctx, self, world.environ, flags=given)
        ctx.default_map = configured(ctx, self, file)
        return super().parse_args(ctx, args)


def _refuse_files(given: Mapping[str, object], command: click.Command) -> None:
    """SAM CLI's ``-e`` is an event, its ``-n`` a file of variables. Raises click.UsageError."""
    there = {option.name for option in command.params}
    for name, flag, what, meant in (
        ("env_name", "-e", "an environment", "event"),
        ("stack_name", "-n", "a deployed stack", "env_vars"),
    ):
        value = str(given.get(name) or "")
        if meant in there and (value == "-" or value.lower().endswith(_FILES_OF_VALUES)):
            option = f"--{meant.replace('_', '-')}"
            raise click.UsageError(f"{flag} names {what}, and {value} is a file: {option} {value} is meant.")


class OwnOptions(OffersNames):
    """Commands whose options are no settings: samconfig.toml has none of them."""


def names_environment(ctx: click.Context, command: click.Command, args: list[str]) -> bool:
    """Whether a command line names an environment or a stack, or a variable or the configuration file does.

    A stack of the file is no environment: `sam deploy` has put it there.
    """
    given, _, _ = command.make_parser(ctx).parse_args(spread_overrides(args))
    world: World = ctx.obj
    names = ("env_name", "stack_name")
    if any(given.get(name) or world.environ.get(variable(name)) for name in names):
        return True
    file = read_file(world, given, known=set(long_names(command)))
    return file.environment not in (None, DEFAULT_ENVIRONMENT)


def reread(ctx: click.Context) -> click.Context:
    """The same command line with the configuration file as it is now. Raises ConfigurationError."""
    try:
        return ctx.command.make_context(ctx.info_name, list(ctx.meta[_ARGS]), parent=ctx.parent)
    except click.UsageError as error:
        raise ConfigurationError(error.format_message()) from error


def typed(ctx: click.Context) -> Mapping[str, Any]:
    """What stands on the command line itself, by the parameters' names: texts as they were typed, and flags."""
    given, _, _ = ctx.command.make_parser(ctx).parse_args(spread_overrides(ctx.meta[_ARGS]))
    return given


def in_environment(ctx: click.Context, env_name: str) -> click.Context:
    """The same command line with another environment.

    Raises click.UsageError where it names one already, ConfigurationError where the file has none of that name.
    """
    for name in ("env_name", "stack_name"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError("The environment is named twice: leave out -e and -n.")
    return ctx.command.make_context(ctx.info_name, [*ctx.meta[_ARGS], "-e", env_name], parent=ctx.parent)


def long_names(command: click.Command) -> dict[str, str]:
    """The options as samconfig.toml writes them, ``skip_pull_image`` for ``--skip-pull-image``, and click's names."""
    return {
        spelling.removeprefix("--").replace("-", "_"): parameter.name
        for parameter in command.params
        for spelling in parameter.opts
        if parameter.name and spelling.startswith("--")
    }


def read_file(world: World, given: Mapping[str, object], *, known: set[str]) -> FileSettings:
    """The file's settings for the environment that the flags or ``SAMLOCAL_ENV_NAME`` name."""

    def chosen(name: str) -> str | None:
        value = given.get(name) or world.environ.get(variable(name))
        return str(value) if value else None

    template, config_file = chosen("template"), chosen("config_file")
    path = find_config(
        cwd=world.cwd,
        config_file=Path(config_file) if config_file else None,
        template=Path(template) if template else None,
        project=config_folder(world),
    )
    env_name = chosen("env_name")
    stack_given = chosen("stack_name") is not None
    file = file_settings(
        path, env_name=env_name, known=known, stack_given=stack_given, elsewhere=_options_of_all_commands
    )
    default = file.values.get("env_name")
    if default is not None and not isinstance(default, str):
        raise ConfigurationError(f"{file.origin}: env_name cannot be {default!r}.", tip="It is text.")
    if env_name is None and default:
        return file_settings(
            path, env_name=default, known=known, stack_given=stack_given, elsewhere=_options_of_all_commands
        )
    return file


@cache
def _options_of_all_commands() -> frozenset[str]:
    """The file is every command's; this one need not know what another one reads there."""
    from samlocal.cli import cli

    def names(command: click.Command) -> Iterator[str]:
        yield from long_names(command)
        if isinstance(command, click.Group) and not isinstance(command, OwnOptions):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                yield from names(inner) if inner is not None else ()

    return frozenset(names(cli))


def spread_overrides(args: Sequence[str]) -> list[str]:
    """``--parameter-overrides A=1 B=2``, SAM CLI's form, as one option for each."""
    spread: list[str] = []
    following = first = False
    for index, arg in enumerate(args):
        if arg == "--":
            return [*spread, *args[index:]]
        if arg == "--parameter-overrides":
            following = first = True
            if index + 1 >= len(args) or args[index + 1].startswith("-"):
                spread.append(arg)
            continue
        # The first is its value whatever it looks like; what follows may be the function's name.
        if following and (first or "=" in arg) and not arg.startswith("-"):
            spread += ["--parameter-overrides", arg]
            first = False
            continue
        following = False
        spread.append(arg)
    return spread


def file_of(ctx: click.Context) -> FileSettings:
    """What the configuration file says for the environment of a command line."""
    file: FileSettings = ctx.meta[_FILE]
    return file
