"""``-e local``: the environment on this machine, and what the user is told of it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from samlocal.cli.options import LOCAL_REGION, Settings
from samlocal.cli.output import Output
from samlocal.errors import ConfigurationError
from samlocal.function.parameters import parse_overrides

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.rights.credential_cache import CredentialCache
    from samlocal.local.deploy import Deployment
    from samlocal.local.local_environment import LocalEnvironment
    from samlocal.local.project import LocalProject
    from samlocal.local.stack_parameters import MadeUp

_OPEN = "samlocal.local_environment"
_TOLD = "samlocal.local_environment.told"
_IDLE = "SAMLOCAL_LOCAL_IDLE"


def local_project(chosen: Settings) -> LocalProject:
    from samlocal.local.project import IDLE, LocalProject

    given = chosen.world.environ.get(_IDLE)
    try:
        idle = float(given) if given else IDLE
    except ValueError as error:
        raise ConfigurationError(f"{_IDLE} is a number of seconds, got {given!r}.") from error
    return LocalProject(chosen.world.cache_folder, chosen.template, environ=chosen.world.environ, idle=idle)


def open_local(chosen: Settings, *, anew: bool = False, told: bool = True) -> LocalEnvironment:
    """The environment, started and deployed where needed, and kept up until the command ends.

    It is deployed ``anew`` where what the stack was made from has changed outside of the template. Once, what is made
    up there is ``told``.
    """
    from samlocal.local.local_environment import LocalStack, local_environment

    ctx = click.get_current_context()
    if _OPEN not in ctx.meta or anew:
        project = local_project(chosen)
        in_use = project.residence.use()
        ctx.call_on_close(lambda: os.close(in_use))
        if _OPEN not in ctx.meta:
            ctx.call_on_close(lambda: _tell_end(ctx, project, Output(chosen.world)))
        wanted = LocalStack(
            stack_name=chosen.stack_name or "local",
            region=chosen.region or LOCAL_REGION,
            parameters=_parameters(chosen),
        )
        ctx.meta[_OPEN] = local_environment(project, wanted, _Told(Output(chosen.world), wanted.region), anew=anew)
        ctx.meta.pop(_TOLD, None)
    opened: LocalEnvironment = ctx.meta[_OPEN]
    if told and not ctx.meta.get(_TOLD):
        ctx.meta[_TOLD] = True
        _tell_made_up(opened.made_up, Output(chosen.world))
    return opened


def local_stack(chosen: Settings) -> Environment:
    """What every command asks of an environment: nobody else changes this one, so no answer grows old."""
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.snapshot import Snapshot
    from samlocal.deployed.stack import StackParameter

    local = open_local(chosen)
    snapshot = Snapshot(local.memory / "snapshot.json", clock=time.time, max_age=float("inf"), refresh=chosen.refresh)
    return Environment(
        local.server.aws(local.wanted.region),
        stack_name=local.wanted.stack_name,
        snapshot=snapshot,
        made_up={made.name: StackParameter(value=made.value, resolved=made.resolved) for made in local.made_up},
        credentials=local_credentials(chosen),
        remedy="Its deployment said why it was not made (`samlocal local reset` deploys anew and says it again)",
    )


def local_credentials(chosen: Settings) -> CredentialCache:
    from samlocal.deployed.rights.credential_cache import CredentialCache

    local = open_local(chosen)
    return CredentialCache(
        local.memory / "credentials", caller=local.server.token, clock=time.time, refresh=chosen.refresh
    )


def _parameters(chosen: Settings) -> Mapping[str, str]:
    configured = parse_overrides(chosen.file.values.get("parameter_overrides", ()), origin=chosen.file.origin)
    given = parse_overrides(chosen.parameter_overrides, origin="--parameter-overrides")
    return {name: value.text for name, value in (configured | given).items()}


def _tell_end(ctx: click.Context, project: LocalProject, output: Output) -> None:
    """Whatever failed in a run failed because of it, where the environment has gone meanwhile."""
    opened: LocalEnvironment | None = ctx.meta.get(_OPEN)
    now = project.running()
    if opened is None or (now is not None and now.token == opened.server.token):
        return
    if now is None and project.log.exists():
        output.warning(f"the local environment has broken down during this run; its log is {project.log}.")
    else:
        output.warning("the local environment was stopped during this run.")


def _tell_made_up(made_up: tuple[MadeUp, ...], output: Output) -> None:
    """Each time anew: what nobody has given would else become the stack's own value in silence."""
    nameless = [made.name for made in made_up if made.key is None]
    if nameless:
        output.warning(
            f"parameters without a value got one made up: {', '.join(nameless)}. "
            "Give them with --parameter-overrides, or in samconfig.toml under [local.deploy.parameters]."
        )
    in_ssm = {made.key: made.name for made in made_up if made.key is not None}
    if in_ssm:
        listed = ", ".join(f"{key}: VALUE" for key in in_ssm)
        output.warning(
            f"parameters of SSM without a value hold a placeholder: {', '.join(in_ssm)} "
            f"({', '.join(in_ssm.values())}). Put `parameters: {{{listed}}}` into a file and run "
            "`samlocal local seed FILE`."
        )


class _Told:
    """Tells the user what takes time, and what came of it."""

    def __init__(self, output: Output, region: str) -> None:
        self._output = output
        self._region = region

    def starting(self) -> None:
        self._output.notice("starting the local environment (moto) …")

    def deploying(self, *, again: bool) -> None:
        if again:
            self._output.notice("the template or its parameters have changed: deploying to the local environment …")
        else:
            self._output.notice("deploying to the local environment …")

    def deployed(self, deployment: Deployment, seconds: float) -> None:
        from samlocal.local.stack import Action

        output = self._output
        action = deployment.action
        if action in (Action.CREATED, Action.RECREATED):
            output.error_table(
                ["Resource", "Type", "Made", "Note"],
                [
                    [outcome.logical_id, outcome.type, "yes" if outcome.made else "no", outcome.note or ""]
                    for outcome in deployment.resources
                ],
            )
        made = sum(outcome.made for outcome in deployment.resources)
        what = f"{made} of {len(deployment.resources)} resources of the stack {deployment.stack_name}"
        output.notice(f"{what} are in {self._region} of the local environment ({seconds:.1f} s).")
        if action is Action.RECREATED:
            output.warning("the stack could not be updated and was made anew: its data is gone.")
        elif action is not Action.CREATED:
            for outcome in deployment.not_made:
                output.notice(f"not made: {outcome.logical_id} ({outcome.type}): {outcome.note}.")
