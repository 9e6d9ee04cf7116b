"""Functions that invoke themselves by way of queues, topics, buckets or Lambda: AWS stops such a loop.

Sources: Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops" (about 16 times in
one chain of requests; what is dropped goes to the function's dead letters or its destination, and a queue's messages
to the queue's own; ``RecursiveLoop: Allow`` lets it go on) and AWS's blog, "Detecting and stopping recursive loops in
AWS Lambda functions" (the trace header's lineage counts, which SDKs pass on). Its form is recorded of AWS:
``Lineage=1:e547cb94:0``, and of several functions ``aae260cf:0|74085691:0``.
"""

from __future__ import annotations

import functools
import hashlib
import re

from msgspec.structs import replace

from samlocal.endpoint.directory import Callee
from samlocal.sandbox.invocation import Request, tracing_header

MOST = 16
"""So often one chain of requests invokes a function."""

_LINEAGE = re.compile(r";?\s*Lineage=([^;]*)", re.IGNORECASE)
_VERSION = "1:"


def times(callee: Callee, trace: str | None) -> int:
    """How often the function has been invoked in the chain that an event with this header is of."""
    return _counts(trace).get(_hash(callee.arn), -1) + 1


def is_stopped(callee: Callee, trace: str | None) -> bool:
    """Whether AWS drops an event of the function that has this header."""
    return not callee.may_loop and times(callee, trace) >= MOST


def counted(callee: Callee, request: Request) -> Request:
    """As the function gets it: what it sends says that it is of one invocation more."""
    trace = request.trace_id or tracing_header()
    counts = _counts(trace)
    own = _hash(callee.arn)
    counts[own] = counts.get(own, -1) + 1
    lineage = "|".join(f"{name}:{count}" for name, count in counts.items())
    return replace(request, trace_id=f"{_LINEAGE.sub('', trace)};Lineage={_VERSION}{lineage}")


@functools.lru_cache(maxsize=1024)
def _hash(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:8]


def _counts(trace: str | None) -> dict[str, int]:
    """By function; what is none of this form counts for nothing."""
    # Nearly no event is of a chain, and each one is asked for it.
    found = _LINEAGE.search(trace) if trace and "lineage=" in trace.lower() else None
    parts = found[1].removeprefix(_VERSION).split("|") if found else []
    pairs = (part.partition(":") for part in parts)
    return {name: int(count) for name, _, count in pairs if count.isdecimal()}
