"""What a file of the cache must hold to be believed: it may be another version's, cut off, or written by hand.

Each function gives the value as the type it has to be. Raises TypeError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MALFORMED = (TypeError, ValueError, LookupError, AttributeError, RecursionError, OverflowError)
"""What reading a value of another shape raises."""


def text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text, not {type(value).__name__}")
    return value


def text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"a list of texts, not {type(value).__name__}")
    return [text(item) for item in value]


def text_or_texts(value: object) -> str | list[str]:
    return texts(value) if isinstance(value, list) else text(value)


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"true or false, not {type(value).__name__}")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"a number, not {type(value).__name__}")
    return float(value)


def mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"an object, not {type(value).__name__}")
    return value


def mappings(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise TypeError(f"a list of objects, not {type(value).__name__}")
    return [mapping(item) for item in value]
