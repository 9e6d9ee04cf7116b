"""Every event against what AWS documents, or others have recorded, of it."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from events_kit import ALL, AT, differences, documented, made

from samlocal.events.flags import FlagsError
from samlocal.events.generation import RAW
from samlocal.events.kind import Kind

_CASES = documented()


@pytest.mark.parametrize(("name", "page"), _CASES, ids=[name for name, _ in _CASES])
def test_an_event_looks_as_its_source_has_it(name: str, page: Mapping[str, Any]) -> None:
    flags = {flag.replace("-", "_"): value for flag, value in page.get("flags", {}).items()}
    assert differences(made(name, **flags), page["looks"]) == []


def test_every_event_has_its_source() -> None:
    assert {kind.name for kind in ALL} == {name for name, _ in _CASES}


@pytest.mark.parametrize("kind", ALL, ids=[kind.name for kind in ALL])
def test_each_flag_is_somewhere_in_its_event(kind: Kind) -> None:
    for name, flag in kind.flags.items():
        if flag.help is None or name == RAW:
            continue
        other = _OTHERS[name] if name in _OTHERS else _OTHERS[flag.type]
        more = (
            {"resource": "/items/{proxy+}"} if name in ("path", "path-parameter") and "resource" in kind.flags else {}
        )
        plain, event = made(kind, **more), made(kind, **{name: other}, **more)
        if flag.type == "text" and not kind.shape.is_request:
            assert _holds(event, str(other)), f"--{name} is nowhere"
        else:
            assert event != plain, f"--{name} changes nothing"


_OTHERS: Mapping[str, Any] = {
    "resource": "/another/{proxy+}",
    "path": "/items/another",
    "path-parameter": {"proxy": "another"},
    "text": "another-3F",
    "int": 7,
    "json": {"an": "other"},
    "item": {"an": "other"},
    "object": {"an": "other"},
    "list": ["another"],
    "moment": AT + 90_000,
    "pairs": {"a": "b"},
    "flag": True,
}


def _holds(node: Any, text: str) -> bool:
    """Whether a text is there, as it is or in base64, gzip or bytes."""
    match node:
        case str():
            with contextlib.suppress(ValueError, OSError, EOFError):
                data = base64.b64decode(node, validate=True)
                if text.encode() in (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data):
                    return True
            return text in node
        case dict():
            return any(text in name or _holds(value, text) for name, value in node.items())
        case list():
            return list(text.encode()) == node or any(_holds(item, text) for item in node)
    return False


@pytest.mark.parametrize("kind", ALL, ids=[kind.name for kind in ALL])
def test_the_same_seed_makes_the_same_event(kind: Kind) -> None:
    assert made(kind, seed=5) == made(kind, seed=5)


_ODD: Mapping[str, Sequence[Any]] = {
    "text": ("", "/", "{", "/{x+}", "$default", "ü", "arn:", "arn:aws:sqs:::x", "a:b/c", "${new}", "x" * 5000),
    "int": (-1, 0, 10**30),
    "json": (5, "x", [], {}, None, True, [1, {}]),
    "list": ([], [1, {}], ["a", None]),
    "object": ({}, {"a": None}, {"ServiceToken": 1}),
    "item": ({}, {"a": {"S": "x"}}, {"a": []}, {"N": "5"}),
    "flag": (True, False),
    "moment": (0.0, -1.0, 1e10),
    "pairs": ({}, {"a": ""}, {"a": "1", "": "2"}),
}


@pytest.mark.parametrize("kind", ALL, ids=[kind.name for kind in ALL])
def test_no_value_of_a_flag_is_a_fault(kind: Kind) -> None:
    for name, flag in kind.flags.items():
        for value in _ODD[flag.type] if flag.help is not None else ():
            for count in (None, 2) if kind.repeats else (None,):
                with contextlib.suppress(FlagsError):
                    json.dumps(made(kind, count=count, **{name: [value]}))
