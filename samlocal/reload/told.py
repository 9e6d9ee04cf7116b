"""What is told of a save."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from samlocal.errors import SamlocalError
from samlocal.pool.pool import Replaced

_NAMED = 3
"""So many files are named."""


class Reloaded(Struct, frozen=True, kw_only=True):
    """Functions go on by other plans, so many ``seconds`` after ``paths`` have changed, as the user calls them."""

    functions: tuple[str, ...]
    paths: tuple[str, ...]
    seconds: float
    how: Replaced

    @property
    def text(self) -> str:
        functions = ", ".join(self.functions)
        took = f"({self.seconds * 1000:.0f} ms)"
        match self.how:
            case Replaced.AFTER_EVENT:
                return f"{functions} will be reloaded when what runs is over: {_listed(self.paths)} {took}"
            case Replaced.ANEW:
                return f"reloaded {functions} in a new container: {_listed(self.paths)} {took}"
            case _:
                return f"reloaded {functions}: {_listed(self.paths)} {took}"


class NotReloaded(Struct, frozen=True, kw_only=True):
    """A save cannot be taken up: functions that ran stay as they were. Without paths it is any that may come."""

    functions: tuple[str, ...]
    paths: tuple[str, ...]
    error: SamlocalError

    @property
    def text(self) -> str:
        if not self.paths:
            return "saves may be missed."
        functions = ", ".join(self.functions)
        stays = "stays as it was" if len(self.functions) == 1 else "stay as they were"
        return f"not reloaded: {_listed(self.paths)}" + (f"; {functions} {stays}." if functions else ".")


Told: TypeAlias = Callable[[Reloaded | NotReloaded], None]


def _listed(paths: tuple[str, ...]) -> str:
    more = len(paths) - _NAMED
    named = ", ".join(paths[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
