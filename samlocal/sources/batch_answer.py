"""What a function says of the items of its batch, where its mapping has ReportBatchItemFailures.

Sources: Lambda developer guide, "Implementing partial batch responses" for Amazon SQS, and "Configuring partial batch
response with Kinesis Data Streams and Lambda" (the same for DynamoDB streams): a batch has succeeded where the answer
is null, empty, or has an empty or null list; it has failed where the answer is no JSON, or an item's identifier is
empty, null, under another key, or, for a queue, none of the batch's.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from samlocal.sandbox.result import Result, Success

_NO_ANSWER = object()


def failed_items(result: Result, items: Collection[str], *, reports: bool) -> frozenset[str]:
    """Those of ``items`` that have failed: identifiers of messages, or sequence numbers.

    ``reports`` says whether the mapping has ReportBatchItemFailures.
    """
    if not isinstance(result, Success):
        return frozenset(items)
    if not reports:
        return frozenset()
    named = _named(result.payload)
    return frozenset(items) if named is None or not named <= set(items) else frozenset(named)


def _named(payload: bytes) -> set[str] | None:
    """The identifiers; None where the answer is none that Lambda can read."""
    try:
        answer = json.loads(payload) if payload.strip() else None
    except (ValueError, RecursionError):
        return None
    if answer is None:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else _NO_ANSWER
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return None
    named = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures]
    return {str(each) for each in named} if all(isinstance(each, str) and each for each in named) else None
