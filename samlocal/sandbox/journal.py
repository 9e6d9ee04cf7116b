"""What Lambda itself says of a sandbox: as lines of the log, and as the platform events of the Telemetry API.

Schema: Lambda developer guide, "Lambda Telemetry API Event schema reference". Figures are measured, and those that
are also in the REPORT line are the same ones. Moments are ``time.monotonic``'s.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from samlocal.function.logging_config import LogFormat, LoggingConfig
from samlocal.sandbox.apis.telemetry import Category, Telemetry, timestamp
from samlocal.sandbox.log_records import as_line, level_of, level_of_line
from samlocal.sandbox.messages import Span
from samlocal.sandbox.report import Report, end_line, start_line

Fields: TypeAlias = dict[str, object]

_INIT_TYPE = "on-demand"
_VERSION = "$LATEST"


class SandboxIdentity(Struct, frozen=True, kw_only=True):
    """Whose journal it is. ``memory`` is in MB; ``instance`` is the name of the log stream."""

    function_name: str
    handler: str
    account: str
    instance: str
    memory: int
    logging: LoggingConfig


class Journal:
    """One sandbox's; called from any thread. The function's log levels filter the log and not the telemetry."""

    def __init__(self, subject: SandboxIdentity, *, log: Callable[[str], None], telemetry: Telemetry) -> None:
        self.subject = subject
        self._log = log
        self._telemetry = telemetry
        self._phase = "init"

    # lines

    def function_line(self, line: str) -> None:
        logging = self.subject.logging
        if logging.format is LogFormat.TEXT or level_of_line(line).passes(logging.application_level):
            self._log(line)
        self._telemetry.add(Category.FUNCTION, "function", line)

    def extension_line(self, line: str) -> None:
        self._log(line)
        self._telemetry.add(Category.EXTENSION, "extension", line)

    def line(self, line: str) -> None:
        """A line of Lambda's own that is no event."""
        self._log(line)

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
            line=f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{','.join(events)}]{failed}",
        )

    def subscription(self, name: str, types: tuple[str, ...], *, of: str) -> None:
        """An extension subscribed; ``of`` is ``telemetry`` or ``logs``."""
        written = ", ".join(type_.title() for type_ in types)
        self._platform(
            f"{of}Subscription",
            {"name": name, "state": "Subscribed", "types": list(types)},
            line=f"{of.upper()}\tName: {name}\tState: Subscribed\tTypes: [{written}]",
        )

    # invocation

    def start(self, request_id: str, *, trace_id: str, tenant_id: str | None = None) -> None:
        self._platform(
            "start",
            {"requestId": request_id, "version": _VERSION, **_tenant(tenant_id), "tracing": _tracing(trace_id)},
            line=start_line(request_id),
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
        self, report: Report, *, trace_id: str, overhead: Span | None, tenant_id: str | None = None
    ) -> tuple[str, ...]:
        """The invocation's end; ``overhead`` is what the extensions took behind the runtime.

        Gives the last lines of the invocation's log, for when what the function has written is in it.
        """
        self._tell("platform.end", {"requestId": report.request_id})
        spans = {"spans": [_span("extensionOverhead", overhead)]} if overhead is not None else {}
        record: Fields = {
            "requestId": report.request_id,
            **_tenant(tenant_id),
            "metrics": report.metrics,
            "status": report.status or "success",
            **({"errorType": report.error_type} if report.error_type else {}),
            "tracing": _tracing(trace_id),
            **spans,
        }
        self._tell("platform.report", record)
        if self.subject.logging.format is LogFormat.TEXT:
            return end_line(report.request_id), report.line()
        return self._json("platform.report", record)

    def _init(self) -> Fields:
        return {"initializationType": _INIT_TYPE, "phase": self._phase}

    def _platform(self, name: str, record: Fields, *, at: float | None = None, line: str | None = None) -> None:
        """``line`` is how a text log has it, None where it has nothing of it."""
        type_, date = f"platform.{name}", _date(at)
        if self.subject.logging.format is LogFormat.JSON:
            for own in self._json(type_, record, at=date):
                self._log(own)
        elif line is not None:
            self._log(line)
        self._tell(type_, record, at=date)

    def _json(self, type_: str, record: Fields, *, at: datetime.datetime | None = None) -> tuple[str, ...]:
        """The record's line in a JSON log, nothing where the level leaves it out."""
        level = level_of(type_, record)
        if level is None or not level.passes(self.subject.logging.system_level):
            return ()
        return (as_line(timestamp(at), type_, record),)

    def _tell(self, type_: str, record: Fields, *, at: datetime.datetime | None = None) -> None:
        self._telemetry.add(Category.PLATFORM, type_, dict(record), at=at)


def _tenant(tenant_id: str | None) -> Fields:
    return {} if tenant_id is None else {"tenantId": tenant_id}


def _status(error_type: str | None) -> Fields:
    return {"status": "error", "errorType": error_type} if error_type else {"status": "success"}


def _span(name: str, span: Span) -> Fields:
    return {"name": name, "start": timestamp(_date(span.began)), "durationMs": _milliseconds(span)}


def _milliseconds(span: Span) -> float:
    return round((span.ended - span.began) * 1000, 3)


def _date(moment: float | None) -> datetime.datetime | None:
    if moment is None:
        return None
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=time.monotonic() - moment)


def _tracing(trace_id: str) -> Fields:
    """An X-Ray header, with the segment it names."""
    parts = dict(part.split("=", 1) for part in trace_id.split(";") if "=" in part)
    span = {"spanId": parts["Parent"]} if "Parent" in parts else {}
    return {**span, "type": "X-Amzn-Trace-Id", "value": trace_id}
