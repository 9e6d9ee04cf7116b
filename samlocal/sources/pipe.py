"""A pipe of EventBridge: a source that is read, an enrichment on the way, and a target.

Sources: EventBridge Pipes API reference, CreatePipe, for names; EventBridge user guide, "Amazon EventBridge Pipes
batching and concurrency" (a batch is an array) and the pages of its sources, for what of a record stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence

import msgspec
from msgspec import Struct, field

from samlocal.sources.mapping import Polled, Record, SourceKind
from samlocal.template.values import Json


class Step(Struct, frozen=True, kw_only=True):
    """A pipe's enrichment or its target; ``template`` makes what it gets of an event.

    ``parameters`` are those of its service.
    """

    arn: str
    template: str | None = None
    parameters: Table[str, Json] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.arn.split(":")[2]

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def waits(self) -> bool:
        """Whether what comes of it is waited for (API reference, PipeTargetParameters, ``InvocationType``)."""
        return self.parameters.get("InvocationType") != "FIRE_AND_FORGET"


class Pipe(Polled, frozen=True, kw_only=True):
    """``name`` is its own, ``reader_arn`` its ARN."""

    name: str
    reader_arn: str
    target: Step
    enrichment: Step | None = None

    @property
    def reader(self) -> str:
        return self.id

    def event(self, records: Sequence[Record]) -> bytes:
        if self.kind is not SourceKind.STREAM:
            return msgspec.json.encode(records)
        return msgspec.json.encode([{**each["kinesis"], **_without(each, "kinesis")} for each in records])

    def rounds(self, trace: str | None) -> int:  # noqa: ARG002 - a mapping's counts
        """Loops by way of pipes are not seen (Lambda developer guide, "Use Lambda recursive loop detection …")."""
        return 0

    def is_loop(self, trace: str | None) -> bool:  # noqa: ARG002
        return False


def _without(record: Record, name: str) -> Record:
    return {key: value for key, value in record.items() if key != name}
