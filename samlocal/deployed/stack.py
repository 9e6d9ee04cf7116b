"""A deployed CloudFormation stack: its parameters, outputs, and resources' physical ids."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.place import Place
from samlocal.deployed.revision import revision_of
from samlocal.errors import AwsError, StackNotFoundError

# A stack in one of these states has no resources to run against (CloudFormation user guide, "Stack status codes").
_GONE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


class StackParameter(Struct, frozen=True, kw_only=True):
    """A parameter's value in the stack; ``resolved`` is what CloudFormation read from SSM for it.

    ``value`` is None for a NoEcho parameter: CloudFormation shows it as asterisks.
    """

    value: str | None
    resolved: str | None = None


class StackResource(Struct, frozen=True, kw_only=True):
    """A resource of the stack."""

    logical_id: str
    physical_id: str
    type: str
    status: str


class Stack(Struct, frozen=True, kw_only=True):
    """A stack as CloudFormation describes it."""

    name: str
    arn: str
    status: str
    parameters: Mapping[str, StackParameter]
    outputs: Mapping[str, str]
    resources: Mapping[str, StackResource]
    revision: str
    """Another one whenever a deployment has changed the stack."""
    endpoint_url: str
    """Where it was asked for."""

    notification_arns: tuple[str, ...]
    """The topics that are told of the stack's events: ``AWS::NotificationARNs``."""

    deployed: bool = True
    """False for a nested stack that the parent's stack does not have yet; ``arn`` is the parent's then."""

    def __post_init__(self) -> None:
        # An ARN that names no place is none.
        _ = self.place

    @property
    def place(self) -> Place:
        return Place.from_arn(self.arn)


def read_stack(aws: Aws, name: str) -> Stack:
    """Describes a stack by name or ARN.

    Raises StackNotFoundError, naming stacks of a like name, and AwsError.
    """
    try:
        (described,) = aws.call("cloudformation", "describe_stacks", StackName=name)["Stacks"]
    except AwsCallError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            raise _not_found(aws, name) from error
        raise
    if described["StackStatus"] in _GONE:
        raise _not_found(aws, name)
    hidden = _hidden(aws, name, described.get("Parameters", ()))
    resources = {
        summary["LogicalResourceId"]: StackResource(
            logical_id=summary["LogicalResourceId"],
            physical_id=summary["PhysicalResourceId"],
            type=summary["ResourceType"],
            status=summary["ResourceStatus"],
        )
        for page in aws.pages("cloudformation", "list_stack_resources", StackName=name)
        for summary in page["StackResourceSummaries"]
        if summary.get("PhysicalResourceId") and summary["ResourceStatus"] != "DELETE_COMPLETE"
    }
    return Stack(
        name=described["StackName"],
        arn=described["StackId"],
        status=described["StackStatus"],
        parameters={
            parameter["ParameterKey"]: StackParameter(
                value=None if parameter["ParameterKey"] in hidden else parameter.get("ParameterValue", ""),
                resolved=parameter.get("ResolvedValue"),
            )
            for parameter in described.get("Parameters", ())
        },
        outputs={output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())},
        resources=resources,
        revision=revision_of(described),
        endpoint_url=aws.endpoint_of("cloudformation"),
        notification_arns=tuple(described.get("NotificationARNs", ())),
    )


def _hidden(aws: Aws, name: str, parameters: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """The NoEcho parameters among those that stand as asterisks; asterisks may be a parameter's real value too.

    The deployed template says which are NoEcho. A caller who may not ask for it sees none of them: a value that may
    be a mask is not known.
    """
    masked = {
        parameter["ParameterKey"] for parameter in parameters if set(parameter.get("ParameterValue", "")) == {"*"}
    }
    if not masked:
        return frozenset()
    try:
        declared = aws.call("cloudformation", "get_template_summary", StackName=name).get("Parameters", ())
    except AwsCallError:
        return frozenset(masked)
    return frozenset(masked & {parameter["ParameterKey"] for parameter in declared if parameter.get("NoEcho")})


def read_template(aws: Aws, name: str) -> str:
    """The stack's template as it was given to CloudFormation. Raises AwsError."""
    body = aws.call("cloudformation", "get_template", StackName=name, TemplateStage="Original")["TemplateBody"]
    # A JSON template comes parsed.
    return body if isinstance(body, str) else json.dumps(body)


def undeployed_stack(parent: Stack, logical_id: str) -> Stack:
    """A nested stack that is in the template only."""
    return Stack(
        name=f"{parent.name}/{logical_id}",
        arn=parent.arn,
        status="",
        parameters={},
        outputs={},
        resources={},
        revision="",
        endpoint_url=parent.endpoint_url,
        notification_arns=(),
        deployed=False,
    )


def _not_found(aws: Aws, name: str) -> StackNotFoundError:
    try:
        names = {
            summary["StackName"]
            for page in aws.pages("cloudformation", "list_stacks")
            for summary in page["StackSummaries"]
            if summary["StackStatus"] not in _GONE
        }
    except AwsError:
        names = set()
    like = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    there = f"Stacks of a like name there: {', '.join(like)}." if like else "No stack there has a like name."
    return StackNotFoundError(
        f"There is no stack {name} in {aws.region}.",
        tip=f"{there} Deploy it (`sam deploy`), or name another stack with -n, region with --region, "
        "account with --aws-profile.",
    )
