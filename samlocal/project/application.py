"""From settings to a template joined with its environment, by values that hold now."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from samlocal.errors import AwsError, FunctionNotFoundError, RoleDeniedError, SamlocalError, UnresolvedError
from samlocal.project.age import age
from samlocal.project.given_variables import given_variables
from samlocal.project.settings import Settings, region_of
from samlocal.project.teller import Teller
from samlocal.records import encoded

if TYPE_CHECKING:
    # A known plan needs none of it.
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.revision import Standing
    from samlocal.function.application import Application
    from samlocal.function.overrides import Overrides
    from samlocal.project.account import Account
    from samlocal.template.files import Files

T = TypeVar("T")

_WORTH_SAYING = 60.0
"""Seconds from which on the age of what is kept is told."""

FALLBACK_REGION = "us-east-1"
"""Where a function is without an environment and without a region; it is announced with the placeholders."""


def files_of(settings: Settings) -> Files:
    """What the template is read from, from now on. What the translator makes of it is kept for the environment."""
    from samlocal.template.files import Files

    whose = [str(settings.world.cwd), str(settings.template), settings.environment, settings.profile]
    name = hashlib.sha256(encoded(whose)).hexdigest()[:32]
    return Files(translations=settings.world.cache_folder / "translations" / name)


def joined(
    settings: Settings,
    environment: Environment | None,
    teller: Teller,
    files: Files,
    *,
    quietly: bool = False,
    given: tuple[Overrides, ...] | None = None,
) -> Application:
    """Reads the template and joins it with its environment and with the user's overrides, ``given`` where known.

    What is wrong with the template is told, unless ``quietly``.
    """
    from samlocal.function.application import application
    from samlocal.function.parameters import parse_overrides
    from samlocal.template.reader import read

    region = region_of(settings)
    file = settings.file
    whole = application(
        read(settings.template, files),
        environment=environment,
        region=region or FALLBACK_REGION,
        region_known=region is not None,
        flags=parse_overrides(settings.parameter_overrides, origin="--parameter-overrides"),
        configured=parse_overrides(file.values.get("parameter_overrides", ()), origin=file.origin),
        overrides=given_variables(settings, teller) if given is None else given,
    )
    for problem in () if quietly else whole.problems():
        teller.warning(str(problem))
    return whole


def with_current_values(
    settings: Settings,
    account: Account,
    teller: Teller,
    make: Callable[[Environment | None], T],
    *,
    complete: Callable[[T], bool],
) -> T:
    """What is made of an environment, by values that hold now.

    What AWS said before is used at once, while AWS is asked whether the stack has changed since. If it has, or if
    something is missing or refused that a deployment may have brought since, all is asked and made again.
    ``complete`` says whether nothing is missing. Raises as ``make`` does.
    """
    environment = account.environment(refresh=settings.refresh)
    if environment is None:
        return make(None)

    from samlocal.aws import AwsCallError
    from samlocal.deployed.revision import Standing

    failure: SamlocalError | None = None
    with environment.checked():
        try:
            made = make(environment)
            missing = not complete(made)
        except (UnresolvedError, FunctionNotFoundError, RoleDeniedError, AwsCallError) as error:
            failure, missing = error, True
        standing = _standing(environment, teller)
    if environment.kept_age is not None and (
        standing is Standing.CHANGED or (missing and standing is Standing.NOT_ASKED)
    ):
        return make(account.environment(refresh=True))
    if failure is not None:
        raise failure
    kept_age = environment.kept_age or 0.0
    # Nobody else changes the environment on this machine: what it said stays true.
    if kept_age >= _WORTH_SAYING and not settings.is_local:
        stack = f"the stack {settings.stack_name}"
        teller.notice(f"what AWS said {age(kept_age)} of {stack} is used (--refresh asks anew).")
    return made


def keep(environment: Environment | None, teller: Teller) -> None:
    """Keeps what AWS said for the next run, and says when AWS was out of reach."""
    if environment is None:
        return
    environment.save()
    if environment.outdated is not None:
        teller.warning(f"AWS cannot be reached; what it said {age(environment.outdated)} is used.")


def _standing(environment: Environment, teller: Teller) -> Standing:
    """Waits for what AWS says of the stack, and tells the user what is new or not known."""
    from samlocal.deployed.revision import Standing

    try:
        standing = environment.standing()
    except AwsError as error:
        teller.notice(f"whether the stack has changed is not known: {error.message}")
        return Standing.UNKNOWN
    if standing is Standing.CHANGED:
        teller.notice("the stack has been deployed since: AWS is asked for its values again.")
    elif standing is Standing.SAME:
        environment.save()
    return standing
