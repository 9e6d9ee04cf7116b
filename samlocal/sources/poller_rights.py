"""What the poller of a source needs of the function's execution role, and what a role lacks of it.

AWS refuses a mapping whose role lacks it; the environment on this machine asks nobody for rights. Sources: Lambda
developer guide, "Execution role permissions" of Amazon SQS, "Using Lambda with Kinesis" and "… with DynamoDB"; IAM
user guide, "Policy evaluation logic" and "IAM JSON policy elements: Resource" (what ``*`` and ``?`` stand for).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from samlocal.deployed.rights.policy_statement import Statement
from samlocal.deployed.rights.session_policy import Rights
from samlocal.sources.mapping import SourceKind

# Of these the first is what AWS speaks of; of Kinesis and DynamoDB those that can be granted for one stream.
NEEDED = {
    SourceKind.QUEUE: ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    SourceKind.TABLE: ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
    SourceKind.STREAM: ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"),
}


# AWS's own policies that allow nothing of it (AWS managed policy reference guide).
_OF_OTHERS = frozenset(
    {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AWSXRayDaemonWriteAccess",
        "AWSXrayWriteOnlyAccess",
        "CloudWatchLambdaInsightsExecutionRolePolicy",
    }
)


def lacking(rights: Rights, kind: SourceKind, source: str) -> tuple[str, ...]:
    """The actions that a role is not allowed; none where it has a policy that nobody here can read."""
    if any(arn.rpartition("/")[2] not in _OF_OTHERS for arn in rights.managed):
        return ()
    return not_allowed([each for policy in rights.inline for each in policy.statements], NEEDED[kind], source)


def not_allowed(statements: Iterable[Statement], actions: Iterable[str], resource: str) -> tuple[str, ...]:
    """Conditions are taken for met where they allow, and for not met where they deny."""
    given = tuple(statements)
    return tuple(action for action in actions if not _is_allowed(given, action, resource))


def _is_allowed(statements: tuple[Statement, ...], action: str, resource: str) -> bool:
    concerned = [each for each in statements if _concerns(each, action, resource)]
    denied = any(each.effect == "Deny" and not each.condition for each in concerned)
    return not denied and any(each.effect == "Allow" for each in concerned)


def _concerns(statement: Statement, action: str, resource: str) -> bool:
    of_action = any(_fits(pattern.lower(), action.lower()) for pattern in statement.actions)
    of_resource = any(_fits(pattern, resource) for pattern in statement.resources)
    return of_action is (statement.action == "Action") and of_resource is (statement.resource == "Resource")


def _fits(pattern: str, text: str) -> bool:
    # What a variable stands for is not known here.
    anything = re.sub(r"\$\{[^}]*\}", "*", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in anything)
    return re.fullmatch(expression, text, re.DOTALL) is not None
