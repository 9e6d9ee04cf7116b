"""AWS as one caller sees it, over a front that records the calls."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from aws_front import Front, front_of
from callers import ANYBODY, LAMBDA, as_user
from kit import AwsEndpoint

from samlocal.aws import Aws


@pytest.fixture
def front(aws_server: AwsEndpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with front_of(aws_server) as running:
        # botocore reads the process's environment.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in running.environ.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def aws(front: Front) -> Aws:
    """AWS as a user of the account calls it."""
    return as_user(front, "jane")


@pytest.fixture
def role(front: Front) -> Callable[..., str]:
    """Makes roles and gives their ARNs."""

    def make(
        trust: str | list[Mapping[str, Any]] | None = None,
        *,
        inline: Mapping[str, Any] | None = None,
        managed: tuple[str, ...] = (),
        **more: Any,
    ) -> str:
        name = f"role-{uuid.uuid4().hex[:12]}"
        statements = trust if isinstance(trust, list) else [LAMBDA, ANYBODY]
        document = trust if isinstance(trust, str) else json.dumps({"Version": "2012-10-17", "Statement": statements})
        with front.endpoint.client("iam") as iam:
            arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]["Arn"]
            for policy, content in (inline or {}).items():
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(content))
            for policy_arn in managed:
                iam.attach_role_policy(RoleName=name, PolicyArn=policy_arn)
        return arn

    return make
