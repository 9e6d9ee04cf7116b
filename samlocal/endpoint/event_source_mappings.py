"""The template's event source mappings, and how ListEventSourceMappings shows them.

Sources: SAM specification, ``EventSource`` and its types; the SAM translator, which names the mapping of an event
``<function><event>``; botocore's model of Lambda, ``EventSourceMappingConfiguration``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from msgspec import Struct

from samlocal.endpoint.directory import Callee, Directory
from samlocal.function.application import Application
from samlocal.function.function_name import FunctionName, names_function
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource
from samlocal.template.values import Json, Known, text

Document = dict[str, object]

_TYPE = "AWS::Lambda::EventSourceMapping"

# SAM's event types that are mappings, and what names their source.
_SOURCES = {
    "SQS": "Queue",
    "Kinesis": "Stream",
    "DynamoDB": "Stream",
    "MSK": "Stream",
    "MQ": "Broker",
    "DocumentDB": "Cluster",
    "SelfManagedKafka": None,
}

# Members that a mapping has under the same name.
_SAME = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "Queues",
    "ScalingConfig",
    "StartingPosition",
    "Topics",
    "TumblingWindowInSeconds",
)


class DeclaredMapping(Struct, frozen=True, kw_only=True):
    """One of them as the template has it: ``properties`` are expressions of the template of ``owner``.

    ``source`` is the one that names where events come from, None where none does; ``line`` is where it stands.
    ``qualifier`` is the version or alias that is mapped, which is SAM's own where it publishes one.
    """

    callee: Callee
    owner: Application
    logical_id: str
    properties: Map
    source: str | None
    line: int
    qualifier: str | None = None

    @property
    def id(self) -> str:
        """The way to it from the top template, ``Child/FunctionEvent``."""
        return self.owner.prefix + self.logical_id

    @property
    def uuid(self) -> str:
        """The deployed mapping's own, else one that is always the same."""
        stack = self.owner.environment.stack if self.owner.environment else None
        deployed = stack.resources.get(self.logical_id) if stack else None
        name = f"{self.callee.arn}/{self.logical_id}"
        return deployed.physical_id if deployed else str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def event_source_mappings(directory: Directory) -> Iterator[Document]:
    """All of them; a mapping whose source cannot be known is shown without it."""
    return map(_document, declared_mappings(directory))


def declared_mappings(directory: Directory) -> Iterator[DeclaredMapping]:
    """All whose function is one of the template's."""
    seen: set[int] = set()
    for callee in directory:
        owner, resource = directory.resource(callee)
        yield from _of_events(owner, resource, callee)
        if id(owner) not in seen:
            seen.add(id(owner))
            yield from _of_resources(directory, owner)


def _of_events(owner: Application, resource: Resource, callee: Callee) -> Iterator[DeclaredMapping]:
    events = owner.evaluator.branch(resource.properties.get("Events"))
    if not isinstance(events, Map):
        return
    published = _value(owner, resource.properties.get("AutoPublishAlias"))
    for name, node in events.items():
        event = owner.evaluator.branch(node)
        if not isinstance(event, Map) or str(event.get("Type")) not in _SOURCES:
            continue
        properties = owner.evaluator.branch(event.get("Properties"))
        yield DeclaredMapping(
            callee=callee,
            owner=owner,
            logical_id=f"{resource.logical_id}{name}",
            properties=properties if isinstance(properties, Map) else Map(),
            source=_SOURCES[str(event["Type"])],
            line=events.lines.get(name, resource.line),
            qualifier=text(published) if published else None,
        )


def _of_resources(directory: Directory, owner: Application) -> Iterator[DeclaredMapping]:
    for resource in owner.template.resources.values():
        if resource.type != _TYPE or owner.evaluator.holds(resource.condition) is False:
            continue
        named = _value(owner, resource.properties.get("FunctionName"))
        callee = _named(directory, owner, text(named)) if named is not None else None
        reference = FunctionName.of(text(named))
        if callee is not None and reference is not None:
            yield DeclaredMapping(
                callee=callee,
                owner=owner,
                logical_id=resource.logical_id,
                properties=resource.properties,
                source="EventSourceArn",
                line=resource.line,
                qualifier=reference.qualifier,
            )


def _named(directory: Directory, owner: Application, name: str) -> Callee | None:
    """The function that a template names; those of its own by their logical ids, too."""
    for callee in directory:
        own = {callee.logical_id} if directory.resource(callee)[0] is owner else set()
        if names_function(name, {callee.name} | own, place=callee.place):
            return callee
    return None


def _document(mapping: DeclaredMapping) -> Document:
    owner, properties, source = mapping.owner, mapping.properties, mapping.source
    enabled = _value(owner, properties.get("Enabled"))
    document: Document = {
        "UUID": mapping.uuid,
        "FunctionArn": mapping.callee.arn,
        "State": "Disabled" if enabled is not None and text(enabled) == "false" else "Enabled",
    }
    arn = _value(owner, properties.get(source)) if source is not None else None
    if arn is not None:
        document["EventSourceArn"] = text(arn)
    for name in _SAME:
        value = _value(owner, properties.get(name))
        if value is not None:
            document[name] = int(text(value)) if text(value).isdecimal() else value
    return document


def _value(owner: Application, node: Node) -> Json:
    answer = owner.evaluator.evaluate(node)
    return answer.value if isinstance(answer, Known) else None
