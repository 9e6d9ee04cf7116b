"""An event's way through a sandbox: what is asked, what it took, what came of it."""

from __future__ import annotations

import time
import uuid

from msgspec import Struct

from samlocal.sandbox.apis.telemetry import timestamp
from samlocal.sandbox.journal import Journal
from samlocal.sandbox.messages import Event, Message, Ready, Responded, Span, StreamEnded
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Crashed, Result, TimedOut, outcome, timeout_text


class Request(Struct, frozen=True, kw_only=True):
    """An event and what comes with it. ``trace_id`` (an X-Ray header) and ``request_id`` are made up where None.

    ``tenant_id`` is for functions that keep tenants apart, and no others (``tenancy.check_tenant``). ``qualifier`` is
    the version or alias that was called, as the ARN has it that the handler sees.
    """

    payload: bytes
    client_context: str | None = None
    trace_id: str | None = None
    tenant_id: str | None = None
    request_id: str | None = None
    qualifier: str | None = None


class Invocation(Struct, frozen=True, kw_only=True):
    """What came of one event, and its figures."""

    request_id: str
    result: Result
    report: Report


class RunningInvocation:
    """One invocation on its way. ``timeout`` is in seconds, moments are ``time.monotonic``'s."""

    def __init__(self, request: Request, *, timeout: int) -> None:
        self.request_id = request.request_id or str(uuid.uuid4())
        self.trace_id = request.trace_id or tracing_header()
        self.began = time.monotonic()
        self.deadline = self.began + timeout
        self.tenant_id = request.tenant_id
        self._request = request
        self._timeout = timeout
        self._sent: Span | None = None
        self._size = 0
        self._ready: float | None = None

    def event(self, function_arn: str) -> Event:
        left = self.deadline - time.monotonic()
        qualifier = self._request.qualifier
        return Event(
            request_id=self.request_id,
            payload=self._request.payload,
            deadline_ms=int((time.time() + left) * 1000),
            function_arn=function_arn if qualifier is None else f"{function_arn}:{qualifier}",
            trace_id=self.trace_id,
            client_context=self._request.client_context,
            tenant_id=self.tenant_id,
        )

    def note(self, message: Message) -> None:
        """Keeps the moments that a message tells of."""
        match message:
            case Responded(payload=payload, sent=sent):
                self._sent, self._size = sent, len(payload)
            case StreamEnded(size=size, sent=sent):
                self._sent, self._size = sent, size
            case Ready(at=at):
                self._ready = at
            case _:
                pass

    def conclude(
        self,
        result: Result,
        journal: Journal,
        *,
        memory_size: int,
        max_memory_used: int | None,
        init_duration: float | None,
    ) -> Invocation:
        """The figures, written down as the invocation's end. Durations in ms, memory in MB."""
        ended = min(time.monotonic(), self.deadline)
        status, error_type = outcome(result)
        report = Report(
            request_id=self.request_id,
            duration=(ended - self.began) * 1000,
            memory_size=memory_size,
            max_memory_used=max_memory_used,
            init_duration=init_duration,
            status=status,
            error_type=error_type,
        )
        done = self._ready is not None
        ready = self._ready if self._ready is not None else ended
        journal.runtime_done(
            self.request_id,
            trace_id=self.trace_id,
            took=Span(began=self.began, ended=ready),
            sent=self._sent,
            size=self._size,
            status="success" if done else status or "timeout",
            error_type=None if done else error_type,
            tenant_id=self.tenant_id,
        )
        overhead = Span(began=ready, ended=ended) if done else None
        journal.report(
            report,
            trace_id=self.trace_id,
            overhead=overhead,
            last_words=self._last_words(result),
            tenant_id=self.tenant_id,
        )
        return Invocation(request_id=self.request_id, result=result, report=report)

    def _last_words(self, result: Result) -> tuple[str, ...]:
        """What Lambda writes into the log of one that it ended itself."""
        match result:
            case TimedOut():
                return (f"{timestamp()} {self.request_id} {timeout_text(self._timeout)}",)
            case Crashed(message=message, error_type=error_type):
                return (message, error_type)
            case _:
                return ()


def tracing_header() -> str:
    """An X-Ray header for an event that nobody traces (X-Ray developer guide, "Tracing header")."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"
