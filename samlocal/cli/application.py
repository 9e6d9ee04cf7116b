"""From the shared options to a template joined with its environment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import quote

from msgspec.structs import replace

from samlocal.aws import SESSIONS_FOLDER, Aws, AwsCallError, caller_key
from samlocal.cli.local_environment import local_credentials, local_stack, open_local
from samlocal.cli.options import NEVER, Settings
from samlocal.cli.output import Output
from samlocal.deployed.environment import Environment
from samlocal.deployed.revision import Question, RevisionCheck, Standing
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.snapshot import Snapshot
from samlocal.deployed.stack import Stack
from samlocal.errors import AwsError, FunctionNotFoundError, RoleDeniedError, SamlocalError, UnresolvedError
from samlocal.function.application import Application, application
from samlocal.function.overrides import Overrides, read_dotenv, read_env_vars, set_on_command_line
from samlocal.function.parameters import parse_overrides
from samlocal.template.reader import read

T = TypeVar("T")

_WORTH_SAYING = 60.0
"""Seconds from which on the age of what is kept is told."""

FALLBACK_REGION = "us-east-1"
"""Where a function is without an environment and without a region; it is announced with the placeholders."""


def load_application(chosen: Settings, output: Output, *, quietly: bool = False) -> Application:
    """Reads the template and joins it with its environment and with the user's overrides.

    What is wrong with the template is told, unless ``quietly``.
    """
    return _joined(chosen, output, _environment(chosen), quietly=quietly)


def _joined(
    chosen: Settings, output: Output, environment: Environment | None, *, quietly: bool = False
) -> Application:
    environ = chosen.world.environ
    region = chosen.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if region is None and chosen.stack_name is None:
        from samlocal.aws.profile_region import profile_region

        region = profile_region(environ, profile=chosen.profile)
    joined = application(
        read(chosen.template),
        environment=environment,
        region=region or FALLBACK_REGION,
        region_known=region is not None,
        flags=parse_overrides(chosen.parameter_overrides, origin="--parameter-overrides"),
        configured=parse_overrides(chosen.file.values.get("parameter_overrides", ()), origin=chosen.file.origin),
        overrides=(*_dotenv(chosen, output), *_given(chosen)),
    )
    for problem in () if quietly else joined.problems():
        output.warning(str(problem))
    return joined


def with_current_values(
    chosen: Settings,
    output: Output,
    use: Callable[[Application], T],
    *,
    complete: Callable[[T], bool] = lambda _: True,
) -> tuple[Application, T]:
    """The application, and what ``use`` makes of it, by values that hold now.

    What AWS said before is used at once, while AWS is asked whether the stack has changed since. If it has, or if
    something is missing or refused that a deployment may have brought since, all is asked and made again.
    ``complete`` says whether nothing is missing. Raises as ``load_application`` and ``use`` do.
    """
    environment = _environment(chosen)
    if environment is None:
        application = _joined(chosen, output, None)
        return application, use(application)
    failure: SamlocalError | None = None
    with environment.checked():
        application = _joined(chosen, output, environment)
        try:
            used = use(application)
            missing = not complete(used)
        except (UnresolvedError, FunctionNotFoundError, RoleDeniedError, AwsCallError) as error:
            failure, missing = error, True
        standing = _standing(environment, output)
    if environment.kept_age is not None and (
        standing is Standing.CHANGED or (missing and standing is Standing.NOT_ASKED)
    ):
        application = load_application(replace(chosen, refresh=True), output)
        return application, use(application)
    if failure is not None:
        raise failure
    if (environment.kept_age or 0.0) >= _WORTH_SAYING:
        ago = _ago(environment.kept_age or 0.0)
        output.notice(f"what AWS said {ago} of the stack {chosen.stack_name} is used (--refresh asks anew).")
    return application, used


def _standing(environment: Environment, output: Output) -> Standing:
    """Waits for what AWS says of the stack, and tells the user what is new or not known."""
    try:
        standing = environment.standing()
    except AwsError as error:
        output.notice(f"whether the stack has changed is not known: {error.message}")
        return Standing.UNKNOWN
    if standing is Standing.CHANGED:
        output.notice("the stack has been deployed since: AWS is asked for its values again.")
    elif standing is Standing.SAME:
        environment.save()
    return standing


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
    world, stack_name = chosen.world, chosen.stack_name
    key = caller_key(world.environ, profile=chosen.profile, region=chosen.region)
    sessions = world.cache_folder / SESSIONS_FOLDER
    snapshot = Snapshot(
        world.cache_folder / "snapshots" / key / f"{quote(stack_name, safe='')}.json",
        clock=time.time,
        max_age=chosen.snapshot_age,
        refresh=chosen.refresh,
    )

    def check(kept: Stack) -> RevisionCheck:
        question = Question(
            stack_name=stack_name,
            region=kept.place.region,
            endpoint_url=kept.endpoint_url,
            profile=chosen.profile,
            sessions=str(sessions),
        )
        return RevisionCheck(question, environ=world.environ)

    return Environment(
        caller(chosen),
        stack_name=stack_name,
        snapshot=snapshot,
        credentials=credential_cache(chosen),
        check=None if chosen.snapshot_age == NEVER else check,
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
