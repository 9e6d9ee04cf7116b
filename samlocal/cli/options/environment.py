"""The options that commands share, and their defaults from samconfig.toml and ``SAMLOCAL_…`` variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import click

from samlocal.cli.options.configured import ConfigurableType, check_variables, configured
from samlocal.cli.options.template import chosen_template
from samlocal.cli.world import World
from samlocal.config import DEFAULT_ENVIRONMENT, FileSettings, file_settings, find_config
from samlocal.errors import ConfigurationError
from samlocal.project.settings import NEVER, SNAPSHOT_AGE, Settings, project_settings
from samlocal.project.template_file import project_folder

F = TypeVar("F", bound=Callable[..., Any])

_ARGS = "samlocal.args"
_FILE = "samlocal.file_settings"


class Seconds(ConfigurableType[float]):
    """A length of time, or ``never``: without end."""

    name = "seconds"
    expected = "It is a number of seconds, 0 or more, or never."

    def convert(self, value: object, _: click.Parameter | None, __: click.Context | None) -> float:
        if isinstance(value, str) and value.strip().lower() == "never":
            return NEVER
        try:
            seconds = float(str(value))
        except ValueError:
            seconds = math.nan
        if not seconds >= 0:
            self.fail(f"{value!r} is no number of seconds from 0 upwards.")
        return seconds


class EnvironmentCommand(click.Command):
    """A command with defaults from samconfig.toml: flags win over ``SAMLOCAL_…``, these over the file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_ARGS] = tuple(args)
        args = spread_overrides(args)
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        world: World = ctx.obj
        file = read_file(world, given, known=set(long_names(self)))
        ctx.meta[_FILE] = file
        check_variables(ctx, self, world.environ, flags=given)
        ctx.default_map = configured(ctx, self, file)
        return super().parse_args(ctx, args)


class OwnOptions(click.Group):
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
        value = given.get(name) or world.environ.get(f"SAMLOCAL_{name.upper()}")
        return str(value) if value else None

    template, config_file = chosen("template"), chosen("config_file")
    path = find_config(
        cwd=world.cwd,
        config_file=Path(config_file) if config_file else None,
        template=Path(template) if template else None,
        project=project_folder(world),
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


def settings(ctx: click.Context) -> Settings:
    """The shared options of a command. Raises TemplateError and ConfigurationError."""
    values = ctx.params
    template, found_in = chosen_template(ctx)
    return project_settings(
        ctx.obj,
        file=ctx.meta[_FILE],
        template=template,
        found_in=found_in,
        env_name=values["env_name"],
        stack_name=values["stack_name"],
        profile=values["aws_profile"],
        region=values["region"],
        refresh=values["refresh"],
        snapshot_age=values["snapshot_age"],
        parameter_overrides=values["parameter_overrides"],
        env_vars=values["env_vars"],
        set_variables=values["set_variables"],
        dotenv=values["dotenv"],
    )


def variable(name: str) -> str:
    return f"SAMLOCAL_{name.upper()}"


def named_settings(ctx: click.Context) -> Settings:
    """Of a command with ``name_options`` alone. Raises TemplateError and ConfigurationError."""
    values = ctx.params
    template, found_in = chosen_template(ctx)
    return project_settings(
        ctx.obj,
        file=ctx.meta[_FILE],
        template=template,
        found_in=found_in,
        env_name=values["env_name"],
        stack_name=values["stack_name"],
    )


def name_options(command: F) -> F:
    """Which template and which environment are meant."""
    for option in reversed(
        [
            click.option(
                "-e", "--env-name", metavar="ENV", envvar=variable("env_name"), help="Environment of samconfig.toml."
            ),
            click.option(
                "-n",
                "--stack-name",
                metavar="STACK",
                envvar=variable("stack_name"),
                help="Deployed stack; alone it is an environment.",
            ),
            click.option(
                "-t",
                "--template",
                "--template-file",
                "template",
                type=click.Path(path_type=Path),
                envvar=variable("template"),
                help="Template file.  [default: template.yaml, .yml or .json]",
            ),
            click.option(
                "--config-file",
                type=click.Path(path_type=Path),
                envvar=variable("config_file"),
                help="Configuration file.  [default: samconfig.toml]",
            ),
        ]
    ):
        command = option(command)
    return command


def environment_options(command: F) -> F:
    """The template and the environment, and what is said of them, on every command that reads them."""
    for option in reversed(
        [
            click.option("--aws-profile", metavar="PROFILE", envvar=variable("aws_profile"), help="AWS profile."),
            click.option("--region", envvar=variable("region"), help="AWS region."),
            click.option("--refresh", is_flag=True, envvar=variable("refresh"), help="Ask AWS anew."),
            click.option(
                "--snapshot-age",
                type=Seconds(),
                default=SNAPSHOT_AGE,
                show_default=True,
                metavar="SECONDS|never",
                envvar=variable("snapshot_age"),
                help="How long what AWS said is used while the stack is the same; with `never` it is not doubted.",
            ),
            click.option(
                "--parameter-overrides",
                multiple=True,
                metavar="KEY=VALUE…",
                envvar=variable("parameter_overrides"),
                help="Template parameters, as `sam deploy` takes them.",
            ),
            click.option(
                "--env-vars",
                type=click.Path(path_type=Path),
                metavar="FILE",
                envvar=variable("env_vars"),
                help="Variables in SAM CLI's JSON, or the same as YAML.",
            ),
            click.option("--set", "set_variables", multiple=True, metavar="NAME=VALUE", help="One variable."),
            click.option(
                "--dotenv/--no-dotenv",
                default=True,
                envvar=variable("dotenv"),
                help="Read .env and .env.ENV.  [default: read]",
            ),
        ]
    ):
        command = option(command)
    return name_options(command)
