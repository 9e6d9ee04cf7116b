"""What a function's role lacks to read a source.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from typing import Any

import pytest
from sources_kit import PLACE

from samlocal.deployed.rights.policy_statement import statements
from samlocal.deployed.rights.session_policy import Policy, Rights
from samlocal.sources.mapping import SourceKind
from samlocal.sources.poller_rights import NEEDED, lacking, not_allowed

QUEUE = f"arn:aws:sqs:{PLACE}:orders"
ALL = NEEDED[SourceKind.QUEUE]


def allow(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ([], ALL),
        ([allow(*ALL)], ()),
        ([allow("sqs:*")], ()),
        ([allow("*")], ()),
        ([allow("SQS:receivemessage", "sqs:Delete*", "sqs:Get?ueueAttributes")], ()),
        ([allow("sqs:ReceiveMessage"), allow("sqs:DeleteMessage")], ("sqs:GetQueueAttributes",)),
        ([allow("sqs:SendMessage")], ALL),
        ([allow(*ALL, resource=QUEUE)], ()),
        ([allow(*ALL, resource="arn:aws:sqs:*:*:orders")], ()),
        ([allow(*ALL, resource="arn:aws:sqs:${aws:RequestedRegion}:*:orders")], ()),
        ([allow(*ALL, resource=f"{QUEUE}-others")], ALL),
        ([allow("sqs:*"), deny("sqs:DeleteMessage")], ("sqs:DeleteMessage",)),
        ([allow("sqs:*"), deny("sqs:*", resource=f"{QUEUE}-others")], ()),
        ([allow("sqs:*"), deny("sqs:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], ()),
        ([{"Effect": "Allow", "NotAction": "sqs:DeleteMessage", "Resource": "*"}], ("sqs:DeleteMessage",)),
        ([{"Effect": "Allow", "Action": "sqs:*", "NotResource": QUEUE}], ALL),
    ],
)
def test_what_is_not_allowed_is_lacking(given: list[dict[str, Any]], lacks: tuple[str, ...]) -> None:
    found = statements({"Version": "2012-10-17", "Statement": given}) if given else ()
    assert not_allowed(found, ALL, QUEUE) == lacks


OWNED = "arn:aws:iam::aws:policy"
BASIC = f"{OWNED}/service-role/AWSLambdaBasicExecutionRole"


def rights(*managed: str, allowed: tuple[str, ...] = ()) -> Rights:
    found = statements({"Version": "2012-10-17", "Statement": [allow(*allowed)]}) if allowed else ()
    return Rights(source="the role", inline=(Policy(name="inline", statements=found),), managed=managed)


def test_a_role_is_judged_by_what_can_be_read_of_it() -> None:
    queue = SourceKind.QUEUE, QUEUE
    assert lacking(rights(), *queue) == ALL
    assert lacking(rights(BASIC, f"{OWNED}/AWSXRayDaemonWriteAccess"), *queue) == ALL
    assert lacking(rights(BASIC, allowed=("sqs:*",)), *queue) == ()
    # What Lambda needs may stand in there.
    assert lacking(rights(BASIC, f"{OWNED}/service-role/AWSLambdaSQSQueueExecutionRole"), *queue) == ()
    assert lacking(rights("arn:aws:iam::123456789012:policy/own"), *queue) == ()
    stream = SourceKind.STREAM, f"arn:aws:kinesis:{PLACE}:stream/s"
    assert lacking(rights(allowed=("sqs:*", "kinesis:Get*")), *stream) == ("kinesis:DescribeStream",)
