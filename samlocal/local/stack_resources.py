"""What a stack of the local environment has, those of its nested stacks with their path."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from samlocal.aws import Aws

_NESTED = "AWS::CloudFormation::Stack"


class Resource(Struct, frozen=True, kw_only=True):
    """``path`` is a logical id, ``Child/Fn`` in a nested stack."""

    path: str
    type: str
    physical_id: str


def resources(aws: Aws, stack_name: str, *, inside: str = "") -> Iterator[Resource]:
    """Raises AwsError."""
    for page in aws.pages("cloudformation", "list_stack_resources", StackName=stack_name):
        for each in page["StackResourceSummaries"]:
            if physical_id := each.get("PhysicalResourceId"):
                path, type_ = inside + each["LogicalResourceId"], each["ResourceType"]
                yield Resource(path=path, type=type_, physical_id=physical_id)
                if type_ == _NESTED:
                    yield from resources(aws, physical_id, inside=f"{path}/")
