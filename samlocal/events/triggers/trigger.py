"""One thing that starts a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from samlocal.events.kind import Kind


class Trigger(Struct, frozen=True, kw_only=True):
    """``given`` are the flags of its event that the template says. ``names`` are what it may be called by: its event
    of the function, the resource behind it.

    ``over`` goes over the event, over each record of a batch: what a pattern lets through. ``constant`` is the whole
    event, where the template has it. ``invented`` are flags whose value is a placeholder, with the expression that
    it is for; ``remarks`` are whole sentences about what is not known.
    """

    names: tuple[str, ...]
    kind: Kind
    given: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    over: Any = None
    constant: Any = None
    invented: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    permitted: tuple[str, ...] | None = None
    """Where only a permission says so: the resources that it is for."""

    behind: str | None = None
    """The resource that it comes from, such as a queue, by its logical id."""

    held: Trigger | None = None
    """What the template puts there: the event inside of its."""

    resource: str | None = None
    """The resource of the translated template that says so, by its way from the top; None of requests."""

    type: str | None = None
    """Its type."""

    @property
    def name(self) -> str:
        return self.names[0]
