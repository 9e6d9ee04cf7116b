"""The function's role, assumed from an AWS endpoint that records what it is asked."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_front import Answer, Call, Front, error
from callers import LAMBDA, as_session_of

from samlocal.aws import Aws, AwsUnreachableError, Credentials
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.rights.role import assume_role
from samlocal.errors import RoleDeniedError

HOUR = 3600


def durations(front: Front) -> list[int]:
    """How long a session each AssumeRole asked for."""
    return [int(call.parameters["DurationSeconds"]) for call in front.calls if call.name == "sts:AssumeRole"]


def test_a_session_lasts_as_long_as_the_role_gives_one(front: Front, aws: Aws, role: Callable[..., str]) -> None:
    assume_role(aws, role(MaxSessionDuration=4 * HOUR))

    assert durations(front) == [4 * HOUR]


def test_a_role_that_cannot_be_read_gives_an_hour(front: Front, aws: Aws, role: Callable[..., str]) -> None:
    arn = role(MaxSessionDuration=4 * HOUR)
    front.refuse("iam:GetRole")

    assume_role(aws, arn)

    assert durations(front) == [HOUR]


def test_role_chaining_gives_an_hour(front: Front, role: Callable[..., str]) -> None:
    arn = role(MaxSessionDuration=4 * HOUR)
    aws = as_session_of(front, role())

    def chaining(call: Call) -> Answer | None:
        # What STS says, IAM user guide: "Roles terms and concepts", role chaining.
        if int(call.parameters["DurationSeconds"]) <= HOUR:
            return None
        said = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        return error("ValidationError", said, status=400)

    front.rules["sts:AssumeRole"] = chaining

    assume_role(aws, arn)

    assert durations(front) == [4 * HOUR, HOUR]


def test_another_accounts_role_is_not_mistaken_for_a_namesake(
    front: Front, aws: Aws, role: Callable[..., str]
) -> None:
    namesake = role(MaxSessionDuration=4 * HOUR)
    front.rules["sts:AssumeRole"] = lambda call: error("AccessDenied", "no")

    with pytest.raises(RoleDeniedError) as refused:
        assume_role(aws, namesake.replace("123456789012", "210987654321"))

    assert durations(front) == [HOUR]
    assert "not in the caller's account" in refused.value.message


def test_the_session_says_who_and_from_where(front: Front, aws: Aws, role: Callable[..., str]) -> None:
    assume_role(aws, role())

    user, _, host = front.parameters("sts:AssumeRole")["RoleSessionName"].removeprefix("samlocal-").partition("@")
    assert user
    assert host


def test_a_refusal_names_the_caller_the_role_and_whom_it_trusts(
    front: Front, aws: Aws, role: Callable[..., str]
) -> None:
    arn = role([LAMBDA, {**LAMBDA, "Principal": {"AWS": ["arn:aws:iam::123456789012:role/deploy"]}}])

    with pytest.raises(RoleDeniedError) as refused:
        assume_role(aws, arn)

    assert f"role:    {arn}" in refused.value.message
    assert "caller:  arn:aws:iam::123456789012:user/jane" in refused.value.message
    assert "trusts:  lambda.amazonaws.com, arn:aws:iam::123456789012:role/deploy" in refused.value.message
    assert "sts:AssumeRole: AccessDenied" in refused.value.message


def test_a_refusal_says_so_where_the_trust_cannot_be_read(front: Front, aws: Aws, role: Callable[..., str]) -> None:
    arn = role([LAMBDA])
    front.refuse("iam:GetRole")

    with pytest.raises(RoleDeniedError, match=r"trusts:  not readable .iam:GetRole: AccessDenied"):
        assume_role(aws, arn)


def credentials(*, expires: float, key: str = "ASIA1") -> Credentials:
    return Credentials(access_key_id=key, secret_access_key="s", session_token="t", expires=expires)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_credentials_are_asked_for_once(front: Front, aws: Aws, role: Callable[..., str], tmp_path: Path) -> None:
    arn = role()
    import time

    def of_a_new_run() -> Credentials:
        cache = CredentialCache(tmp_path, caller="me", clock=time.time)
        return cache.of(arn, lambda: assume_role(aws, arn))

    first = of_a_new_run()
    assert "sts:AssumeRole" in front.names()
    assert of_a_new_run() == first
    assert front.names() == []


def test_credentials_with_a_minute_left_are_renewed_first(tmp_path: Path) -> None:
    clock = Clock()
    cache = CredentialCache(tmp_path, caller="me", clock=clock)
    old, new = credentials(expires=clock.now + HOUR), credentials(expires=clock.now + 2 * HOUR, key="ASIA2")
    assert cache.of("role", lambda: old) == old

    clock.now += HOUR - 60

    assert cache.of("role", lambda: new) == new


def test_credentials_that_outlast_any_function_are_kept(tmp_path: Path) -> None:
    clock = Clock()
    cache = CredentialCache(tmp_path, caller="me", clock=clock)
    old = credentials(expires=clock.now + HOUR)
    cache.of("role", lambda: old)

    clock.now += HOUR - 901

    assert cache.of("role", lambda: credentials(expires=clock.now + HOUR)) == old


def test_credentials_that_end_soon_still_do_where_aws_is_out_of_reach(tmp_path: Path) -> None:
    clock = Clock()
    cache = CredentialCache(tmp_path, caller="me", clock=clock)
    old = credentials(expires=clock.now + HOUR)
    cache.of("role", lambda: old)

    def unreachable() -> Credentials:
        raise AwsUnreachableError("no way")

    clock.now += HOUR - 60
    assert cache.of("role", unreachable) == old
    clock.now += 61
    with pytest.raises(AwsUnreachableError):
        cache.of("role", unreachable)


def test_credentials_on_disk_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    CredentialCache(folder, caller="me", clock=Clock()).of("role", lambda: credentials(expires=2_000_000))

    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads(file.read_text())["access_key_id"] == "ASIA1"
