"""The template's pipes as values: those that can be read, and why others cannot.

Sources: CloudFormation template reference, AWS::Pipes::Pipe; EventBridge Pipes API reference (limits and defaults);
EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency" (what a target takes at once).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from samlocal.function.application import Application
from samlocal.sources.mapping import Destination, Latest, NotPolled, SourceKind, Start, StreamOptions, TrimHorizon
from samlocal.sources.pipe import Pipe, Step
from samlocal.sources.properties import Properties, Refused, TemplateProperties
from samlocal.template.model import Resource

_TYPE = "AWS::Pipes::Pipe"
_ARN = re.compile(
    r"arn:[^:]+:(?:sqs:[^:]+:[^:]+:[^:/]+|dynamodb:[^:]+:[^:]+:table/[^/]+/stream/.+|kinesis:[^:]+:[^:]+:stream/[^/]+)"
)
_DEAD_LETTERS = re.compile(r"arn:[^:]+:(sqs|sns):.+")

_OF_SOURCE = {
    SourceKind.QUEUE: "SqsQueueParameters",
    SourceKind.TABLE: "DynamoDBStreamParameters",
    SourceKind.STREAM: "KinesisStreamParameters",
}
# What is read at once where nothing is said.
_BATCH = {SourceKind.QUEUE: 10, SourceKind.TABLE: 100, SourceKind.STREAM: 100}
_LARGEST_BATCH, _LARGEST_OF_FIFO, _WITHOUT_WINDOW = 10_000, 10, 10

# The services that take what a pipe brings, what says more of each, and how much they take at once.
_TARGETS = {
    "lambda": ("LambdaFunctionParameters", _LARGEST_BATCH),
    "states": ("StepFunctionStateMachineParameters", _LARGEST_BATCH),
    "sqs": ("SqsQueueParameters", 10),
    "sns": ("", 10),
    "events": ("EventBridgeEventBusParameters", 10),
    "kinesis": ("KinesisStreamParameters", 500),
    "firehose": ("", 500),
}
_ENRICHMENTS = ("lambda", "states")


def pipes(application: Application) -> Iterator[Pipe | NotPolled]:
    """All that are to run, of its nested templates too. Evaluating may ask AWS."""
    for resource in application.template.resources.values():
        if resource.type != _TYPE or application.evaluator.holds(resource.condition) is False:
            continue
        read = TemplateProperties(application, resource.properties)
        id_ = application.path(resource)
        try:
            if read.text("DesiredState") != "STOPPED":
                yield _pipe(application, resource, read, id_)
        except Refused as refused:
            yield NotPolled(id=id_, reader=id_, reason=str(refused))
    for child in application.children():
        yield from pipes(child)


def _pipe(owner: Application, resource: Resource, read: Properties, id_: str) -> Pipe:
    source = read.text("Source")
    if source is None or not _ARN.fullmatch(source):
        what = source or "its source"
        raise Refused(f"{what} is no queue, table's stream or Kinesis stream, which alone are read here")
    kind = SourceKind(source.split(":")[2])
    given = read.inner("SourceParameters")
    of_source = given.inner(_OF_SOURCE[kind])
    target, at_once = _target(read)
    largest = min(at_once, _LARGEST_OF_FIFO if source.endswith(".fifo") else _LARGEST_BATCH)
    batch_size = of_source.number("BatchSize", range(1, largest + 1), min(_BATCH[kind], largest)) or 1
    window = of_source.number("MaximumBatchingWindowInSeconds", range(301), 0) or 0
    if kind is SourceKind.QUEUE and batch_size > _WITHOUT_WINDOW and not window:
        raise Refused(f"BatchSize {batch_size} is more than {_WITHOUT_WINDOW}, and there is no batching window")
    stack = owner.environment.stack if owner.environment else None
    deployed = stack.resources.get(resource.logical_id) if stack else None
    name = deployed.physical_id if deployed else (read.text("Name") or resource.logical_id)
    return Pipe(
        id=id_,
        name=name,
        reader_arn=f"arn:{owner.place.partition}:pipes:{owner.place.region}:{owner.place.account}:pipe/{name}",
        kind=kind,
        source=source,
        batch_size=batch_size,
        window=window,
        filters=tuple(given.filters()),
        reports_failures=True,
        stream=None if kind is SourceKind.QUEUE else _stream(of_source),
        enrichment=_enrichment(read),
        target=target,
    )


def _target(read: Properties) -> tuple[Step, int]:
    """With how much it takes at once."""
    arn = read.text("Target") or ""
    service = _service(arn)
    if service not in _TARGETS:
        raise Refused(f"its target {arn} is not run: the local environment brings nothing to {_called(arn)}")
    given = read.inner("TargetParameters")
    name, at_once = _TARGETS[service]
    parameters = given.value(name) if name else None
    step = Step(
        arn=arn,
        template=given.text("InputTemplate"),
        parameters=parameters if isinstance(parameters, dict) else {},
    )
    return step, at_once


def _enrichment(read: Properties) -> Step | None:
    arn = read.text("Enrichment")
    if not arn:
        return None
    if _service(arn) not in _ENRICHMENTS:
        raise Refused(f"its enrichment {arn} is not run: the local environment calls no {_called(arn)}")
    return Step(arn=arn, template=read.inner("EnrichmentParameters").text("InputTemplate"))


def _service(arn: str) -> str:
    """An API destination is the events service's, and no bus."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or (parts[2] == "events" and not parts[5].startswith("event-bus/")):
        return ""
    return parts[2]


def _called(arn: str) -> str:
    parts = arn.split(":", 5)
    return "API destination" if ":api-destination/" in arn else parts[2] if len(parts) == 6 else "what is no ARN"


def _stream(read: Properties) -> StreamOptions:
    return StreamOptions(
        start=_start(read),
        lanes=read.number("ParallelizationFactor", range(1, 11), 1) or 1,
        bisects=read.text("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        retries=read.number("MaximumRetryAttempts", range(-1, 10_001), None),
        age=read.number("MaximumRecordAgeInSeconds", range(-1, 604_801), None),
        on_failure=_dead_letters(read),
    )


def _start(read: Properties) -> Start:
    match read.text("StartingPosition"):
        case "TRIM_HORIZON":
            return TrimHorizon()
        case "LATEST":
            return Latest()
        case given:
            raise Refused(f"StartingPosition is TRIM_HORIZON or LATEST here, not {given!r}")


def _dead_letters(read: Properties) -> Destination | None:
    arn = read.inner("DeadLetterConfig").text("Arn")
    if arn is None:
        return None
    if not _DEAD_LETTERS.fullmatch(arn):
        raise Refused(f"DeadLetterConfig: {arn} is no queue and no topic")
    return Destination(arn=arn)
