"""An event as JSON has it: where it is read from, and what is wrong with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from msgspec import Struct

from samlocal.cli.runs.json_text import NoJsonError, check_json
from samlocal.cli.world import World
from samlocal.errors import EventError
from samlocal.function.limits import REQUEST_BYTES

BOM = b"\xef\xbb\xbf"


class Event(Struct, frozen=True, kw_only=True):
    """``name`` is where it comes from: ``events/get.json``, ``events.jsonl:3``."""

    name: str
    payload: bytes


def read_event(given: str, world: World, *, literal: str = "--event") -> Event:
    """The event that ``--event`` names or is; ``literal`` is what JSON on the command line is called.

    Raises EventError when it is absent, over 6 MB, or no JSON, with line and column.
    """
    return event(*_raw(given, world, literal))


def event(name: str, raw: bytes, *, is_line: bool = False) -> Event:
    """One that has been read; ``is_line`` where its name has the number of its line. Raises EventError."""
    if len(raw) > REQUEST_BYTES:
        raise EventError(
            f"{name}: the event has {len(raw):,} bytes; Lambda takes {REQUEST_BYTES:,} at most.",
            tip="Put what is large into S3 and its key into the event.",
        )
    raw = raw.removeprefix(BOM)
    try:
        check_json(raw.decode())
    except json.JSONDecodeError as error:
        place = f"{error.colno}" if is_line else f"{error.lineno}:{error.colno}"
        raise EventError(
            f"{name}:{place}: the event is not JSON: {error.msg}.",
            tip="Each line is a JSON document of its own." if is_line else "An event is a JSON document.",
        ) from error
    except NoJsonError as error:
        raise EventError(f"{name}: the event is not JSON: {error} is none of its values.") from error
    except UnicodeDecodeError as error:
        raise EventError(
            f"{name}: the event is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}.",
            tip="JSON is UTF-8 (RFC 8259): store it as such.",
        ) from error
    return Event(name=name, payload=raw)


def _raw(given: str, world: World, literal: str) -> tuple[str, bytes]:
    if given == "-":
        try:
            return "standard input", world.stdin.read()
        except OSError as error:
            raise EventError(f"The event on standard input cannot be read: {error.strerror}.", tip=_TIP) from error
    path = world.cwd / given
    if is_there(path, given):
        return given, read_file(path, given)
    if given.lstrip()[:1] in ("{", "[", '"') or is_json(given):
        return literal, os.fsencode(given)
    raise EventError(f"{given}: there is no such event file{_others(path)}.", tip=_TIP)


def read_file(path: Path, name: str) -> bytes:
    """Raises EventError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise EventError(f"{name}: the event file cannot be read: {error.strerror}.", tip=_TIP) from error


def is_there(path: Path, given: str) -> bool:
    """JSON on the command line may be no possible file name at all: too long, or with a NUL in it."""
    try:
        return bool(given) and path.exists()
    except (OSError, ValueError):
        return False


def is_json(text: str) -> bool:
    try:
        check_json(text)
    except ValueError:
        return False
    return True


_TIP = "Give a file, a folder of them, `-` for standard input, or the JSON itself."


def _others(path: Path) -> str:
    there = sorted(file.name for file in path.parent.glob("*.json"))[:6] if path.parent.is_dir() else []
    return f"; {path.parent.name}/ holds {', '.join(there)}" if there else ""
