"""What happens to queues and streams, as records."""

from __future__ import annotations

from typing import assert_never

from samlocal.cli.shown import said
from samlocal.cli.shown.failures import why
from samlocal.endpoint.recursion import MOST
from samlocal.sources import happening as of_sources


def happened(happening: of_sources.Happening) -> said.Said:
    """What the poller of a source tells."""
    mapping = happening.mapping
    function, source, name = mapping.reader, mapping.source, mapping.source_name
    match happening:
        case of_sources.BatchRun(request_id=request_id, records=records, failed=failed, again=again):
            return said.BatchRun(
                function=function,
                source=source,
                name=name,
                request_id=request_id,
                records=records,
                failed=failed,
                again=again,
            )
        case of_sources.Filtered(records=records):
            return said.RecordsFiltered(function=function, source=source, name=name, records=records)
        case of_sources.Discarded(records=records, condition=condition, to=to, problem=problem):
            return said.RecordsDiscarded(
                function=function,
                source=source,
                name=name,
                records=records,
                condition=condition,
                to=to,
                problem=problem,
            )
        case of_sources.Stopped(records=records):
            return looped(function, records)
        case of_sources.NotDelivered(reason=reason):
            return said.Warned(text=f"{mapping.id}: {reason}.")
        case of_sources.Doubtful(reason=reason):
            return said.Warned(text=f"{mapping.id}: AWS would not take this mapping: {reason}.")
        case of_sources.Interrupted(error=error, seconds=seconds):
            message, tip = why(error)
            return said.SourceInterrupted(
                function=function, source=source, name=name, message=message, tip=tip, seconds=seconds
            )
        case _:
            assert_never(happening)


def looped(function: str, events: int) -> said.Warned:
    """So many events of a function are stopped, since it has invoked itself."""
    what = "an event of it is" if events == 1 else f"{events} events of it are"
    return said.Warned(
        text=f"{function} has invoked itself {MOST} times in one chain: {what} stopped here, as AWS's recursive loop "
        "detection does. A function with `RecursiveLoop: Allow` goes on."
    )
