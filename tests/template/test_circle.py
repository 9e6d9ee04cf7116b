"""Ways round among names that need one another."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from samlocal.template.circle import circle, circles

_NAMES = "ABCDEF"
_NEEDS = st.dictionaries(st.sampled_from(_NAMES), st.lists(st.sampled_from(_NAMES), max_size=3), max_size=6)


def reaches_itself(needs: dict[str, list[str]], name: str) -> bool:
    reached: set[str] = set()
    waiting = list(needs[name])
    while waiting:
        each = waiting.pop()
        if each in needs and each not in reached:
            reached.add(each)
            waiting += needs[each]
    return name in reached


@given(_NEEDS)
def test_each_way_round_is_one_and_without_them_none_is_left(needs: dict[str, list[str]]) -> None:
    ways = list(circles(needs))

    for way in ways:
        assert all(needed in needs[name] for name, needed in itertools.pairwise(way))
        assert way[0] == way[-1] == min(way, key=list(needs).index)
    told = [name for way in ways for name in way[1:]]
    assert len(told) == len(set(told))
    rest = {name: [each for each in needed if each not in told] for name, needed in needs.items() if name not in told}
    assert not any(reaches_itself(rest, name) for name in rest)
    assert bool(ways) == any(reaches_itself(needs, name) for name in needs)


def test_a_resource_that_needs_itself_is_a_circle() -> None:
    assert circle({"A": {"DependsOn": "A"}}) == ["A", "A"]


def test_thousands_of_resources_in_a_row_are_followed() -> None:
    row = {f"R{n}": {"DependsOn": [f"R{n + 1}"]} for n in range(5000)}

    assert circle(row) is None
    way = circle({**row, "R5000": {"DependsOn": "R0"}})
    assert way is not None
    assert way == [*(f"R{n}" for n in range(5001)), "R0"]
