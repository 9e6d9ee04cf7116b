"""What a command wants to run, as it travels: a project's settings and the options of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from samlocal.config import FileSettings
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings
from samlocal.project.surroundings import Surroundings

# All of samconfig.toml that a project reads by itself; the rest has become options.
_READ = "parameter_overrides"


class FilePart(Struct, frozen=True, kw_only=True):
    """What a project reads of samconfig.toml; ``overrides`` are its parameter_overrides, in whatever form."""

    path: Path | None
    environment: str | None
    section: str | None
    overrides: Any


class Wanted(Struct, frozen=True, kw_only=True):
    """Settings, as ``project.Settings`` has them, but for the variables, and the options of a run."""

    cwd: Path
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
    file: FilePart
    options: RunOptions

    def settings(self, environ: Mapping[str, str]) -> Settings:
        file = self.file
        return Settings(
            world=Surroundings(environ=environ, cwd=self.cwd),
            template=self.template,
            env_name=self.env_name,
            stack_name=self.stack_name,
            profile=self.profile,
            region=self.region,
            refresh=self.refresh,
            snapshot_age=self.snapshot_age,
            parameter_overrides=self.parameter_overrides,
            env_vars=self.env_vars,
            set_variables=self.set_variables,
            dotenv=self.dotenv,
            protected=self.protected,
            file=FileSettings(
                path=file.path,
                environment=file.environment,
                section=file.section,
                values={} if file.overrides is None else {_READ: file.overrides},
            ),
        )

    @property
    def environment(self) -> str | None:
        """What the user calls it."""
        return self.env_name or self.stack_name

    @property
    def lasting(self) -> Wanted:
        """Without what is one run's alone: how what it is made of is asked for, and what would stop it."""
        options = self.options
        return replace(
            self,
            refresh=False,
            snapshot_age=0.0,
            protected=False,
            options=replace(
                options,
                strict=False,
                build=replace(options.build, skip_pull=False, force=False),
                rights=replace(options.rights, allow_protected=False),
                sandbox=replace(options.sandbox, pull=False, skip_pull=False, refresh=False, refresh_layers=False),
            ),
        )

    @property
    def asks_anew(self) -> bool:
        """Whether something is to be asked for or fetched again that is known."""
        sandbox = self.options.sandbox
        return self.refresh or self.options.build.force or sandbox.pull or sandbox.refresh or sandbox.refresh_layers


def wanted(settings: Settings, options: RunOptions) -> Wanted:
    file = settings.file
    return Wanted(
        cwd=settings.world.cwd,
        template=settings.template,
        env_name=settings.env_name,
        stack_name=settings.stack_name,
        profile=settings.profile,
        region=settings.region,
        refresh=settings.refresh,
        snapshot_age=settings.snapshot_age,
        parameter_overrides=settings.parameter_overrides,
        env_vars=settings.env_vars,
        set_variables=settings.set_variables,
        dotenv=settings.dotenv,
        protected=settings.protected,
        file=FilePart(
            path=file.path,
            environment=file.environment,
            section=file.section,
            overrides=file.values.get(_READ),
        ),
        options=options,
    )
