"""What a project starts from: its template, its environment, and what the user gives beside them."""

from __future__ import annotations

import math
from pathlib import Path

from msgspec import Struct

from samlocal.config import LOCAL_ENVIRONMENT, FileSettings
from samlocal.errors import ConfigurationError
from samlocal.project.surroundings import Surroundings
from samlocal.project.template_file import find_template

LOCAL_REGION = "us-east-1"
"""Where the environment on this machine says that it is, unless the user names another region."""

NEVER = math.inf
"""The snapshot's age that nobody doubts: AWS is asked only for what is not kept, or where something is missing."""

SNAPSHOT_AGE = 300.0
"""Seconds for which what AWS said is used while the stack is the same."""


class Settings(Struct, frozen=True, kw_only=True):
    """``stack_name`` is None without an environment. ``file`` is what samconfig.toml says for it.

    ``parameter_overrides`` and ``set_variables`` are ``NAME=VALUE``; ``env_vars`` is a file of variables in SAM CLI's
    form, ``dotenv`` says whether ``.env`` files are read, which are in ``folder``.
    """

    world: Surroundings
    template: Path
    env_name: str | None
    stack_name: str | None
    profile: str | None
    region: str | None
    refresh: bool
    snapshot_age: float
    parameter_overrides: tuple[str, ...]
    env_vars: Path | None
    set_variables: tuple[str, ...]
    dotenv: bool
    protected: bool
    file: FileSettings
    found_in: Path | None = None
    """The project's folder, where that is not the current one."""

    @property
    def folder(self) -> Path:
        return self.found_in or self.world.cwd

    @property
    def is_local(self) -> bool:
        """Whether the environment is the one on this machine."""
        return self.env_name == LOCAL_ENVIRONMENT

    @property
    def environment(self) -> str | None:
        """What the user calls the environment."""
        return self.env_name or self.stack_name


def region_of(settings: Settings) -> str | None:
    """The region that somebody has set, None where nobody has and no environment will say."""
    environ = settings.world.environ
    region = settings.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region is None and settings.stack_name is None:
        from samlocal.aws.profile_region import profile_region

        region = profile_region(environ, profile=settings.profile)
    return region


def project_settings(
    world: Surroundings,
    *,
    file: FileSettings | None = None,
    template: Path | None = None,
    env_name: str | None = None,
    stack_name: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    refresh: bool = False,
    snapshot_age: float = SNAPSHOT_AGE,
    parameter_overrides: tuple[str, ...] = (),
    env_vars: Path | None = None,
    set_variables: tuple[str, ...] = (),
    dotenv: bool = True,
    found_in: Path | None = None,
) -> Settings:
    """The settings of a project in its surroundings. Raises TemplateError and ConfigurationError.

    ``file`` is the environment's part of samconfig.toml (``config.file_settings``). The other arguments are the last
    word: a front end has put the file's values behind them.
    """
    file = file or FileSettings(environment=env_name)
    env_name = env_name or (file.environment if "env_name" in file.values else None)
    if env_name == LOCAL_ENVIRONMENT:
        stack_name, region = stack_name or LOCAL_ENVIRONMENT, region or LOCAL_REGION
    if env_name and not stack_name:
        raise ConfigurationError(
            f"{file.path or 'samconfig.toml'}: the environment {env_name!r} names no stack.",
            tip=f"Put stack_name into [{env_name}.deploy.parameters], or give -n/--stack-name.",
        )
    return Settings(
        world=world,
        template=find_template(world, template),
        env_name=env_name,
        stack_name=stack_name,
        profile=profile,
        # boto3 alone among the SDKs does not read AWS_REGION.
        region=region or world.environ.get("AWS_REGION"),
        refresh=refresh,
        snapshot_age=snapshot_age,
        parameter_overrides=parameter_overrides,
        env_vars=env_vars,
        set_variables=set_variables,
        dotenv=dotenv,
        # Without a stack nothing of an environment is touched.
        protected=stack_name is not None and file.protected,
        file=file,
        found_in=found_in,
    )
