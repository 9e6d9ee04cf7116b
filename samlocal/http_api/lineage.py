"""How often a request has been passed on to a server that is samlocal again.

It stands in the trace header, as Lambda keeps it there to end functions that call themselves (aws/aws-xray-sdk-java
issue 409: ``Lineage=456f6a97:0``). API Gateway knows no such end: its requests wait for themselves until the first of
them is given up after 29 s.
"""

from __future__ import annotations

import re

from samlocal.http_api import identifiers
from samlocal.http_api.exchange import HttpRequest

# As often as Lambda lets a function call itself (Lambda developer guide, "Use Lambda recursive loop detection to
# prevent infinite loops").
_MOST = 16

_OWN = "73616d6c"
_LINEAGE = re.compile(rf";?Lineage={_OWN}:(\d{{1,4}})")


class LoopError(Exception):
    """The request leads to itself."""

    def __init__(self) -> None:
        super().__init__(f"it leads to itself: samlocal has passed it on {_MOST} times")


def passed_on(request: HttpRequest) -> str:
    """The trace header of a request that is passed on once more. Raises LoopError."""
    trace = identifiers.trace_root(request)
    known = _LINEAGE.search(trace)
    count = 1 if known is None else int(known[1]) + 1
    if count > _MOST:
        raise LoopError
    return f"{_LINEAGE.sub('', trace)};Lineage={_OWN}:{count}"
