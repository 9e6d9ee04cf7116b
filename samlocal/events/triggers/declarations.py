"""Where resources name the functions that they start: ``declarations.json``, by resource type.

Paths go through a resource's properties, by dots, through each item of a list. One that begins with ``^`` starts at
the properties, any other one at the item; ``@Ref`` and ``@Arn`` are the resource's own id and ARN.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct, field

_FILE = Path(__file__).with_name("declarations.json")


class Declaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``function`` is the path to the function, ``event`` what it starts with, ``flags`` paths to the values of its
    flags. ``items`` leads to the items that name a function each. The first declaration counts whose ``only`` holds:
    patterns, as a shell has them, of the values at paths.

    ``pattern`` leads to an event pattern, ``filters`` says which members of a filter's pattern stand, decoded, in
    which flag, ``attributes`` leads to a filter policy, ``key`` to S3's rules for keys, ``terms`` to a pattern
    of log lines, ``table`` to what names a table, ``input`` to the whole event as JSON. ``others`` are remarked where
    they are there: what they make of the event is not known here.
    """

    event: str
    function: str
    items: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    pattern: str | None = None
    filters: Mapping[str, str] | None = None
    attributes: str | None = None
    key: str | None = None
    terms: str | None = None
    table: str | None = None
    input: str | None = None
    others: tuple[str, ...] = ()


@cache
def declarations() -> Mapping[str, tuple[Declaration, ...]]:
    """By resource type; ``Custom::*`` are the types of all custom resources."""
    return msgspec.json.decode(_FILE.read_bytes(), type=dict[str, tuple[Declaration, ...]])
