"""The targets of pipes that take batches by an operation of their own, and state machines that are waited for.

Sources: EventBridge Pipes API reference, PipeTargetParameters and its members; for a bus EventBridge user guide,
"Amazon EventBridge Pipes targets" and events recorded of AWS (``Pipe <name>``, ``Event from aws:sqs``).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from samlocal.aws import Aws
from samlocal.sources.pipe import Pipe, Step
from samlocal.sources.pipe_input import as_value, dynamic

Sends: TypeAlias = Callable[[Aws, Pipe, Sequence[Any], Sequence[str]], list[int]]
"""Sends events, each with its text; gives the places of those that the target did not take."""


# So long an execution of a pipe takes, its enrichment and its target together (user guide, "Amazon EventBridge
# Pipes batching and concurrency").
_MOST_SECONDS = 300.0
_PAUSE_SECONDS = 0.1


class PipeTargetError(Exception):
    """A target, or an enrichment, has failed."""


def run_state_machine(aws: Aws, step: Step, text: str) -> str:
    """What one of the type EXPRESS puts out. Raises PipeTargetError.

    The environment on this machine has no StartSyncExecution (moto 5.2): it is started, and its end is asked for.
    """

    def call(operation: str, **parameters: object) -> Any:
        return aws.call("stepfunctions", operation, region=step.region, **parameters)

    if call("describe_state_machine", stateMachineArn=step.arn)["type"] != "EXPRESS":
        raise PipeTargetError(f"{step.arn} cannot be waited for: it is no EXPRESS workflow")
    execution = call("start_execution", stateMachineArn=step.arn, input=text)["executionArn"]
    until = time.monotonic() + _MOST_SECONDS
    while (answer := call("describe_execution", executionArn=execution))["status"] == "RUNNING":
        if time.monotonic() >= until:
            raise PipeTargetError(f"{step.arn} has not ended within {_MOST_SECONDS:g} s")
        time.sleep(_PAUSE_SECONDS)
    if answer["status"] != "SUCCEEDED":
        why = f"{answer.get('error') or answer['status']} {answer.get('cause', '')}".strip()
        raise PipeTargetError(f"{step.arn} has failed: {why}")
    return str(answer.get("output", ""))


def _to_queue(aws: Aws, pipe: Pipe, events: Sequence[Any], texts: Sequence[str]) -> list[int]:
    region, account, name = pipe.target.arn.split(":")[3:6]
    found = aws.call("sqs", "get_queue_url", region=region, QueueName=name, QueueOwnerAWSAccountId=account)
    names = ("MessageGroupId", "MessageDeduplicationId")
    entries = [
        {"Id": str(number), "MessageBody": text, **_parameters(pipe, names, event)}
        for number, (event, text) in enumerate(zip(events, texts, strict=True))
    ]
    answer = aws.call("sqs", "send_message_batch", region=region, QueueUrl=found["QueueUrl"], Entries=entries)
    return [int(each["Id"]) for each in answer.get("Failed", ())]


def _to_topic(aws: Aws, pipe: Pipe, events: Sequence[Any], texts: Sequence[str]) -> list[int]:  # noqa: ARG001 - as of others
    entries = [{"Id": str(number), "Message": text} for number, text in enumerate(texts)]
    call = {"TopicArn": pipe.target.arn, "PublishBatchRequestEntries": entries}
    answer = aws.call("sns", "publish_batch", region=pipe.target.region, **call)
    return [int(each["Id"]) for each in answer.get("Failed", ())]


def _to_bus(aws: Aws, pipe: Pipe, events: Sequence[Any], texts: Sequence[str]) -> list[int]:
    own = {"Source": f"Pipe {pipe.name}", "DetailType": f"Event from aws:{pipe.kind.value}"}
    names = ("Source", "DetailType", "Resources", "Time")
    entries = [
        {**own, **_parameters(pipe, names, event), "Detail": _detail(text), "EventBusName": pipe.target.arn}
        for event, text in zip(events, texts, strict=True)
    ]
    answer = aws.call("events", "put_events", region=pipe.target.region, Entries=entries)
    return list(_refused(answer["Entries"]))


def _to_stream(aws: Aws, pipe: Pipe, events: Sequence[Any], texts: Sequence[str]) -> list[int]:
    records = [
        {"Data": text.encode(), "PartitionKey": str(uuid.uuid4()), **_parameters(pipe, ("PartitionKey",), event)}
        for event, text in zip(events, texts, strict=True)
    ]
    name = pipe.target.arn.rpartition("/")[2]
    answer = aws.call("kinesis", "put_records", region=pipe.target.region, StreamName=name, Records=records)
    return list(_refused(answer["Records"]))


def _to_delivery_stream(aws: Aws, pipe: Pipe, events: Sequence[Any], texts: Sequence[str]) -> list[int]:  # noqa: ARG001
    call = {
        "DeliveryStreamName": pipe.target.arn.rpartition("/")[2],
        "Records": [{"Data": text.encode()} for text in texts],
    }
    answer = aws.call("firehose", "put_record_batch", region=pipe.target.region, **call)
    return list(_refused(answer["RequestResponses"]))


BATCHED: dict[str, Sends] = {
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_bus,
    "kinesis": _to_stream,
    "firehose": _to_delivery_stream,
}
"""By the service that a target's ARN names."""


def _parameters(pipe: Pipe, names: Sequence[str], event: Any) -> dict[str, Any]:
    found = {name: dynamic(pipe.target.parameters.get(name), event) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _detail(text: str) -> str:
    """An event's detail is an object. Raises PipeTargetError."""
    if not isinstance(as_value(text), dict):
        raise PipeTargetError(f"the detail of an event is to be a JSON object, and its input is {text[:80]!r}")
    return text


def _refused(entries: Sequence[Any]) -> Iterator[int]:
    return (number for number, each in enumerate(entries) if each.get("ErrorCode"))
