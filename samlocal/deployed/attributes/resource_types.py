"""What is known of each resource type, of the table that ``make attributes`` makes.

The table is read when the first type is asked for, and of it no more than that type.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from samlocal.deployed.attributes.describe_call import Call
from samlocal.deployed.attributes.form import Form

_TABLE = Path(__file__).with_name("resource_types.json")


class ResourceType(Struct, frozen=True, kw_only=True):
    """``becomes`` is the type that the SAM transform makes of one of its own.

    ``names`` are the attributes that `!GetAtt` knows, None where that is not judged (custom types, nested stacks);
    ``secrets`` are those that open something. ``calls`` tell what the physical id does not determine.
    """

    becomes: str | None = None
    form: Form = Form()
    names: frozenset[str] | None = None
    secrets: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()


class Table(Struct, frozen=True, kw_only=True):
    """The types, each still in JSON. ``source`` says of which schemas they are made."""

    source: str
    types: Mapping[str, msgspec.Raw]


_UNKNOWN = ResourceType(form=Form(reads=r".*"))


@cache
def table() -> Table:
    return msgspec.json.decode(_TABLE.read_bytes(), type=Table)


@cache
def resource_type(name: str) -> ResourceType:
    """A type that is not in the table has ids of any form, and nothing follows from them."""
    known = table().types.get(name)
    return msgspec.json.decode(known, type=ResourceType) if known is not None else _UNKNOWN
