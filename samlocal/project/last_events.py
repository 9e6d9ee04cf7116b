"""The last event of each function of a template, and what came of it, for whoever wants to keep it.

Events hold what users sent, so they are in samlocal's own folder, for its owner alone (records.py), for a month at
most, and not at all with SAMLOCAL_LAST_EVENTS=off.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from samlocal.function.limits import RESPONSE_BYTES
from samlocal.project.settings import Settings
from samlocal.records import read_record, write_record
from samlocal.sandbox.result import Result, Success

_FOLDER = "last-events"
_DAY_SECONDS = 86_400
_KEPT_SECONDS = 30 * _DAY_SECONDS


class LastEvent(Struct, frozen=True, kw_only=True):
    """``function`` is what it was called by; ``at`` is when it was over, in epoch seconds.

    ``answer`` is what ``invoke`` puts on standard output, None where that was streamed and is longer than Lambda's
    answers are.
    """

    function: str
    environment: str | None
    at: float
    event: bytes
    answer: bytes | None
    failed: bool


class LastEvents:
    """Those of one template, of all its environments."""

    def __init__(self, settings: Settings) -> None:
        world = settings.world
        named = world.environ.get("SAMLOCAL_LAST_EVENTS", "").lower()
        self._is_on = named not in ("0", "false", "no", "off")
        self._environment = settings.environment
        self._all = world.cache_folder / _FOLDER
        self._folder = self._all / _digest(str((world.cwd / settings.template).resolve()))

    @property
    def is_on(self) -> bool:
        """Whether the user wants them."""
        return self._is_on

    def newest(self, functions: Iterable[str] | None = None) -> LastEvent | None:
        """The last of a function that is called by one of these names, of any function where none is given.

        Where the settings name an environment only what ran in that one counts.
        """
        names = None if functions is None else set(functions)
        found = (each for each in self._records() if names is None or each.function in names)
        return max(found, key=lambda each: each.at, default=None)

    def functions(self) -> set[str]:
        """What those of them were called that have run; where the settings name an environment, in that one."""
        return {each.function for each in self._records()}

    def _records(self) -> list[LastEvent]:
        records = [read_record(file, LastEvent) for file in self._folder.glob("*.json")]
        return [each for each in records if each is not None and self._environment in (None, each.environment)]

    def made(self, function: str, event: bytes, result: Result, streamed: bytes = b"") -> LastEvent:
        """What has just come of an event; ``streamed`` is what a function that streams has answered so far."""
        is_streamed = isinstance(result, Success) and result.streamed
        answer = streamed if is_streamed else streamed + result.payload + b"\n"
        return LastEvent(
            function=function,
            environment=self._environment,
            at=time.time(),
            event=event,
            answer=answer if len(answer) <= RESPONSE_BYTES + 1 else None,
            failed=not isinstance(result, Success),
        )

    def put(self, last: LastEvent) -> None:
        """Keeps it in place of the one before, if the user wants that. A disk that refuses fails no run."""
        if not self._is_on:
            return
        file = self._folder / f"{_digest(f'{last.environment} {last.function}')}.json"
        write_record(file, last)
        self._forget_old()

    def _forget_old(self) -> None:
        """Of all templates, once a day."""
        looked = self._all / "looked"
        with suppress(OSError):
            if looked.exists() and looked.stat().st_mtime > time.time() - _DAY_SECONDS:
                return
            looked.touch(0o600)
            for file in self._all.glob("*/*.json"):
                if file.stat().st_mtime < time.time() - _KEPT_SECONDS:
                    file.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:24]
