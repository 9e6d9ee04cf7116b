"""Takes away what a stack of the local environment holds, and leaves everything there under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from samlocal.aws import Aws

# DynamoDB API reference, BatchWriteItem; S3's DeleteObjects takes more.
_ITEMS = 25
_OBJECTS = 1000


def clear(aws: Aws, stack_name: str) -> None:
    """Empties the tables, buckets and queues of a stack and of those nested in it.

    Raises AwsError, also within a minute of the last time, but where the environment is one user's own.
    """
    for page in aws.pages("cloudformation", "list_stack_resources", StackName=stack_name):
        for summary in page["StackResourceSummaries"]:
            empty = _EMPTIES.get(summary["ResourceType"])
            if empty is not None and summary.get("PhysicalResourceId"):
                empty(aws, summary["PhysicalResourceId"])


def _empty_table(aws: Aws, table: str) -> None:
    described = aws.call("dynamodb", "describe_table", TableName=table)["Table"]
    names = {f"#{number}": key["AttributeName"] for number, key in enumerate(described["KeySchema"])}
    # All are read before any is deleted: moto counts pages by items.
    pages = aws.pages(
        "dynamodb",
        "scan",
        TableName=table,
        ProjectionExpression=", ".join(names),
        ExpressionAttributeNames=names,
    )
    keys = [key for page in pages for key in page["Items"]]
    for some in _batches(keys, _ITEMS):
        deletions = [{"DeleteRequest": {"Key": key}} for key in some]
        aws.call("dynamodb", "batch_write_item", RequestItems={table: deletions})


def _empty_bucket(aws: Aws, bucket: str) -> None:
    objects = [
        {"Key": each["Key"], "VersionId": each["VersionId"]}
        for page in aws.pages("s3", "list_object_versions", Bucket=bucket)
        for kind in ("Versions", "DeleteMarkers")
        for each in page.get(kind, ())
    ]
    for some in _batches(objects, _OBJECTS):
        aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": some, "Quiet": True})


def _empty_queue(aws: Aws, url: str) -> None:
    aws.call("sqs", "purge_queue", QueueUrl=url)


_EMPTIES: dict[str, Callable[[Aws, str], None]] = {
    "AWS::CloudFormation::Stack": clear,
    "AWS::DynamoDB::Table": _empty_table,
    "AWS::S3::Bucket": _empty_bucket,
    "AWS::SQS::Queue": _empty_queue,
}


def _batches(every: list[Any], size: int) -> Iterator[list[Any]]:
    for first in range(0, len(every), size):
        yield every[first : first + size]
