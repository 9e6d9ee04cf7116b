"""From the shared options to a template joined with its environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote

from samlocal.aws import SESSIONS_FOLDER, Aws, caller_key
from samlocal.cli.local_environment import local_credentials, local_stack, open_local
from samlocal.cli.options import Settings
from samlocal.cli.output import Output
from samlocal.deployed.credential_cache import CredentialCache
from samlocal.deployed.environment import Environment
from samlocal.deployed.snapshot import Snapshot
from samlocal.function.application import Application, application
from samlocal.function.overrides import Overrides, read_dotenv, read_env_vars, set_on_command_line
from samlocal.function.parameters import parse_overrides
from samlocal.template.reader import read


def load_application(chosen: Settings, output: Output, *, quietly: bool = False) -> Application:
    """Reads the template and joins it with its environment and with the user's overrides.

    What is wrong with the template is told, unless ``quietly``.
    """
    environ = chosen.world.environ
    region = chosen.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    joined = application(
        read(chosen.template),
        environment=_environment(chosen),
        region=region,
        flags=parse_overrides(chosen.parameter_overrides, origin="--parameter-overrides"),
        configured=parse_overrides(chosen.file.values.get("parameter_overrides", ()), origin=chosen.file.origin),
        overrides=(*_dotenv(chosen, output), *_given(chosen)),
    )
    for problem in () if quietly else joined.problems():
        output.warning(str(problem))
    return joined


def _dotenv(chosen: Settings, output: Output) -> Iterator[Overrides]:
    """``.env``, then ``.env.<environment>``, where samlocal is run."""
    for name in (".env", f".env.{chosen.environment}") if chosen.environment else (".env",):
        path = chosen.world.cwd / name
        if not (chosen.dotenv and path.is_file()):
            continue
        overrides, left_out = read_dotenv(path, name=name)
        if overrides.common:
            output.notice(f"from {name}: {', '.join(variable.name for variable in overrides.common)}.")
        if left_out:
            output.notice(f"{name}: {', '.join(left_out)} not given to functions: Lambda sets them itself.")
        yield overrides


def _given(chosen: Settings) -> Iterator[Overrides]:
    if chosen.env_vars is not None:
        yield read_env_vars(chosen.world.path(chosen.env_vars))
    if chosen.set_variables:
        yield set_on_command_line(chosen.set_variables)


def _environment(chosen: Settings) -> Environment | None:
    if chosen.stack_name is None:
        return None
    if chosen.is_local:
        return local_stack(chosen)
    world = chosen.world
    key = caller_key(world.environ, profile=chosen.profile, region=chosen.region)
    snapshot = Snapshot(
        world.cache_folder / "snapshots" / key / f"{quote(chosen.stack_name, safe='')}.json",
        clock=time.time,
        max_age=chosen.snapshot_age,
        refresh=chosen.refresh,
    )
    return Environment(
        caller(chosen), stack_name=chosen.stack_name, snapshot=snapshot, credentials=credential_cache(chosen)
    )


def caller(chosen: Settings) -> Aws:
    """AWS as the user calls it."""
    if chosen.is_local:
        local = open_local(chosen)
        return local.server.aws(local.wanted.region)
    return Aws(profile=chosen.profile, region=chosen.region, sessions=chosen.world.cache_folder / SESSIONS_FOLDER)


def credential_cache(chosen: Settings) -> CredentialCache:
    if chosen.is_local:
        return local_credentials(chosen)
    world = chosen.world
    key = caller_key(world.environ, profile=chosen.profile, region=chosen.region)
    return CredentialCache(world.cache_folder / "credentials", caller=key, clock=time.time, refresh=chosen.refresh)


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
