"""What Lambda sends to destinations about an asynchronous event that is over.

Sources: Lambda developer guide, "Capturing records of Lambda asynchronous invocations", with its example record;
AWS's own records, as localstack/localstack keeps them (tests/aws/services/lambda_/test_lambda.snapshot.json).
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Never

from msgspec import Raw, Struct

from samlocal.endpoint.directory import Callee
from samlocal.function.async_invocation import LATEST
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import Result, Success, error_message


class Condition(Enum):
    """How it ended, in AWS's words. NOT_RUN: the reserved concurrency is 0.

    What AWS calls RECURSIVE here, the end of a loop, is nowhere documented: it is the name of Invoke's own error.
    """

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    TOO_OLD = "EventAgeExceeded"
    NOT_RUN = "ZeroReservedConcurrency"
    RECURSIVE = "RecursiveInvocationException"


class InvocationRecord(Struct, frozen=True, kw_only=True):
    """``result`` is the last attempt's, None where there was none. ``timestamp`` is in AWS's form."""

    callee: Callee
    request: Request
    condition: Condition
    attempts: int
    timestamp: str
    result: Result | None = None

    @property
    def succeeded(self) -> bool:
        return self.condition is Condition.SUCCESS

    @property
    def qualifier(self) -> str:
        return self.request.qualifier or LATEST

    def document(self) -> dict[str, object]:
        """What a destination gets; payloads are in it as they were sent."""
        document: dict[str, object] = {
            "version": "1.0",
            "timestamp": self.timestamp,
            "requestContext": {
                "requestId": self.request.request_id,
                "functionArn": f"{self.callee.arn}:{self.qualifier}",
                "condition": self.condition.value,
                "approximateInvokeCount": self.attempts,
            },
            "requestPayload": _as_sent(self.request.payload),
        }
        if self.result is not None:
            failed = {} if isinstance(self.result, Success) else {"functionError": "Unhandled"}
            document["responseContext"] = {"statusCode": 200, "executedVersion": LATEST, **failed}
            document["responsePayload"] = _as_sent(self.result.payload)
        return document

    def dead_letter_attributes(self) -> dict[str, str]:
        """What goes with the event into a dead-letter queue (developer guide, "Adding a dead-letter queue")."""
        attributes = {"RequestID": self.request.request_id or ""}
        if self.result is not None:
            attributes["ErrorCode"] = "200"
        message = None if self.result is None else error_message(self.result.payload)
        if message is not None:
            # Its first KB.
            attributes["ErrorMessage"] = message.encode(errors="replace")[:1024].decode(errors="ignore")
        return attributes


def _as_sent(payload: bytes) -> Raw | str:
    """What is JSON by its own bytes: numbers and characters may be beyond what Python reads and writes of it."""
    try:
        json.loads(payload.decode(), parse_constant=_no_json, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return payload.decode(errors="replace")
    return Raw(payload)


def _no_json(constant: str) -> Never:
    """``NaN`` and its like, which Python reads."""
    raise ValueError(constant)
