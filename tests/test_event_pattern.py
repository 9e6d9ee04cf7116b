"""Event patterns, by EventBridge's documentation of its operators.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from typing import Any

import pytest

from samlocal.event_pattern import PatternError, event_pattern

# A pattern, what it lets through, what it does not.
TABLE: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "equals": ({"a": ["x"]}, [{"a": "x"}, {"a": "x", "b": 1}], [{"a": "y"}, {"a": "X"}, {}]),
    "one of several": ({"a": ["x", "y"]}, [{"a": "y"}], [{"a": "z"}]),
    "all members": ({"a": ["x"], "b": [1]}, [{"a": "x", "b": 1}], [{"a": "x"}, {"a": "x", "b": 2}]),
    "inside": ({"d": {"a": ["x"]}}, [{"d": {"a": "x", "b": 2}}], [{"d": {"a": "y"}}, {"d": "x"}, {"a": "x"}]),
    "an array of the event": ({"a": ["x"]}, [{"a": ["w", "x"]}], [{"a": ["w"]}, {"a": []}]),
    "objects in an array": ({"a": {"b": [1]}}, [{"a": [{"b": 2}, {"b": 1}]}], [{"a": [{"b": 2}]}, {"a": []}]),
    "null": ({"a": [None]}, [{"a": None}], [{"a": ""}, {"a": 0}, {}]),
    "empty text": ({"a": [""]}, [{"a": ""}], [{"a": None}, {"a": "x"}]),
    "true is not 1": ({"a": [True]}, [{"a": True}], [{"a": 1}, {"a": "true"}]),
    "300 is not 300.0": ({"a": [300]}, [{"a": 300}], [{"a": 300.0}, {"a": "300"}]),
    "prefix": ({"a": [{"prefix": "us-"}]}, [{"a": "us-east-1"}], [{"a": "eu-us-"}, {"a": 5}, {}]),
    "prefix, whatever case": (
        {"a": [{"prefix": {"equals-ignore-case": "EventB"}}]},
        [{"a": "EVENTBridge"}],
        [{"a": "E"}],
    ),
    "suffix": ({"a": [{"suffix": ".png"}]}, [{"a": "x.png"}], [{"a": "x.PNG"}, {"a": "png"}]),
    "suffix, whatever case": (
        {"a": [{"suffix": {"equals-ignore-case": ".png"}}]},
        [{"a": "x.PNG"}],
        [{"a": "x.gif"}],
    ),
    "equals-ignore-case": ({"a": [{"equals-ignore-case": "alice"}]}, [{"a": "ALICE"}], [{"a": "alice2"}]),
    "anything-but": ({"a": [{"anything-but": "x"}]}, [{"a": "y"}, {"a": 5}], [{"a": "x"}, {}]),
    "anything-but several": ({"a": [{"anything-but": ["x", 5]}]}, [{"a": "y"}, {"a": 6}], [{"a": "x"}, {"a": 5}]),
    "anything-but, whatever case": (
        {"a": [{"anything-but": {"equals-ignore-case": ["init", "done"]}}]},
        [{"a": "running"}],
        [{"a": "INIT"}, {"a": "Done"}],
    ),
    "anything-but a prefix": ({"a": [{"anything-but": {"prefix": ["in", "ex"]}}]}, [{"a": "x"}], [{"a": "init"}]),
    "anything-but a suffix": ({"a": [{"anything-but": {"suffix": ".txt"}}]}, [{"a": "x.png"}], [{"a": "x.txt"}]),
    "anything-but a wildcard": (
        {"a": [{"anything-but": {"wildcard": "*/lib/*"}}]},
        [{"a": "/bin"}],
        [{"a": "/lib/x"}],
    ),
    "numeric": ({"a": [{"numeric": ["=", 300]}]}, [{"a": 300}, {"a": 300.0}], [{"a": 301}, {"a": "300"}]),
    "numeric range": ({"a": [{"numeric": [">", 0, "<=", 5]}]}, [{"a": 5}, {"a": 0.1}], [{"a": 0}, {"a": 6}, {}]),
    "exists": ({"a": [{"exists": True}]}, [{"a": 0}, {"a": None}, {"a": [1]}], [{}, {"a": {"b": 1}}]),
    "does not exist": ({"d": {"a": [{"exists": False}]}}, [{"d": {"b": 1}}, {}], [{"d": {"a": 1}}]),
    "exists, or else": ({"a": [{"exists": False}, "x"]}, [{}, {"a": "x"}], [{"a": "y"}]),
    "cidr": ({"ip": [{"cidr": "10.0.0.0/24"}]}, [{"ip": "10.0.0.255"}], [{"ip": "10.0.1.0"}, {"ip": "host"}]),
    "cidr of IPv6": ({"ip": [{"cidr": "2001:db8::/32"}]}, [{"ip": "2001:db8::1"}], [{"ip": "10.0.0.1"}]),
    "wildcard": ({"a": [{"wildcard": "dir/*.png"}]}, [{"a": "dir/x/y.png"}, {"a": "dir/.png"}], [{"a": "dir/x.gif"}]),
    "several wildcards": (
        {"a": [{"wildcard": "x*ab*b*c"}]},
        [{"a": "xabbc"}, {"a": "x ab ab b c c"}],
        [{"a": "xabc"}, {"a": "xabbcd"}, {"a": "xbabc"}, {"a": "wxabbc"}],
    ),
    "wildcards side by side": ({"a": [{"wildcard": "**x**"}]}, [{"a": "x"}, {"a": "axb"}], [{"a": "ab"}]),
    "a wildcard's text is there once": ({"a": [{"wildcard": "aba*aba"}]}, [{"a": "abaaba"}], [{"a": "ababa"}]),
    "wildcard's own star": ({"a": [{"wildcard": r"a\*b\\*"}]}, [{"a": "a*b\\x"}], [{"a": "aXb\\x"}]),
    "or": (
        {"source": ["m"], "$or": [{"n": [{"prefix": "C"}]}, {"v": [{"numeric": [">", 90]}]}]},
        [{"source": "m", "n": "CPU"}, {"source": "m", "v": 91}],
        [{"source": "m", "v": 90}, {"source": "x", "n": "CPU"}],
    ),
    "nothing asked": ({}, [{}, {"a": 1}], []),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_pattern_lets_through_what_eventbridge_says(name: str) -> None:
    rule, through, kept_back = TABLE[name]
    pattern = event_pattern(rule)
    assert [event for event in through if not pattern.matches(event)] == []
    assert [event for event in kept_back if pattern.matches(event)] == []


def test_a_pattern_of_many_wildcards_is_as_quick_as_one() -> None:
    pattern = event_pattern({"a": [{"wildcard": "*a" * 40 + "*b"}]})
    assert not pattern.matches({"a": "a" * 1_000})
    assert pattern.matches({"a": "a" * 1_000 + "b"})


def test_lists_in_lists_are_read_however_deep_they_are() -> None:
    deep: Any = "x"
    for _ in range(50_000):
        deep = [deep]
    assert event_pattern({"a": ["x"]}).matches({"a": deep})
    assert not event_pattern({"a": ["y"]}).matches({"a": deep})


@pytest.mark.parametrize(
    "rule",
    [
        [],
        "text",
        {"a": "x"},
        {"a": 5},
        {"a": []},
        {"a": [["x"]]},
        {"a": [{"prefix": 5}]},
        {"a": [{"exists": "yes"}]},
        {"a": [{"numeric": []}]},
        {"a": [{"numeric": [">"]}]},
        {"a": [{"numeric": ["~", 5]}]},
        {"a": [{"numeric": [">", "5"]}]},
        {"a": [{"cidr": "10.0.0"}]},
        {"a": [{"anything-but": []}]},
        {"a": [{"anything-but": {"exists": True}}]},
        {"a": [{"prefix": "x", "suffix": "y"}]},
        {"a": [{"like": "x"}]},
        {"$or": []},
        {"$or": {"a": ["x"]}},
        {"d": {"a": "x"}},
    ],
)
def test_what_is_no_pattern_is_refused(rule: Any) -> None:
    with pytest.raises(PatternError):
        event_pattern(rule)
