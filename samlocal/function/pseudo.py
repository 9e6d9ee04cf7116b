"""The pseudo parameters (CloudFormation user guide, "Pseudo parameters"), but for ``AWS::NoValue``."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.template.values import Known, Origin

PLACEHOLDER_ACCOUNT = "123456789012"
PLACEHOLDER_STACK = "samlocal"


def of_stack(stack: Stack) -> Mapping[str, Known]:
    """As CloudFormation gives them to a deployed stack."""
    place = stack.place
    given = {"AWS::AccountId": place.account, "AWS::StackName": stack.name, "AWS::StackId": stack.arn}
    return _of_place(place) | {name: _known(name, value) for name, value in given.items()}


def placeholders(place: Place) -> Mapping[str, Known]:
    """Without a stack: the place's are true, the account's and the stack's are made up and say so."""
    stack_id = (
        f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{PLACEHOLDER_STACK}/"
        "00000000-0000-0000-0000-000000000000"
    )
    made_up = {"AWS::AccountId": place.account, "AWS::StackName": PLACEHOLDER_STACK, "AWS::StackId": stack_id}
    return _of_place(place) | {
        name: Known(value=value, origins=(Origin(text=f"!Ref {name}", placeholder=True),))
        for name, value in made_up.items()
    }


def _of_place(place: Place) -> dict[str, Known]:
    given = {
        "AWS::Region": place.region,
        "AWS::Partition": place.partition,
        "AWS::URLSuffix": place.url_suffix,
    }
    known = {name: _known(name, value) for name, value in given.items()}
    return known | {"AWS::NotificationARNs": Known(value=[], origins=(Origin(text="AWS::NotificationARNs"),))}


def _known(name: str, value: str) -> Known:
    return Known(value=value, origins=(Origin(text=name),))
