"""Which events there are: the files of ``data/``, a folder for each service, read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from samlocal.events.kind import Flag, Kind, kinds_of, shape_of

_DATA = Path(__file__).with_name("data")
_COMMON = "common.json"


@cache
def services() -> tuple[str, ...]:
    return tuple(sorted(folder.name for folder in _DATA.iterdir() if folder.is_dir()))


@cache
def kinds(service: str) -> Mapping[str, Kind]:
    """A service's events by type, as its files have them. Raises KeyError for one that is not there."""
    if service not in services():
        raise KeyError(service)
    return {
        kind.type: kind
        for file in sorted((_DATA / service).glob("*.json"))
        for kind in kinds_of(service, shape_of(file.read_bytes()), common())
    }


def holder(service: str) -> Kind | None:
    """The event of a service that others stand inside of."""
    return next((kind for kind in kinds(service).values() if kind.shape.holds), None)


@cache
def common() -> Mapping[str, Flag]:
    """The flags of all events, such as the region: each event has those that it uses."""
    return msgspec.json.decode((_DATA / _COMMON).read_bytes(), type=dict[str, Flag])
