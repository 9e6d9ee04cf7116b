"""What a command wants to run, as it travels: a project's settings and the options of a run."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings
from samlocal.project.surroundings import Surroundings

# All of samconfig.toml that a project reads by itself; the rest has become options.
_READ = "parameter_overrides"


class Wanted(Struct, frozen=True, kw_only=True):
    """``bare`` are the settings without the command's variables, which travel beside them."""

    bare: Settings
    options: RunOptions

    def settings(self, environ: Mapping[str, str]) -> Settings:
        return replace(self.bare, world=replace(self.bare.world, environ=environ))

    @property
    def lasting(self) -> Wanted:
        """Without what is one run's alone: how what it is made of is asked for, and what would stop it."""
        options = self.options
        return replace(
            self,
            bare=replace(self.bare, refresh=False, snapshot_age=0.0, protected=False),
            options=replace(
                options,
                strict=False,
                build=replace(options.build, skip_pull=False, force=False, engines=options.build.engines.bare),
                rights=replace(options.rights, allow_protected=False),
                sandbox=replace(
                    options.sandbox,
                    pull=False,
                    skip_pull=False,
                    refresh=False,
                    refresh_layers=False,
                    engines=options.sandbox.engines.bare,
                ),
            ),
        )

    @property
    def asks_anew(self) -> bool:
        """Whether something is to be asked for or fetched again that is known."""
        sandbox = self.options.sandbox
        return (
            self.bare.refresh or self.options.build.force or sandbox.pull or sandbox.refresh or sandbox.refresh_layers
        )


def wanted(settings: Settings, options: RunOptions) -> Wanted:
    read = {name: value for name, value in settings.file.values.items() if name == _READ}
    # A command's world has its streams too, which are its own.
    world = Surroundings(environ={}, cwd=settings.world.cwd)
    return Wanted(bare=replace(settings, world=world, file=replace(settings.file, values=read)), options=options)
