"""From the shared options to a template joined with its environment."""

from __future__ import annotations

import time
from urllib.parse import quote

from samlocal.aws import Aws, caller_key
from samlocal.cli.options import Settings
from samlocal.cli.output import Output
from samlocal.deployed.credential_cache import CredentialCache
from samlocal.deployed.environment import Environment
from samlocal.deployed.snapshot import Snapshot
from samlocal.function.application import Application, application
from samlocal.function.parameters import parse_overrides
from samlocal.template.model import template
from samlocal.template.reader import read


def load_application(chosen: Settings, output: Output) -> Application:
    """Reads the template and joins it with its environment."""
    understood = template(read(chosen.template))
    for problem in understood.problems:
        output.warning(str(problem))
    environ = chosen.world.environ
    region = chosen.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return application(
        understood,
        environment=_environment(chosen),
        region=region,
        flags=parse_overrides(chosen.parameter_overrides, origin="--parameter-overrides"),
        configured=parse_overrides(chosen.file.values.get("parameter_overrides", ()), origin=chosen.file.origin),
    )


def _environment(chosen: Settings) -> Environment | None:
    if chosen.stack_name is None:
        return None
    world = chosen.world
    caller = caller_key(world.environ, profile=chosen.profile, region=chosen.region)
    snapshot = Snapshot(
        world.cache_folder / "snapshots" / caller / f"{quote(chosen.stack_name, safe='')}.json",
        clock=time.time,
        max_age=chosen.snapshot_age,
        refresh=chosen.refresh,
    )
    credentials = CredentialCache(
        world.cache_folder / "credentials", caller=caller, clock=time.time, refresh=chosen.refresh
    )
    return Environment(
        Aws(profile=chosen.profile, region=chosen.region),
        stack_name=chosen.stack_name,
        snapshot=snapshot,
        credentials=credentials,
    )


def keep(application: Application, output: Output) -> None:
    """Keeps what AWS said for the next run, and says when AWS was out of reach."""
    environment = application.environment
    if environment is None:
        return
    environment.save()
    if environment.outdated is not None:
        output.warning(f"AWS cannot be reached; what it said {_ago(environment.outdated)} is used.")


def _ago(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "under a minute ago"
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
