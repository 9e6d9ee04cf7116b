"""The trace header of a request goes on with what comes of it, so that loops of functions are seen.

A queue keeps it with a message, a topic and a bucket send it with their events; buses, logs and streams do not
(Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops"; Amazon SQS API reference,
MessageSystemAttributeValue: ``AWSTraceHeader``). Tried with moto 5.2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_trace: ContextVar[str | None] = ContextVar("_trace", default=None)


def trace_headers() -> dict[str, str]:
    """What an invocation has of the request that it comes of."""
    trace = _trace.get()
    return {} if trace is None else {"x-amzn-trace-id": trace}


@contextmanager
def tracing(trace: str | None) -> Iterator[None]:
    """What is done for a request with this header; None where what is sent does not say of what it comes."""
    before = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(before)


def mend_tracing() -> None:
    """Called once."""
    from moto.sqs.models import SQSBackend

    setattr(SQSBackend, "send_message", _traced(SQSBackend.send_message))  # noqa: B010 - mypy forbids it as an assignment


def _traced(send: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(send)
    def sent(*arguments: Any, **more: Any) -> Any:
        message, trace = send(*arguments, **more), _trace.get()
        if trace is not None:
            message.system_attributes.setdefault("AWSTraceHeader", {"DataType": "String", "StringValue": trace})
        return message

    return sent
