"""An invocation as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.sandbox.result import Success, outcome

if TYPE_CHECKING:
    from samlocal.sandbox.sandbox import Invocation


def whole_payload(invocation: Invocation, streamed: bytes) -> bytes:
    """``streamed`` is what has come of it in parts."""
    result = invocation.result
    return streamed if isinstance(result, Success) and result.streamed else result.payload


def invocation_document(invocation: Invocation, streamed: bytes, *, event: str | None) -> dict[str, object]:
    """The payload, how the invocation ended, and its figures (ms, MB); the event's name first."""
    result, report = invocation.result, invocation.report
    status, error_type = outcome(result)
    return ({} if event is None else {"event": event}) | {
        "request_id": invocation.request_id,
        "status": status or "success",
        "error_type": error_type,
        "payload": _json_or_text(whole_payload(invocation, streamed)),
        "duration": round(report.duration, 2),
        "billed_duration": report.billed_duration,
        "init_duration": None if report.init_duration is None else round(report.init_duration, 2),
        "memory_size": report.memory_size,
        "max_memory_used": report.max_memory_used,
    }


def _json_or_text(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode(errors="replace")
