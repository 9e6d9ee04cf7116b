"""A batch on its way through a pipe: its enrichment, its target, and what of it has failed.

Sources: EventBridge user guide, "Amazon EventBridge Pipes event enrichment" (an empty response invokes no target) and
"Amazon EventBridge Pipes batching and concurrency" (functions and state machines get the whole array; of a batch that
fails in part the rest is tried again, through the whole pipe; items are named by ``messageId`` and ``eventID``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from samlocal.aws import Aws
from samlocal.endpoint.api_error import ApiError
from samlocal.errors import SamlocalError
from samlocal.event_template import as_json
from samlocal.sandbox.result import FunctionError, Success, error_message
from samlocal.sources.batch_answer import failed_items
from samlocal.sources.happening import NotDelivered, Told
from samlocal.sources.mapping import SourceKind
from samlocal.sources.pipe import Pipe, Step
from samlocal.sources.pipe_input import as_value, pipe_input
from samlocal.sources.pipe_targets import BATCHED, PipeTargetError, run_state_machine
from samlocal.sources.running import Ran
from samlocal.sources.threads import Threads

RunsFunction: TypeAlias = Callable[[str, bytes], Awaitable[Ran]]
"""Runs a function, by its ARN, with an event. Raises ApiError and SamlocalError."""

_EMPTY: tuple[Any, ...] = ("", None, {}, [])


class _Throttled(Exception):  # noqa: N818 - within this file
    """Nobody could run it for now."""


class PipeRuns:
    """Brings batches of one pipe to its target. ``aws`` calls the environment's services."""

    def __init__(self, pipe: Pipe, aws: Aws, run_function: RunsFunction, *, told: Told, in_thread: Threads) -> None:
        self._pipe = pipe
        self._aws = aws
        self._run_function = run_function
        self._told = told
        self._in_thread = in_thread

    async def __call__(self, payload: bytes, /, *, trace: str | None = None) -> Ran:  # noqa: ARG002 - a function's
        request_id, records = str(uuid.uuid4()), json.loads(payload)
        try:
            failed = await self._brought(records)
        except _Throttled:
            return Ran(request_id=request_id, result=None)
        except (PipeTargetError, ApiError, SamlocalError) as error:
            reason = str(error) if isinstance(error, PipeTargetError) else error.message
            self._told(NotDelivered(mapping=self._pipe, reason=reason.rstrip(".")))
            told = {"errorType": type(error).__name__, "errorMessage": reason}
            return Ran(request_id=request_id, result=FunctionError(payload=msgspec.json.encode(told)))
        names = {self._identifier(each): self._item(each) for each in records}
        answer = {"batchItemFailures": [{"itemIdentifier": names[each]} for each in names if each in failed]}
        return Ran(request_id=request_id, result=Success(payload=msgspec.json.encode(answer)))

    async def _brought(self, records: Sequence[Any]) -> frozenset[str]:
        """The identifiers of what has failed."""
        enrichment, ids = self._pipe.enrichment, [self._identifier(each) for each in records]
        whole: Any = records
        if enrichment is not None:
            whole = await self._waited(enrichment, self._array(enrichment, records))
            if whole in _EMPTY:
                return frozenset()
        return await self._to_target(whole, ids)

    async def _to_target(self, whole: Any, ids: Sequence[str]) -> frozenset[str]:
        target = self._pipe.target
        events = whole if isinstance(whole, list) else [whole]
        send = BATCHED.get(target.service)
        if send is not None:
            texts = [pipe_input(self._pipe, target, each) for each in events]
            failed = await self._in_thread(lambda: send(self._aws, self._pipe, events, texts))
            return self._named([events[number] for number in failed], ids)
        array = self._array(target, events)
        payload = array if isinstance(whole, list) else array[0]
        if target.waits:
            answer = await self._waited(target, payload)
            result = Success(payload=as_json(answer).encode())
            return failed_items(result, ids, reports=isinstance(answer, dict))
        await self._in_thread(lambda: self._started(target, as_json(payload)))
        return frozenset()

    def _array(self, step: Step, events: Sequence[Any]) -> list[Any]:
        return [as_value(pipe_input(self._pipe, step, each)) for each in events]

    async def _waited(self, step: Step, payload: Any) -> Any:
        """What a function or a state machine answers. Raises PipeTargetError where it fails."""
        text = as_json(payload)
        if step.service == "states":
            return as_value(await self._in_thread(lambda: run_state_machine(self._aws, step, text)))
        ran = await self._run_function(step.arn, text.encode())
        if ran.result is None:
            raise _Throttled
        if not isinstance(ran.result, Success):
            raise PipeTargetError(f"{step.arn} has failed: {error_message(ran.result.payload) or 'it says nothing'}")
        return as_value(ran.result.payload.decode(errors="replace"))

    def _started(self, step: Step, text: str) -> None:
        if step.service == "states":
            self._aws.call(
                "stepfunctions", "start_execution", region=step.region, stateMachineArn=step.arn, input=text
            )
        else:
            call = {"FunctionName": step.arn, "InvocationType": "Event", "Payload": text.encode()}
            self._aws.call("lambda", "invoke", region=step.region, **call)

    def _named(self, failed: Sequence[Any], ids: Sequence[str]) -> frozenset[str]:
        """All where the items of an enrichment do not say which they are."""
        found = {self._identifier(each) if isinstance(each, Mapping) else "" for each in failed}
        return frozenset(found) if found <= set(ids) else frozenset(ids)

    def _identifier(self, event: Mapping[str, Any]) -> str:
        """By which the target names an item."""
        return str(event.get("messageId" if self._pipe.kind is SourceKind.QUEUE else "eventID", ""))

    def _item(self, record: Mapping[str, Any]) -> str:
        """By which it is known where it is read."""
        match self._pipe.kind:
            case SourceKind.QUEUE:
                return str(record["messageId"])
            case SourceKind.STREAM:
                return str(record["sequenceNumber"])
            case SourceKind.TABLE:
                return str(record["dynamodb"]["SequenceNumber"])
