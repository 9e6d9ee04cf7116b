"""What the reading of one source goes with."""

from __future__ import annotations

from msgspec import Struct, field

from samlocal.pool.clock import Clock, SystemClock
from samlocal.sources.happening import Told
from samlocal.sources.pace import Pace
from samlocal.sources.threads import Threads


class Means(Struct, frozen=True, kw_only=True):
    """Who hears what happens, how fast and how long it goes on, in which threads AWS is asked, and the time."""

    told: Told
    pace: Pace
    in_thread: Threads
    clock: Clock = field(default_factory=SystemClock)
