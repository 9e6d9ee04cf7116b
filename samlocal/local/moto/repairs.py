"""What samlocal changes of moto's engine in the endpoint's own process. Tried with moto 5.2."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.cloudformation.utils import yaml_tag_constructor
from moto.core.exceptions import ServiceException
from moto.iam.models import Role
from werkzeug.exceptions import HTTPException

from samlocal.aws import Aws
from samlocal.errors import SamlocalError
from samlocal.local.moto.attributes import mend_attributes
from samlocal.local.moto.bucket_events import mend_bucket_events
from samlocal.local.moto.bucket_policies import mend_bucket_policies
from samlocal.local.moto.buses import Buses
from samlocal.local.moto.event_sources import mend_event_sources
from samlocal.local.moto.gaps import cannot_make
from samlocal.local.moto.invocations import Invocations
from samlocal.local.moto.invoking import mend_invoking
from samlocal.local.moto.log_groups import mend_log_groups
from samlocal.local.moto.resources import register
from samlocal.local.moto.schedules import Schedules
from samlocal.local.moto.state_machines import mend_state_machines
from samlocal.local.moto.targets import LOG, Targets
from samlocal.local.moto.topics import mend_topics
from samlocal.local.moto.tracing import mend_tracing
from samlocal.local.moto.updates import mend_updates

# A nested stack's resource, until the stack's own name stands before it.
_INSIDE = f"{cannot_make('')}/"


def repair(connect: Callable[[str], Aws], *, invocations: Invocations) -> Schedules:
    """Called once, before the first request. Gives the schedules, which are due when somebody says so.

    ``connect`` gives the endpoint itself, in a region; ``invocations`` takes what functions are to run.
    """
    register(connect)
    mend_attributes(connect)
    # It comes first: a message has its header before anybody can receive it.
    mend_tracing()
    mend_event_sources()
    mend_invoking(invocations)
    targets = Targets(invocations)
    buses = Buses(targets)
    buses.mend()
    mend_bucket_events(targets, buses)
    mend_bucket_policies()
    mend_topics(targets)
    mend_log_groups(targets)
    mend_state_machines()
    _read_data_alone()
    create = _naming_the_culprit(parsing.parse_and_create_resource)
    parsing.parse_and_create_resource = create
    setattr(parsing, "generate_resource_name", _lower_case_where_needed(parsing.generate_resource_name))  # noqa: B010 - mypy forbids it as an assignment
    mend_updates(create)
    parsing.parse_output = _forgiving(parsing.parse_output)
    setattr(parsing.ResourceMap, "validate_outputs", lambda _: None)  # noqa: B010
    setattr(parsing.OutputMap, "exports", property(_exports))  # noqa: B010
    setattr(Stack, "parameter_list", property(_masked))  # noqa: B010
    setattr(Role, "put_policy", _as_text(Role.put_policy))  # noqa: B010
    # A nested stack: its Ref is its ARN, and its outputs are attributes.
    setattr(Stack, "physical_resource_id", property(lambda stack: stack.stack_id))  # noqa: B010
    setattr(Stack, "get_cfn_attribute", _output_of)  # noqa: B010
    setattr(Stack, "create_from_cloudformation_json", classmethod(_nested(Stack.create_from_cloudformation_json)))  # noqa: B010
    return Schedules(targets, buses, connect)


class _DataLoader(yaml.SafeLoader):
    """Reads templates: their own tags and data."""


_DataLoader.add_multi_constructor("", yaml_tag_constructor)


def _read_data_alone() -> None:
    """moto reads templates with a loader that calls whatever Python function a tag names (PyYAML, UnsafeLoader)."""
    for name in ("Loader", "FullLoader", "UnsafeLoader"):
        setattr(yaml, name, _DataLoader)


def _naming_the_culprit(create: Callable[..., Any]) -> Callable[..., Any]:
    """A resource that cannot be made is named with the reason, where moto would answer with a page of HTML."""

    def created(logical_id: str, *place: Any, **more: Any) -> Any:
        try:
            return create(logical_id, *place, **more)
        except Exception as error:
            said = _reason(error)
            if said.startswith(_INSIDE):
                raise ValidationError(message=said.replace(_INSIDE, f"{cannot_make('')}{logical_id}/", 1)) from error
            if said.startswith(cannot_make("")):
                # A resource that this one needs: it has been named already.
                raise
            raise ValidationError(message=f"{cannot_make(logical_id)}{said}") from error

    return created


def _lower_case_where_needed(generate: Callable[[str, str, str], str]) -> Callable[[str, str, str], str]:
    """A repository's name has no capitals (Amazon ECR API reference, CreateRepository)."""

    def generated(type_: str, stack_name: str, logical_id: str) -> str:
        name = generate(type_, stack_name, logical_id)
        return name.lower() if type_ == "AWS::ECR::Repository" else name

    return generated


def _nested(create: Callable[..., Any]) -> Callable[..., Any]:
    """A nested stack that cannot be made leaves nothing behind, and says which of its resources was the reason."""

    def created(_: type, resource_name: str, json_: Any, account_id: str, region_name: str, **more: Any) -> Any:
        try:
            return create(resource_name, json_, account_id, region_name, **more)
        except Exception as error:
            backend = cloudformation_backends[account_id][region_name]
            with suppress(Exception):
                backend.delete_stack(resource_name)
            said = _reason(error)
            if said.startswith(cannot_make("")):
                said = said.replace(cannot_make(""), _INSIDE, 1)
            raise ValidationError(message=said) from error

    return created


def _forgiving(parse: Callable[..., Any]) -> Callable[..., Any]:
    """An output that cannot be told is left out; it is no reason to fail."""

    def parsed(name: str, output: Any, resources: Any) -> Any:
        try:
            return parse(name, output, resources)
        except Exception:
            return None

    return parsed


def _exports(outputs: Any) -> list[parsing.Export]:
    found = []
    for name, output in (outputs._output_json_map or {}).items():
        told = outputs[name] if output.get("Export") else None
        if told is not None:
            exported = parsing.clean_json(output["Export"]["Name"], outputs._resource_map)
            found.append(parsing.Export(outputs._stack_id, exported, told.value))
    return found


def _as_text(put: Callable[[Role, str, str], None]) -> Callable[[Role, str, Any], None]:
    """moto keeps the inline policies of a template's role as Python's objects, and IAM tells them as JSON."""

    def put_policy(role: Role, policy_name: str, policy_json: Any) -> None:
        put(role, policy_name, policy_json if isinstance(policy_json, str) else json.dumps(policy_json, default=str))

    return put_policy


def _masked(stack: Stack) -> list[dict[str, Any]]:
    """A stack's parameters as CloudFormation shows them.

    Those with NoEcho as asterisks; of those that name one of SSM's the name, and beside it what it holds.
    """
    declared = stack.template_dict.get("Parameters") or {}
    return [
        {"ParameterKey": name, **_shown(declared[name], stack.resource_map.input_parameters.get(name), value)}
        for name, value in stack.resource_map.resolved_parameters.items()
    ]


def _shown(declared: Any, given: object, value: object) -> dict[str, str]:
    if str(declared.get("NoEcho")).lower() == "true":
        return {"ParameterValue": "****"}
    if str(declared.get("Type")).startswith("AWS::SSM::Parameter::Value<"):
        name = declared.get("Default") if given is None else given
        return {"ParameterValue": str(name), "ResolvedValue": _parameter(value)}
    return {"ParameterValue": _parameter(value)}


def _parameter(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _output_of(stack: Stack, attribute: str) -> Any:
    name = attribute.removeprefix("Outputs.")
    output = stack.output_map[name] if name in stack.output_map.outputs else None
    if output is None:
        raise ValueError(f"the nested stack {stack.name} has no output {name}")
    return output.value


def _reason(error: Exception) -> str:
    """In words: what moto's own services say, else what of its inside fell over what the template holds."""
    if isinstance(error, SamlocalError):
        return " ".join(error.message.split()).partition(": <!doctype")[0]
    message = " ".join(str(getattr(error, "message", None) or error).split())
    match error:
        case ValidationError():
            return message
        case RecursionError():
            return "it refers to itself, by way of others"
        case KeyError():
            return f"the local endpoint needs {error.args[0] if error.args else 'a property'}, which is not given"
        case ServiceException() | HTTPException():
            return f"{type(error).__name__}: {message}"
    LOG.error("moto fell over a resource", exc_info=error)
    return "moto cannot make it of these properties (its log says where it fell)"
