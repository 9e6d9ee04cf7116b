"""What a sandbox writes down: everything that is in its log, and the events of the Telemetry API.

Schema: Lambda developer guide, "Lambda Telemetry API Event schema reference". Figures are measured, and those that
are also in the REPORT line are the same ones. Moments are ``time.monotonic``'s.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from samlocal.function.logging_config import LogFormat, LogLevel
from samlocal.sandbox.apis.telemetry import Category, Telemetry, timestamp
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.log_levels import level_of_event, level_of_line
from samlocal.sandbox.messages import Span
from samlocal.sandbox.report import Report, end_line, start_line

Fields: TypeAlias = dict[str, object]

_INIT_TYPE = "on-demand"
_VERSION = "$LATEST"


class Record(Struct, frozen=True, kw_only=True):
    """One entry of a sandbox's log; ``log_format.render`` makes a line of it.

    ``request_id`` is the invocation's that ran at that moment, None outside of any. ``type`` is the Telemetry API's,
    as are the ``fields`` of one of Lambda's own events. ``text`` is how a text log has it, None where it has nothing
    of it. ``level`` is None where nothing filters by it.
    """

    sandbox: SandboxIdentity
    request_id: str | None
    stream: Category
    time: datetime.datetime
    level: LogLevel | None
    type: str
    text: str | None
    fields: Mapping[str, Any] | None = None

    @property
    def function(self) -> str:
        return self.sandbox.function_name


class Remark(Struct, frozen=True, kw_only=True):
    """What samlocal itself has to say to the user about a sandbox: no part of its log, in its place there.

    One that is ``fresh`` is news each time, others are told once.
    """

    text: str
    function: str
    fresh: bool = False


class Log(Protocol):
    """Where it goes: an ``Outlet``."""

    def put(self, item: Record | Remark) -> None:
        """Does not wait."""

    async def room(self) -> None:
        """Waits while too much is still to be written."""


class Journal:
    """One sandbox's, on its event loop. Levels filter what is shown, and nothing here."""

    def __init__(self, subject: SandboxIdentity, log: Log, *, telemetry: Telemetry) -> None:
        self.subject = subject
        self._sink = log.put
        self._telemetry = telemetry
        self._phase = "init"
        self._request_id: str | None = None
        self._closing: tuple[Record, ...] = ()

    # lines

    def function_line(self, line: str) -> None:
        level = level_of_line(line) if self.subject.logging.format is LogFormat.JSON else None
        self._sink(self._entry(Category.FUNCTION, line, level=level))
        self._telemetry.add(Category.FUNCTION, "function", line)

    def extension_line(self, line: str) -> None:
        self._sink(self._entry(Category.EXTENSION, line))
        self._telemetry.add(Category.EXTENSION, "extension", line)

    def line(self, line: str) -> None:
        """A line of Lambda's own that is no event: something went wrong."""
        self._sink(self._entry(Category.PLATFORM, line, level=LogLevel.ERROR))

    def remark(self, text: str, *, fresh: bool = False) -> None:
        """What the user should know, and the function's log has not."""
        self._sink(Remark(text=text, function=self.subject.function_name, fresh=fresh))

    # init

    def init_start(self, *, inside_invoke: bool) -> None:
        self._phase = "invoke" if inside_invoke else "init"
        self._platform(
            "initStart",
            {
                "initializationType": _INIT_TYPE,
                "phase": self._phase,
                "functionName": self.subject.function_name,
                "functionVersion": _VERSION,
                "instanceId": self.subject.instance,
                "instanceMaxMemory": self.subject.memory * 1024 * 1024,
            },
        )

    def init_runtime_done(self, *, at: float, error_type: str | None = None) -> None:
        self._platform("initRuntimeDone", self._init() | _status(error_type), at=at)

    def init_report(self, *, duration: float, error_type: str | None = None) -> None:
        """``duration`` in ms."""
        self._platform(
            "initReport", self._init() | {"metrics": {"durationMs": round(duration, 2)}} | _status(error_type)
        )

    def extension(self, name: str, state: str, events: tuple[str, ...], error_type: str | None) -> None:
        """What became of an extension in the init phase."""
        failed = f"\tError Type: {error_type}" if error_type else ""
        fields: Fields = {"name": name, "state": state, "events": list(events)}
        self._platform(
            "extension",
            fields | ({"errorType": error_type} if error_type else {}),
            text=f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{','.join(events)}]{failed}",
        )

    def subscription(self, name: str, types: tuple[str, ...], *, of: str) -> None:
        """An extension subscribed; ``of`` is ``telemetry`` or ``logs``."""
        written = ", ".join(type_.title() for type_ in types)
        self._platform(
            f"{of}Subscription",
            {"name": name, "state": "Subscribed", "types": list(types)},
            text=f"{of.upper()}\tName: {name}\tState: Subscribed\tTypes: [{written}]",
        )

    # invocation

    def start(self, request_id: str, *, trace_id: str, tenant_id: str | None = None) -> None:
        self._request_id = request_id
        self._platform(
            "start",
            {"requestId": request_id, "version": _VERSION, **_tenant(tenant_id), "tracing": _tracing(trace_id)},
            text=start_line(request_id),
        )

    def runtime_done(
        self,
        request_id: str,
        *,
        trace_id: str,
        took: Span,
        sent: Span | None,
        size: int,
        status: str = "success",
        error_type: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """The runtime asked for the next event, or failed; ``sent`` is how long its response took, of ``size`` bytes.

        A handler's own error is a success of the runtime's (aws-lambda-runtime-interface-emulator, ``doInvoke``).
        """
        spans = []
        if sent is not None:
            spans = [
                _span("responseLatency", Span(began=took.began, ended=sent.began)),
                _span("responseDuration", sent),
                _span("runtimeOverhead", Span(began=sent.ended, ended=took.ended)),
            ]
        self._platform(
            "runtimeDone",
            {
                "requestId": request_id,
                **_tenant(tenant_id),
                "status": status,
                **({"errorType": error_type} if error_type else {}),
                "metrics": {"durationMs": _milliseconds(took), "producedBytes": size},
                "tracing": _tracing(trace_id),
                "spans": spans,
            },
            at=took.ended,
        )

    def report(
        self,
        report: Report,
        *,
        trace_id: str,
        overhead: Span | None,
        last_words: tuple[str, ...] = (),
        tenant_id: str | None = None,
    ) -> None:
        """The invocation is over; ``overhead`` is what the extensions took behind the runtime.

        Its ``last_words``, END and REPORT are the end of its log, which ``end_invocation`` writes.
        """
        request_id = report.request_id
        words = tuple(self._entry(Category.PLATFORM, line, level=LogLevel.ERROR) for line in last_words)
        end = self._event("platform.end", {"requestId": request_id}, text=end_line(request_id))
        spans = {"spans": [_span("extensionOverhead", overhead)]} if overhead is not None else {}
        fields: Fields = {
            "requestId": request_id,
            **_tenant(tenant_id),
            "metrics": report.metrics,
            "status": report.status or "success",
            **({"errorType": report.error_type} if report.error_type else {}),
            "tracing": _tracing(trace_id),
            **spans,
        }
        self._closing = (*words, end, self._event("platform.report", fields, text=report.line()))

    @property
    def is_open(self) -> bool:
        """Whether an invocation is over whose log has not ended."""
        return bool(self._closing)

    def end_invocation(self) -> None:
        """Ends the log of an invocation that is over, now that what the function has written is in it."""
        closing, self._closing = self._closing, ()
        for record in closing:
            self._sink(record)
        if closing:
            self._request_id = None

    def _init(self) -> Fields:
        return {"initializationType": _INIT_TYPE, "phase": self._phase}

    def _platform(self, name: str, fields: Fields, *, at: float | None = None, text: str | None = None) -> None:
        """``text`` is how a text log has it, None where it has nothing of it."""
        self._sink(self._event(f"platform.{name}", fields, at=at, text=text))

    def _event(self, type_: str, fields: Fields, *, at: float | None = None, text: str | None) -> Record:
        """Tells one of Lambda's own events to whom it may concern, and gives its record for the log."""
        record = self._entry(
            Category.PLATFORM, text, level=level_of_event(type_, fields), type_=type_, fields=fields, at=at
        )
        self._telemetry.add(Category.PLATFORM, type_, dict(fields), at=record.time)
        return record

    def _entry(
        self,
        stream: Category,
        text: str | None,
        *,
        level: LogLevel | None = None,
        type_: str | None = None,
        fields: Fields | None = None,
        at: float | None = None,
    ) -> Record:
        return Record(
            sandbox=self.subject,
            request_id=self._request_id,
            stream=stream,
            time=_date(at),
            level=level,
            type=type_ or stream.value,
            text=text,
            fields=fields,
        )


def _tenant(tenant_id: str | None) -> Fields:
    return {} if tenant_id is None else {"tenantId": tenant_id}


def _status(error_type: str | None) -> Fields:
    return {"status": "error", "errorType": error_type} if error_type else {"status": "success"}


def _span(name: str, span: Span) -> Fields:
    return {"name": name, "start": timestamp(_date(span.began)), "durationMs": _milliseconds(span)}


def _milliseconds(span: Span) -> float:
    return round((span.ended - span.began) * 1000, 3)


def _date(moment: float | None) -> datetime.datetime:
    """A moment's, now where it is None."""
    now = datetime.datetime.now(datetime.UTC)
    return now if moment is None else now - datetime.timedelta(seconds=time.monotonic() - moment)


def _tracing(trace_id: str) -> Fields:
    """An X-Ray header, with the segment it names."""
    parts = dict(part.split("=", 1) for part in trace_id.split(";") if "=" in part)
    span = {"spanId": parts["Parent"]} if "Parent" in parts else {}
    return {**span, "type": "X-Amzn-Trace-Id", "value": trace_id}
