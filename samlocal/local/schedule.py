"""What the local endpoint says of the schedules of its rules, and of EventBridge Scheduler's."""

from __future__ import annotations

from msgspec import Struct

SCHEDULES = "/samlocal/schedules"
"""GET lists them, POST fires one."""


class Schedule(Struct, frozen=True, kw_only=True):
    """One that is enabled. ``start`` and ``end`` are in epoch seconds, ``timezone`` is a name of the tz database.

    ``fired`` is when it was last due by itself.
    """

    arn: str
    name: str
    expression: str
    timezone: str = "UTC"
    start: float | None = None
    end: float | None = None
    fired: float | None = None

    @property
    def of_rule(self) -> bool:
        """Not EventBridge Scheduler's."""
        return ":rule/" in self.arn


class Fire(Struct, frozen=True, kw_only=True):
    """Which is to be fired: by its ARN, its name, or its logical id in a template; ``at`` is when it was due."""

    name: str
    at: float | None = None


class Fired(Struct, frozen=True, kw_only=True):
    """``targets`` are the ARNs that have been told. ``arn`` is None where there is no such schedule.

    ``others`` are the logical ids and names that there are, then.
    """

    arn: str | None
    targets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
