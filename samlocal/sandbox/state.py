"""What a sandbox is at, to itself and to the next event."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """What a sandbox is at.

    SPENT is yet to be shut down, CLEARED has a container with nobody in it, ENDED has none.
    """

    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    SPENT = auto()
    CLEARED = auto()
    ENDED = auto()


class Standing(Enum):
    """What a sandbox is to the next event: READY for it, or SPENT, so that a reload makes it ready, or GONE."""

    READY = auto()
    SPENT = auto()
    GONE = auto()
