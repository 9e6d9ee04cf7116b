"""The pseudo parameters (CloudFormation user guide, "Pseudo parameters"), but for ``AWS::NoValue``."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.template.values import Answer, Json, Known, Origin, Unknown

PLACEHOLDER_ACCOUNT = "123456789012"
PLACEHOLDER_STACK = "samlocal"

_TOPICS = "AWS::NotificationARNs"


def of_stack(stack: Stack) -> Mapping[str, Answer]:
    """As CloudFormation gives them to a deployed stack."""
    place = stack.place
    known: dict[str, Answer] = {**_of_place(place), "AWS::AccountId": _known("AWS::AccountId", place.account)}
    if not stack.deployed:
        return {**known, **_undeployed(stack)}
    topics: list[Json] = [*stack.notification_arns]
    return {
        **known,
        "AWS::StackName": _known("AWS::StackName", stack.name),
        "AWS::StackId": _known("AWS::StackId", stack.arn),
        _TOPICS: Known(value=topics, origins=(Origin(text=f"stack {stack.name}: notification ARNs"),)),
    }


def _undeployed(stack: Stack) -> Mapping[str, Unknown]:
    return {
        name: Unknown(
            expression=f"!Ref {name}",
            reason=f"the nested stack {stack.name} is not deployed",
            tip="Deploy it (`sam deploy`), or give the value with --set NAME=VALUE.",
        )
        for name in ("AWS::StackName", "AWS::StackId", _TOPICS)
    }


def placeholders(place: Place, *, region_known: bool = True) -> Mapping[str, Known]:
    """Without a stack: the account's and the stack's are made up and say so.

    The place's are true, where the user has set a region.
    """
    stack_id = (
        f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{PLACEHOLDER_STACK}/"
        "00000000-0000-0000-0000-000000000000"
    )
    made_up = {"AWS::AccountId": place.account, "AWS::StackName": PLACEHOLDER_STACK, "AWS::StackId": stack_id}
    if not region_known:
        made_up["AWS::Region"] = place.region
    return (
        _of_place(place)
        | {
            name: Known(value=value, origins=(Origin(text=f"!Ref {name}", placeholder=True),))
            for name, value in made_up.items()
        }
        | {_TOPICS: Known(value=[], origins=(Origin(text=_TOPICS),))}
    )


def _of_place(place: Place) -> dict[str, Known]:
    given = {
        "AWS::Region": place.region,
        "AWS::Partition": place.partition,
        "AWS::URLSuffix": place.url_suffix,
    }
    return {name: _known(name, value) for name, value in given.items()}


def _known(name: str, value: str) -> Known:
    return Known(value=value, origins=(Origin(text=name),))
