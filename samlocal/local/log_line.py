"""The lines that functions of the local environment write, as its process keeps them."""

from __future__ import annotations

from msgspec import Struct

LOGS = "/samlocal/logs"
"""POST of lines keeps them, GET gives those behind one of them, as soon as there are some."""


class LogLine(Struct, frozen=True, kw_only=True):
    """``time`` is in epoch seconds, ``function`` the deployed name, ``stream`` the log stream, which is a sandbox's.

    ``source`` is the Telemetry API's type, ``number`` counts the lines of an environment up from 1.
    """

    time: float
    function: str
    group: str
    stream: str
    request_id: str | None
    source: str
    level: str | None
    text: str
    number: int = 0


class LogLines(Struct, frozen=True, kw_only=True):
    """Those behind one; ``lost`` are so many between that are kept no longer."""

    lines: tuple[LogLine, ...]
    lost: int = 0
