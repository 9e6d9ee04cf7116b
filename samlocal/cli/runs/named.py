"""What ``--event`` names beside files and JSON: an event that is saved with the project, or shared with a team."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

from samlocal.captured.saved import SavedEvents, is_name
from samlocal.cli.runs.event import Event, event, is_json, is_there, read_file
from samlocal.cli.world import World
from samlocal.config import nearest
from samlocal.errors import EventError, FunctionNotFoundError

Shared: TypeAlias = Callable[[str], bytes]
"""An event that is shared in the environment.

Raises EventError where it has none by that name, FunctionNotFoundError where the function is not deployed there.
"""

Named: TypeAlias = Callable[[str], Event | None]
"""What an event's name leads to, None for what cannot be one."""


def saved_file(given: str, world: World, saved: SavedEvents) -> str:
    """The file of a saved event, where its name is given; anything else as it is. Files of that name win."""
    if given == "-" or is_there(world.cwd / given, given) or is_json(given):
        return given
    found = saved.find(given)
    return given if found is None else os.path.relpath(found.file, world.cwd)


def named(world: World, saved: SavedEvents, shared: Shared | None) -> Named:
    """Saved ones win over those that are ``shared``, which is None where no environment is named."""

    def find(given: str) -> Event | None:
        if is_json(given) or not is_name(given) or given.endswith((".json", ".jsonl")):
            return None
        found = saved.find(given)
        if found is not None:
            shown = os.path.relpath(found.file, world.cwd)
            return event(shown, read_file(found.file, shown))
        names = [each.name for each in saved]
        if shared is None:
            raise EventError(
                f"{given}: there is no such event file, and no event is saved by that name{nearest(given, names)}",
                tip=_tip(names),
            )
        try:
            return event(given, shared(given))
        except (EventError, FunctionNotFoundError) as error:
            raise EventError(
                f"{given}: there is no such event file, and no event is saved by that name{nearest(given, names)} "
                f"{error.message}",
                tip=error.tip,
            ) from error

    return find


def _tip(names: list[str]) -> str:
    saved = f"Saved are {', '.join(names)}. " if names else ""
    return f"{saved}Give such a name, a file, a folder of them, `-` for standard input, or the JSON itself."
