"""An event is made that a pattern lets through; moto's own matching is the judge."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern as MotosPattern

from samlocal.event_pattern import event_pattern
from samlocal.events.examples import example

PATTERNS: list[dict[str, Any]] = [
    {"source": ["my.app"], "detail-type": ["a", "b"]},
    {"detail": {"key": [{"prefix": "in/"}], "name": [{"suffix": ".jpg"}]}},
    {"detail": {"n": [{"numeric": [">", 5]}], "m": [{"numeric": [">=", 0, "<", 1]}], "o": [{"numeric": ["=", 3.5]}]}},
    {"detail": {"there": [{"exists": True}], "gone": [{"exists": False}]}},
    {"detail": {"state": [{"anything-but": ["example", "another"]}], "other": [{"anything-but": {"prefix": "e"}}]}},
    {"detail": {"flag": [True], "count": [0], "none": [None]}},
    {"$or": [{"source": ["x"]}, {"source": ["y"]}], "region": ["eu-west-1"]},
    {"detail": {"name": [{"equals-ignore-case": "ABC"}]}},
    {"detail": {"address": [{"cidr": "10.1.0.0/24"}]}},
    {"detail": {"path": [{"wildcard": "a/*/c"}]}},
    {"detail": {"never": [{"numeric": [">", 5]}, "word"]}},
]

# What moto's matching does not know.
_NOT_MOTOS = ("cidr", "wildcard", "equals-ignore-case", "suffix", '{"prefix": "e"}')


@pytest.mark.parametrize("rule", PATTERNS, ids=json.dumps)
def test_the_pattern_lets_its_example_through(rule: dict[str, Any]) -> None:
    pattern = event_pattern(rule)
    made = example(pattern)
    assert pattern.matches(made)
    text = json.dumps(rule)
    if not any(operator in text for operator in _NOT_MOTOS):
        assert MotosPattern.load(text).matches_event(made)


def test_an_example_has_nothing_that_is_not_asked_for() -> None:
    assert example(event_pattern({"detail": {"a": ["x"], "b": [{"exists": False}]}})) == {"detail": {"a": "x"}}
