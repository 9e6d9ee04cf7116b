"""What the local endpoint and ``samlocal up`` say to each other of functions that are to run.

The endpoint's process connects to nobody: whoever runs its functions asks it for them, and gives it the answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from msgspec import Struct, field

PATH = "/samlocal/invocations"
"""GET waits for invocations, POST of one's id answers it."""

WAITING = "/samlocal/waiting"
"""GET says what waits."""

WAIT_SECONDS = 20.0
"""How long GET waits at most."""


class Invocation(Struct, frozen=True, kw_only=True):
    """A function is to run. ``function`` is a name or an ARN, ``headers`` are those of Lambda's Invoke.

    ``waits``: somebody waits for its result. ``source`` says where it comes from.
    """

    function: str
    payload: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    qualifier: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    source: str = ""


class Fetched(Struct, frozen=True, kw_only=True):
    """The next ones. ``remarks`` are what services could not do meanwhile, sentences without their full stop.

    ``replaced``: somebody else runs functions now, and this one gets no more.
    """

    invocations: tuple[Invocation, ...]
    remarks: tuple[str, ...] = ()
    replaced: bool = False


class Waiting(Struct, frozen=True, kw_only=True):
    """So many ``events`` are not over that nobody waits for; ``is_run``: somebody runs functions now."""

    events: int
    is_run: bool


class Answered(Struct, frozen=True, kw_only=True):
    """What came of one, as Invoke says it; of one that nobody waits for only that it is over."""

    status: int = 202
    headers: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
