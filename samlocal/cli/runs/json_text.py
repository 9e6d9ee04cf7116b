"""JSON as RFC 8259 has it, which is less than Python takes for it; its text stays as it was written."""

from __future__ import annotations

import contextlib
import json
from typing import NoReturn


class NoJsonError(ValueError):
    """A constant that Python reads and JSON does not have."""


def check_json(text: str) -> None:
    """Raises a ValueError, json's own or NoJsonError, for what is no JSON."""
    # Numbers stay text: Python's integers have an upper size, JSON's have none. What is nested deeper than Python
    # reads passes: others read it.
    with contextlib.suppress(RecursionError):
        json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)


def json_line(data: bytes) -> bytes:
    """The data in one line of JSON, without its end: every digit as it was, what is no JSON as a string."""
    try:
        check_json(data.decode())
    except ValueError:
        return json.dumps(data.decode(errors="replace"), ensure_ascii=False).encode()
    # A line of JSON can only end between two tokens: inside a string its end is written \\n.
    return b"".join(line.strip() for line in data.splitlines())


def _refuse(constant: str) -> NoReturn:
    raise NoJsonError(constant)
