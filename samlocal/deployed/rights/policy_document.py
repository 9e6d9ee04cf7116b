"""Policy documents: as IAM sends them, and what they hold."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any


def written_document(sent: str) -> str:
    """The document's own text, from the URL-encoded one that IAM sends (IAM API reference, GetRole)."""
    return urllib.parse.unquote(sent)


def parsed(text: str) -> dict[str, Any]:
    """The members of a document; a number with a point stays as it is written. Raises ValueError.

    An element that stands twice is refused, as IAM does it (IAM user guide, "Troubleshoot policies": more than one
    JSON policy element): nobody can say which one counts.
    """
    match json.loads(text, object_pairs_hook=_each_once, parse_float=str, parse_constant=_no_number):
        case dict() as document:
            return document
    raise ValueError("it is no JSON object")


def declared_statements(document: Mapping[str, Any]) -> list[Any]:
    """The value of ``Statement``, which may be one statement or several. Raises ValueError where there is none."""
    match document.get("Statement"):
        case list() as several:
            return several
        case dict() as only:
            return [only]
    raise ValueError("it has no Statement")


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands twice in one object")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
