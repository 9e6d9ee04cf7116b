"""``-e local``: the environment on this machine, kept up as long as somebody holds it open."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from samlocal.errors import ConfigurationError, TemplateError
from samlocal.project.settings import LOCAL_REGION, Settings
from samlocal.project.teller import Teller

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.rights.credential_cache import CredentialCache
    from samlocal.local.deploy import Deployment
    from samlocal.local.local_environment import LocalEnvironment
    from samlocal.local.project import LocalProject
    from samlocal.local.stack_parameters import MadeUp

_IDLE = "SAMLOCAL_LOCAL_IDLE"


def local_project(settings: Settings) -> LocalProject:
    from samlocal.local.project import IDLE, LocalProject

    world = settings.world
    given = world.environ.get(_IDLE)
    try:
        idle = float(given) if given else IDLE
    except ValueError as error:
        raise ConfigurationError(f"{_IDLE} is a number of seconds, got {given!r}.") from error
    return LocalProject(world.cache_folder, settings.template, user=world.user, environ=world.environ, idle=idle)


class LocalStackInUse:
    """A project's stack in the environment on this machine, from its first use to ``close``.

    It is started and deployed where needed, and does not end by itself meanwhile. Threads may share it.
    """

    def __init__(self, settings: Settings, teller: Teller) -> None:
        self._settings = settings
        self._teller = teller
        self._project: LocalProject | None = None
        self._use: int | None = None
        self._opened: LocalEnvironment | None = None
        self._told: LocalEnvironment | None = None
        self._lock = RLock()

    def close(self) -> None:
        """Lets go of it, and says when it has gone meanwhile."""
        try:
            # Whatever failed in a run failed because of it.
            if self._project is not None and (gone := self._gone(log=self._project.log)) is not None:
                self._teller.warning(f"{gone}.")
        finally:
            self._opened = None
            if self._use is not None:
                os.close(self._use)
                self._use = None

    def opened(self, *, told: bool = True) -> LocalEnvironment:
        """As it was opened by the first who asked, or by ``brought_up`` since."""
        with self._lock:
            if self._opened is None:
                return self.brought_up(told=told)
            if told:
                self._tell_made_up(self._opened)
            return self._opened

    def brought_up(self, *, anew: bool = False, told: bool = True) -> LocalEnvironment:
        """Brought up to the template of now; where nothing has changed that costs next to nothing.

        It is deployed ``anew`` where what the stack was made from has changed outside of the template. Once, what is
        made up there is ``told``.
        """
        from samlocal.local.local_environment import LocalStack, local_environment

        settings = self._settings
        wanted = LocalStack(
            stack_name=settings.stack_name or "local",
            region=settings.region or LOCAL_REGION,
            parameters=_parameters(settings),
        )
        with self._lock, ExitStack() as going_on:
            told_of = _Deployment(self._teller, wanted.region, going_on)
            if self._project is None:
                self._project = local_project(settings)
            if self._use is None:
                self._use = self._project.residence.use()
            if (gone := self._gone(log=self._project.log_before)) is not None:
                self._teller.warning(
                    f"{gone}. Its messages, objects, items and waiting events are gone: "
                    "it goes on with an empty one.",
                    each_time=True,
                )
            self._opened = local_environment(self._project, wanted, told_of, anew=anew)
            if told:
                self._tell_made_up(self._opened)
            return self._opened

    def environment(self, *, refresh: bool = False) -> Environment:
        """What a project asks of an environment: nobody else changes this one, so no answer grows old."""
        from samlocal.deployed.environment import Environment
        from samlocal.deployed.snapshot import Snapshot
        from samlocal.deployed.stack import StackParameter

        try:
            local = self.brought_up()
        except TemplateError as error:
            if self._opened is None:
                raise
            if _can_be_read(self._settings):
                self._teller.warning(f"{error.message} The local environment stays as it is.")
            local = self._opened
        snapshot = Snapshot(local.memory / "snapshot.json", clock=time.time, max_age=float("inf"), refresh=refresh)
        return Environment(
            local.server.aws(local.wanted.region),
            stack_name=local.wanted.stack_name,
            snapshot=snapshot,
            made_up={made.name: StackParameter(value=made.value, resolved=made.resolved) for made in local.made_up},
            credentials=self.credential_cache(refresh=refresh),
            remedy="Its deployment said why it was not made (`samlocal local reset` deploys anew and says it again)",
        )

    def credential_cache(self, *, refresh: bool = False) -> CredentialCache:
        from samlocal.deployed.rights.credential_cache import CredentialCache

        local = self.opened()
        folder, token = local.memory / "credentials", local.server.token
        return CredentialCache(folder, caller=token, clock=time.time, refresh=refresh)

    def _gone(self, *, log: Path) -> str | None:
        """What has become of the environment that was opened; None where it is still there, or none was.

        ``log`` is where one that has broken down has its log.
        """
        if self._project is None or self._opened is None:
            return None
        now = self._project.running()
        if now is not None and now.token == self._opened.server.token:
            return None
        if now is None and self._project.log.exists():
            return f"the local environment has broken down during this run; its log is {log}"
        return "the local environment was stopped during this run"

    def _tell_made_up(self, opened: LocalEnvironment) -> None:
        """For each deployment once: what nobody has given would else become the stack's own value in silence."""
        if self._told is not None and self._told.memory == opened.memory:
            return
        self._told = opened
        _tell_made_up(opened.made_up, self._teller)


def _can_be_read(settings: Settings) -> bool:
    """Else whoever has asked for the environment reads the template next, and says what is wrong with it."""
    from samlocal.template.model import template
    from samlocal.template.reader import read

    try:
        template(read(settings.template))
    except TemplateError:
        return False
    return True


def _parameters(settings: Settings) -> Mapping[str, str]:
    from samlocal.function.parameters import parse_overrides

    configured = parse_overrides(settings.file.values.get("parameter_overrides", ()), origin=settings.file.origin)
    given = parse_overrides(settings.parameter_overrides, origin="--parameter-overrides")
    return {name: value.text for name, value in (configured | given).items()}


def _tell_made_up(made_up: tuple[MadeUp, ...], teller: Teller) -> None:
    nameless = [made.name for made in made_up if made.key is None]
    if nameless:
        teller.warning(
            f"parameters without a value got one made up: {', '.join(nameless)}. "
            "Give them with --parameter-overrides, or in samconfig.toml under [local.deploy.parameters]."
        )
    in_ssm = {made.key: made.name for made in made_up if made.key is not None}
    if in_ssm:
        listed = ", ".join(f"{key}: VALUE" for key in in_ssm)
        teller.warning(
            f"parameters of SSM without a value hold a placeholder: {', '.join(in_ssm)} "
            f"({', '.join(in_ssm.values())}). Put `parameters: {{{listed}}}` into a file and run "
            "`samlocal local seed FILE`."
        )


class _Deployment:
    """Tells the user what takes time, and what came of it. It is shown until ``going_on`` is closed."""

    def __init__(self, teller: Teller, region: str, going_on: ExitStack) -> None:
        self._teller = teller
        self._region = region
        self._going_on = going_on

    def starting(self) -> None:
        self._goes_on("starting the local environment (moto)")

    def deploying(self, *, again: bool) -> None:
        why = "the template or its parameters have changed: " if again else ""
        self._goes_on(f"{why}deploying to the local environment")

    def _goes_on(self, what: str) -> None:
        self._going_on.enter_context(self._teller.progress()).goes_on(what)

    def deployed(self, deployment: Deployment, seconds: float) -> None:
        from samlocal.local.stack import Action

        self._going_on.close()
        teller = self._teller
        action = deployment.action
        lacking = [outcome for outcome in deployment.resources if not outcome.made or outcome.note]
        if lacking and action in (Action.CREATED, Action.RECREATED):
            teller.facts(
                ["Resource", "Type", "Made", "Note"],
                [
                    [outcome.logical_id, outcome.type, "yes" if outcome.made else "no", outcome.note or ""]
                    for outcome in lacking
                ],
            )
        made = sum(outcome.made for outcome in deployment.resources)
        what = f"{made} of {len(deployment.resources)} resources of the stack {deployment.stack_name}"
        teller.notice(f"{what} are in {self._region} of the local environment ({seconds:.1f} s).", each_time=True)
        if action is Action.RECREATED:
            teller.warning("the stack could not be updated and was made anew: its data is gone.", each_time=True)
        elif action is not Action.CREATED:
            for outcome in deployment.not_made:
                teller.notice(f"not made: {outcome.logical_id} ({outcome.type}): {outcome.note}.")
