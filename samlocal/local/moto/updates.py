"""How moto updates a stack in the endpoint's process, mended. Tried with moto 5.2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from moto.cloudformation import parsing
from moto.core.utils import camelcase_to_underscores, tags_from_cloudformation_tags_list
from moto.sqs.models import Queue, sqs_backends

from samlocal.template.references import conditions, references

# CloudFormation template reference, AWS::SQS::Queue: what of it can be updated, or is the same for good.
_QUEUE = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def mend_updates(create: Callable[..., Any]) -> None:
    """``create`` makes one resource."""
    parsing.parse_and_update_resource = _made_anew(parsing.parse_and_update_resource, create)
    setattr(parsing.ResourceMap, "update", _forgetting_removed(_keeping_count(parsing.ResourceMap.update)))  # noqa: B010 - mypy forbids it
    setattr(parsing.ResourceMap, "build_resource_diff", _all_that_changes(parsing.ResourceMap.build_resource_diff))  # noqa: B010
    setattr(parsing.ResourceMap, "parse_ssm_parameter", _but_names(parsing.ResourceMap.parse_ssm_parameter))  # noqa: B010
    setattr(Queue, "update_from_cloudformation_json", classmethod(_queue))  # noqa: B010


def _queue(
    queue_type: Any,
    original_resource: Queue,
    new_resource_name: str,  # noqa: ARG001 - moto gives it
    cloudformation_json: Any,
    account_id: str,
    region_name: str,
) -> Queue:
    """With all its attributes, and those that the template no longer has as they are by default.

    moto takes up two of them. A policy is a resource of its own.
    """
    given = cloudformation_json.get("Properties") or {}
    queue = sqs_backends[account_id][region_name].get_queue(original_resource.name)
    wanted = queue_type(
        queue.name, region_name, account_id, **{name: given[name] for name in _QUEUE if name in given}
    )
    for name in _QUEUE:
        attribute = camelcase_to_underscores(name)
        setattr(queue, attribute, getattr(wanted, attribute))
    queue.dead_letter_queue = wanted.dead_letter_queue
    queue.tags = tags_from_cloudformation_tags_list(given.get("Tags") or [])
    return queue


def _made_anew(update: Callable[..., Any], create: Callable[..., Any]) -> Callable[..., Any]:
    """What moto cannot update is replaced by itself, so that the whole stack need not be."""

    def updated(logical_id: str, resource_json: Any, resources_map: Any, account_id: str, region_name: str) -> Any:
        place = {"account_id": account_id, "region_name": region_name}
        new = None
        there = resources_map._parsed_resources
        condition = resource_json.get("Condition")
        wanted = not condition or resources_map.lazy_condition_map[condition]
        if wanted and logical_id in there and not _is_renamed(there[logical_id], resource_json, resources_map):
            with suppress(Exception):
                new = update(logical_id, resource_json, resources_map, **place)
        if new is None and logical_id in there:
            with suppress(Exception):
                resources_map._delete_resource(there[logical_id], resource_json)
            del there[logical_id]
        return new or create(logical_id, resource_json, resources_map, **place)

    return updated


def _is_renamed(queue: Any, resource_json: Any, resources_map: Any) -> bool:
    """CloudFormation replaces what has another name; moto lets a queue have its old one."""
    if queue is None or resource_json["Type"] != "AWS::SQS::Queue":
        return False
    name = (parsing.clean_json(resource_json, resources_map).get("Properties") or {}).get("QueueName")
    return name is not None and name != queue.name


def _keeping_count(update: Callable[..., Any]) -> Callable[..., Any]:
    """An update that stops half-way leaves a stack of what is there, so that the next one makes the rest."""

    def updated(resources: Any, template: Any, parameters: Any = None) -> None:
        try:
            update(resources, template, parameters)
        except Exception:
            there = resources._parsed_resources
            resources._resource_json_map = {
                name: body for name, body in resources._resource_json_map.items() if name in there
            }
            raise

    return updated


def _forgetting_removed(update: Callable[..., Any]) -> Callable[..., Any]:
    """moto holds on to what it has removed, and takes it for what the next template has of that name."""

    def updated(resources: Any, template: Mapping[str, Any], parameters: Any = None) -> None:
        before = set(resources._resource_json_map)
        try:
            update(resources, template, parameters)
        finally:
            for name in before.difference(resources._resource_json_map, template.get("Parameters") or ()):
                resources._parsed_resources.pop(name, None)

    return updated


def _all_that_changes(build: Callable[..., Any]) -> Callable[..., Any]:
    """moto sees a changed parameter in a ``Ref`` alone: not in ``Fn::Sub``, nor behind a condition, nor in SSM."""

    def built(resources: Any, template: Mapping[str, Any], parameters: Any = None) -> Any:
        actions = build(resources, template, parameters)
        changed = _changed_parameters(resources, template, parameters or {})
        turned = _turned_conditions(template, changed)
        for name, body in template["Resources"].items():
            concerned = not changed.isdisjoint(references(body)) or not turned.isdisjoint(conditions(body))
            if concerned and all(name not in names for names in actions.values()):
                actions["Modify"].append(name)
        return actions

    return built


def _changed_parameters(resources: Any, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> set[str]:
    changed = set()
    for name, declared in (template.get("Parameters") or {}).items():
        before = resources.input_parameters.get(name)
        given = parameters.get(name, before)
        type_ = str(declared.get("Type"))
        path = given or declared.get("Default")
        held = resources.resolved_parameters.get(name)
        if given != before or (
            type_.startswith("AWS::SSM::Parameter::") and path and resources.parse_ssm_parameter(path, type_) != held
        ):
            changed.add(name)
    return changed


def _turned_conditions(template: Mapping[str, Any], changed: set[str]) -> set[str]:
    """The conditions that may be others now, since they depend on a changed parameter, or on one another."""
    declared = template.get("Conditions") or {}
    turned: set[str] = set()
    while True:
        found = {
            name
            for name, body in declared.items()
            if name not in turned
            and (not changed.isdisjoint(references(body)) or not turned.isdisjoint(conditions(body)))
        }
        if not found:
            return turned
        turned |= found


def _but_names(parse: Callable[..., Any]) -> Callable[..., Any]:
    """A parameter of the type ``AWS::SSM::Parameter::Name`` is that name; moto would look it up."""
    return lambda resources, value, type_: (
        value if type_ == "AWS::SSM::Parameter::Name" else parse(resources, value, type_)
    )
