"""The options by which commands know their template and their environment."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import file_of
from samlocal.cli.options.configured import ConfigurableType, variable
from samlocal.cli.options.template import chosen_template
from samlocal.cli.options.voice import voice_flags
from samlocal.project.settings import NEVER, SNAPSHOT_AGE, Settings, project_settings

F = TypeVar("F", bound=Callable[..., Any])


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


def settings(ctx: click.Context) -> Settings:
    """The shared options of a command, as many as it has. Raises TemplateError and ConfigurationError."""
    values = ctx.params
    template, found_in = chosen_template(ctx)
    return project_settings(
        ctx.obj,
        file=file_of(ctx),
        template=template,
        found_in=found_in,
        env_name=values["env_name"],
        stack_name=values["stack_name"],
        profile=values.get("aws_profile"),
        region=values.get("region"),
        refresh=values.get("refresh", False),
        snapshot_age=values.get("snapshot_age", SNAPSHOT_AGE),
        parameter_overrides=values.get("parameter_overrides", ()),
        env_vars=values.get("env_vars"),
        set_variables=values.get("set_variables", ()),
        dotenv=values.get("dotenv", True),
    )


def name_options(command: F) -> F:
    """Which template and which environment are meant."""
    return _with(_NAMES, command)


def account_options(command: F) -> F:
    """The same, and as whom AWS is asked, on a command that needs no more of a template than its environment."""
    return name_options(_with(_ACCOUNT, voice_flags(command)))


def project_options(command: F) -> F:
    """The template and the environment, on a command that reads them and gives no function its variables."""
    return account_options(_with(_VALUES, command))


def environment_options(command: F) -> F:
    """The template and the environment, and the variables of functions."""
    return project_options(_with(_VARIABLES, command))


def local_options(command: F) -> F:
    """The template as it is deployed on this machine; ``-e local`` need not be said."""
    return name_options(_with((_REGION, _OVERRIDES), voice_flags(command)))


def source_options(command: F) -> F:
    """The same, on a command that reads a deployed environment beside it."""
    return name_options(_with((_PROFILE, _REGION, _OVERRIDES), voice_flags(command)))


def _with(options: Sequence[Callable[[F], F]], command: F) -> F:
    for option in reversed(options):
        command = option(command)
    return command


_NAMES = (
    click.option(
        "-e",
        "--env-name",
        "--config-env",
        "env_name",
        metavar="ENV",
        envvar=variable("env_name"),
        shell_complete=completers.environments,
        help="Environment of samconfig.toml.",
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
        metavar="PATH",
        type=click.Path(path_type=Path),
        envvar=variable("template"),
        help="Template file.  [default: template.yaml, .yml or .json]",
    ),
    click.option(
        "--config-file",
        metavar="PATH",
        type=click.Path(path_type=Path),
        envvar=variable("config_file"),
        help="Configuration file.  [default: samconfig.toml]",
    ),
)

_PROFILE = click.option(
    "--aws-profile",
    "--profile",
    "aws_profile",
    metavar="PROFILE",
    envvar=variable("aws_profile"),
    help="AWS profile.",
)
_REGION = click.option("--region", metavar="REGION", envvar=variable("region"), help="AWS region.")
_ACCOUNT = (_PROFILE, _REGION)

_OVERRIDES = click.option(
    "--parameter-overrides",
    multiple=True,
    metavar="KEY=VALUE…",
    envvar=variable("parameter_overrides"),
    help="Template parameters, as `sam deploy` takes them.",
)

_VALUES = (
    click.option("--refresh", is_flag=True, envvar=variable("refresh"), help="Ask AWS anew."),
    click.option(
        "--snapshot-age",
        type=Seconds(),
        default=SNAPSHOT_AGE,
        metavar="SECONDS|never",
        envvar=variable("snapshot_age"),
        help="How long what AWS said is used while the stack is the same; with `never` it is not doubted.  "
        f"[default: {SNAPSHOT_AGE:g}]",
    ),
    _OVERRIDES,
)

ENV_VARS = click.option(
    "--env-vars",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar=variable("env_vars"),
    help="Variables in SAM CLI's JSON, or the same as YAML.",
)
_VARIABLES = (
    ENV_VARS,
    click.option("--set", "set_variables", multiple=True, metavar="NAME=VALUE", help="One variable."),
    click.option(
        "--dotenv/--no-dotenv",
        default=True,
        envvar=variable("dotenv"),
        help="Read .env and .env.ENV.  [default: read]",
    ),
)
