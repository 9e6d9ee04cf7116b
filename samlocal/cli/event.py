"""The event that a user gives: a file, standard input, or the JSON itself."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import NoReturn

from samlocal.cli.world import World
from samlocal.errors import EventError
from samlocal.function.limits import REQUEST_BYTES


def read_event(given: str | None, world: World) -> bytes:
    """The event's bytes, ``{}`` when none is given.

    Raises EventError when it is absent, over 6 MB, or no JSON, with line and column.
    """
    if given is None:
        return b"{}"
    name, raw = _raw(given, world)
    if len(raw) > REQUEST_BYTES:
        raise EventError(
            f"{name}: the event has {len(raw):,} bytes; Lambda takes {REQUEST_BYTES:,} at most.",
            tip="Put what is large into S3 and its key into the event.",
        )
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        _check(raw.decode())
    except json.JSONDecodeError as error:
        raise EventError(
            f"{name}:{error.lineno}:{error.colno}: the event is not JSON: {error.msg}.",
            tip="An event is a JSON document.",
        ) from error
    except _NoJsonError as error:
        raise EventError(f"{name}: the event is not JSON: {error} is none of its values.") from error
    except UnicodeDecodeError as error:
        raise EventError(
            f"{name}: the event is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}.",
            tip="JSON is UTF-8 (RFC 8259): store it as such.",
        ) from error
    return raw


def _check(text: str) -> None:
    # Numbers stay text: Python's integers have an upper size, JSON's have none. What is nested deeper than Python
    # reads goes to the function as it is: other runtimes read it.
    with contextlib.suppress(RecursionError):
        json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)


class _NoJsonError(Exception):
    """A constant that Python reads and JSON does not have."""


def _refuse(constant: str) -> NoReturn:
    raise _NoJsonError(constant)


def _raw(given: str, world: World) -> tuple[str, bytes]:
    if given == "-":
        try:
            return "standard input", world.stdin.read()
        except OSError as error:
            raise EventError(f"The event on standard input cannot be read: {error.strerror}.", tip=_TIP) from error
    path = world.cwd / given
    if given and _is_there(path):
        try:
            return given, path.read_bytes()
        except OSError as error:
            raise EventError(f"{given}: the event file cannot be read: {error.strerror}.", tip=_TIP) from error
    if given.lstrip()[:1] in ("{", "[", '"') or _is_json(given):
        return "--event", os.fsencode(given)
    raise EventError(f"{given}: there is no such event file{_others(path)}.", tip=_TIP)


def _is_there(path: Path) -> bool:
    """JSON on the command line may be no possible file name at all: too long, or with a NUL in it."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_json(text: str) -> bool:
    try:
        _check(text)
    except (ValueError, _NoJsonError):
        return False
    return True


_TIP = "Give a file, `-` for standard input, or the JSON itself."


def _others(path: Path) -> str:
    there = sorted(file.name for file in path.parent.glob("*.json"))[:6] if path.parent.is_dir() else []
    return f"; {path.parent.name}/ holds {', '.join(there)}" if there else ""
