"""What AWS pushes to the functions: which of it reaches them in the environment on this machine.

The template is read after the SAM translator, so that a function's event and a subscription that stands elsewhere
count alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from samlocal.endpoint.directory import Directory
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.triggers.triggers import Reading
from samlocal.function.application import Application
from samlocal.template.document import Map
from samlocal.template.model import Resource

_MAPPING = "AWS::Lambda::EventSourceMapping"
_CUSTOM = ("AWS::CloudFormation::CustomResource", "Custom::")
_PERMISSION = "AWS::Lambda::Permission"

_PUSHED = frozenset(
    {
        "AWS::Events::Rule",
        "AWS::IoT::TopicRule",
        "AWS::Logs::SubscriptionFilter",
        "AWS::S3::Bucket",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::Scheduler::Schedule",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::StepFunctions::StateMachine",
        "Custom::S3BucketNotifications",
    }
)

# What user pools do here (local/moto/user_pools.py, custom_challenges.py).
_OF_USER_POOLS = frozenset(
    {
        "create-auth-challenge",
        "define-auth-challenge",
        "post-authentication",
        "post-confirmation",
        "pre-authentication",
        "pre-sign-up",
        "pre-token-generation",
        "pre-token-generation-v2",
        "verify-auth-challenge-response",
    }
)


class PushedSource(Struct, frozen=True, kw_only=True):
    """An event of a function as ``Function/Event``, or the resource that names the function.

    ``type`` is SAM's of an event, else what ``samlocal event generate`` calls it; ``not_run`` says why nothing comes
    of it.
    """

    id: str
    function: str
    type: str
    not_run: str | None = None


def pushed_sources(directory: Directory, idle: Mapping[str, str]) -> Iterator[PushedSource]:
    """All but requests and event source mappings, each once.

    ``idle`` are the resources of which nothing comes in the environment on this machine, and why.
    """
    reading = Reading(directory.application)
    for callee in directory:
        owner, resource = directory.resource(callee)
        events = _events(owner, resource)
        found: dict[PushedSource, None] = {}
        for each in reading.without_requests(owner, resource):
            event = next((name for name in each.names if name in events), None)
            if each.type == _MAPPING or (each.type == _PERMISSION and event is None):
                # A permission alone does not say what there is that would use it.
                continue
            source = PushedSource(
                id=f"{callee.path}/{event}" if event is not None else str(each.resource),
                function=callee.path,
                type=events[event] if event is not None else each.kind.name,
                not_run=_not_run(each, idle),
            )
            found[source] = None
        yield from found


def _events(owner: Application, resource: Resource) -> dict[str, str]:
    """The types of a function's own events."""
    events = owner.evaluator.branch(resource.properties.get("Events"))
    bodies = {name: owner.evaluator.branch(node) for name, node in events.items()} if isinstance(events, Map) else {}
    return {name: str(body.get("Type")) for name, body in bodies.items() if isinstance(body, Map)}


def _not_run(trigger: Trigger, idle: Mapping[str, str]) -> str | None:
    type_ = str(trigger.type)
    if type_.startswith(_CUSTOM) and type_ not in _PUSHED:
        return "the local environment makes no custom resources"
    if type_.startswith(_CUSTOM) and trigger.kind.service == "cloudformation":
        return "the local environment does by itself what this function is for"
    if type_ == "AWS::Cognito::UserPool" and trigger.kind.type not in _OF_USER_POOLS:
        return f"the local environment's user pools run no {trigger.kind.name}"
    if type_ == _PERMISSION:
        return "what sends it is not in the local environment"
    if type_ != "AWS::Cognito::UserPool" and type_ not in _PUSHED:
        return f"the local environment runs no {type_}"
    return idle.get(str(trigger.resource))
