"""What becomes of a function's asynchronous events: retries, age, destinations, dead letters.

Sources: SAM specification, ``EventInvokeConfiguration`` and ``DeadLetterQueue``; CloudFormation,
``AWS::Lambda::EventInvokeConfig`` and ``AWS::Lambda::Function`` ``DeadLetterConfig``.
"""

from __future__ import annotations

from msgspec import Struct

from samlocal.deployed.place import Place
from samlocal.function.function_name import names_function
from samlocal.function.properties import Properties
from samlocal.template.document import Map, Node, Seq
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.values import Known, Unknown, text

LATEST = "$LATEST"

RETRIES = range(3)
AGE = range(60, 21_601)
"""Seconds."""

_CONFIG_TYPE = "AWS::Lambda::EventInvokeConfig"

# What the SAM translator makes where no destination is named (samtranslator/model/sam_resources.py).
_GENERATED = {"SQS": ("Queue", "Arn"), "SNS": ("Topic", None)}


class AsyncInvocation(Struct, frozen=True, kw_only=True):
    """``age`` is in seconds. A destination is an ARN, or why there is none; None where none is named.

    All but the dead letters are of events for one ``qualifier``: a function's alias, where SAM publishes one.
    """

    qualifier: str = LATEST
    retries: int = 2
    age: int = 21_600
    on_success: str | Unknown | None = None
    on_failure: str | Unknown | None = None
    dead_letters: str | Unknown | None = None

    def of(self, qualifier: str | None) -> AsyncInvocation:
        """What counts for an event for this qualifier."""
        return self if (qualifier or LATEST) == self.qualifier else AsyncInvocation(dead_letters=self.dead_letters)


def async_invocation(
    template: Template, resource: Resource, evaluator: Evaluator, *, name: str, place: Place
) -> AsyncInvocation:
    """What the template says for the function of that ``name`` there. Raises TemplateError and UnresolvedError."""
    holder, config = resource, evaluator.branch(resource.properties.get("EventInvokeConfig"))
    qualifier = evaluator.evaluate(resource.properties.get("AutoPublishAlias"))
    if not isinstance(config, Map):
        holder = _own_config(template, evaluator, {name, resource.logical_id}, place) or resource
        config = holder.properties if holder is not resource else Map()
        qualifier = evaluator.evaluate(config.get("Qualifier"))
    properties = Properties(template, holder, evaluator)

    def number(key: str, allowed: range, default: int, unit: str) -> int:
        given = config.get(key)
        return default if given is None else properties.checked(key, properties.item(key, given), allowed, unit)

    destinations = evaluator.branch(config.get("DestinationConfig"))
    named = destinations if isinstance(destinations, Map) else Map()
    prefix = f"{resource.logical_id}EventInvokeConfig"
    return AsyncInvocation(
        qualifier=text(qualifier.value) if isinstance(qualifier, Known) and qualifier.value else LATEST,
        retries=number("MaximumRetryAttempts", RETRIES, 2, "retries"),
        age=number("MaximumEventAgeInSeconds", AGE, 21_600, "seconds"),
        on_success=_destination(evaluator, named.get("OnSuccess"), generated=f"{prefix}OnSuccess"),
        on_failure=_destination(evaluator, named.get("OnFailure"), generated=f"{prefix}OnFailure"),
        dead_letters=_dead_letters(evaluator, resource),
    )


def _own_config(template: Template, evaluator: Evaluator, names: set[str], place: Place) -> Resource | None:
    """The resource beside the function of these names that configures it."""
    for each in template.resources.values():
        if each.type != _CONFIG_TYPE or evaluator.holds(each.condition) is False:
            continue
        named = evaluator.evaluate(each.properties.get("FunctionName"))
        if isinstance(named, Known) and names_function(text(named.value), names, place=place):
            return each
    return None


def _destination(evaluator: Evaluator, node: Node, *, generated: str) -> str | Unknown | None:
    given = evaluator.branch(node)
    if isinstance(given, Unknown):
        return given
    if not isinstance(given, Map):
        return None
    if given.get("Destination") is not None:
        return _arn(evaluator, given["Destination"])
    kind = _GENERATED.get(str(given.get("Type")))
    if kind is None:
        return None
    logical_id, attribute = generated + kind[0], kind[1]
    if attribute is None:
        return _arn(evaluator, Map({"Ref": logical_id}))
    return _arn(evaluator, Map({"Fn::GetAtt": Seq([logical_id, attribute])}))


def _dead_letters(evaluator: Evaluator, resource: Resource) -> str | Unknown | None:
    for name in ("DeadLetterQueue", "DeadLetterConfig"):
        given = evaluator.branch(resource.properties.get(name))
        if isinstance(given, Unknown):
            return given
        if isinstance(given, Map) and given.get("TargetArn") is not None:
            return _arn(evaluator, given["TargetArn"])
    return None


def _arn(evaluator: Evaluator, node: Node) -> str | Unknown | None:
    match evaluator.evaluate(node):
        case Known(value=value) if value is not None:
            return text(value)
        case Unknown() as unknown:
            return unknown
    return None
