"""Lambda's own log lines. Every figure in them is measured; what could not be measured is left out."""

from __future__ import annotations

import math

from msgspec import Struct


class Report(Struct, frozen=True, kw_only=True):
    """An invocation in figures: durations in ms, memory in MB.

    ``init_duration`` is there for the first event of a sandbox, ``max_memory_used`` where the engine lets it be read,
    ``status`` (``timeout``, ``error``) and ``error_type`` after a failure.
    """

    request_id: str
    duration: float
    memory_size: int
    max_memory_used: int | None = None
    init_duration: float | None = None
    status: str | None = None
    error_type: str | None = None

    @property
    def billed_duration(self) -> int:
        return max(1, math.ceil(self.duration))

    @property
    def metrics(self) -> dict[str, float]:
        """The figures of the REPORT line, as the Telemetry API names them; ms to two places, as the line has them."""
        metrics = {
            "durationMs": round(self.duration, 2),
            "billedDurationMs": self.billed_duration,
            "memorySizeMB": self.memory_size,
        }
        if self.max_memory_used is not None:
            metrics["maxMemoryUsedMB"] = self.max_memory_used
        if self.init_duration is not None:
            metrics["initDurationMs"] = round(self.init_duration, 2)
        return metrics

    def line(self) -> str:
        """The REPORT line (Lambda developer guide, "Understanding Lambda function logs")."""
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration:.2f} ms",
            f"Billed Duration: {self.billed_duration} ms",
            f"Memory Size: {self.memory_size} MB",
        ]
        if self.max_memory_used is not None:
            fields.append(f"Max Memory Used: {self.max_memory_used} MB")
        if self.init_duration is not None:
            fields.append(f"Init Duration: {self.init_duration:.2f} ms")
        if self.status is not None:
            fields.append(f"Status: {self.status}")
        if self.error_type is not None:
            fields.append(f"Error Type: {self.error_type}")
        return "\t".join([*fields, ""])


def start_line(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: $LATEST"


def end_line(request_id: str) -> str:
    return f"END RequestId: {request_id}"
