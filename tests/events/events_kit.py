"""What the tests of generated events share: events made without a command, and what they look like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml

from samlocal.events import catalog
from samlocal.events.generation import Link, generate
from samlocal.events.kind import Kind

AT = 1767225600.123
"""2026-01-01T00:00:00.123Z."""

DOCUMENTED = Path(__file__).with_name("documented")

ALL = [kind for service in catalog.services() for kind in catalog.kinds(service).values()]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "number": (int, float),
    "bool": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "list": (list,),
}


def kind_of(name: str) -> Kind:
    service, type_ = name.split()
    return catalog.kinds(service)[type_]


def made(name: str | Kind, *, count: int | None = None, seed: int = 1, **flags: Any) -> Any:
    """An event; each flag has a list of values, or one."""
    kind = kind_of(name) if isinstance(name, str) else name
    return generate([link(kind, count=count, **flags)], Random(seed), now=AT)


def chained(*links: Link, seed: int = 1) -> Any:
    return generate(links, Random(seed), now=AT)


def link(name: str | Kind, *, count: int | None = None, **flags: Any) -> Link:
    kind = kind_of(name) if isinstance(name, str) else name
    given = {name.replace("_", "-"): value if isinstance(value, list) else [value] for name, value in flags.items()}
    given |= {name: [list(value[0].items())] for name, value in given.items() if kind.flags[name].type == "pairs"}
    return Link(kind=kind, given=given, count=count)


def documented() -> list[tuple[str, Mapping[str, Any]]]:
    """Each event's name and what its file in ``documented/`` says of it."""
    return [
        (name, each)
        for file in sorted(DOCUMENTED.glob("*.yaml"))
        for each in yaml.safe_load(file.read_text(encoding="utf-8"))
        for name in each["events"]
    ]


def differences(found: Any, looks: Any, where: str = "") -> list[str]:
    """In which places a document does not look as it is documented.

    ``looks`` has the names of types for values, a list's one item for all of its, a ``?`` behind the names of members
    that need not be there, and ``*`` for a member of any name.
    """
    match looks:
        case str():
            allowed = tuple(type_ for name in looks.split("|") for type_ in _TYPES[name])
            wrong = not isinstance(found, allowed) or (isinstance(found, bool) and bool not in allowed)
            return [f"{where}: {found!r} is no {looks}"] if wrong else []
        case list():
            if not isinstance(found, list):
                return [f"{where}: {found!r} is no list"]
            if len(looks) > 1:
                return differences(dict(enumerate(found)), dict(enumerate(looks)), where)
            return [each for item in found for each in differences(item, looks[0], f"{where}[]")]
    if not isinstance(found, dict):
        return [f"{where}: {found!r} is no object"]
    wanted = {str(name).removesuffix("?"): (str(name).endswith("?"), what) for name, what in looks.items()}
    wrong_names = []
    for name, (optional, _) in wanted.items():
        if name not in {"*", *map(str, found)} and not optional:
            wrong_names.append(f"{where}.{name} is not there")
    for name, value in found.items():
        if str(name) in wanted:
            wrong_names += differences(value, wanted[str(name)][1], f"{where}.{name}")
        elif "*" in wanted:
            wrong_names += differences(value, wanted["*"][1], f"{where}.{name}")
        else:
            wrong_names.append(f"{where}.{name} is documented nowhere")
    return wrong_names
