"""Regular expressions of a template's: what they are in Java, and that none of them holds anybody up.

Source: Java SE API, ``java.util.regex.Pattern``, ``Matcher.replaceAll`` and ``String.split``.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest
from front_kit import ran

from samlocal.http_api.regular_expression import PatternError, fits, is_in, parts, replaced
from samlocal.http_api.time_limit import TimeLimitError, aside
from samlocal.wildcard import wildcard

ENDLESS = "(a|aa)+$"
TRIED_ON = "a" * 100 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "fitting"),
    [
        ("[a-z&&[^b]]+", "acd", True),
        ("[a-z&&[^b]]+", "abc", False),
        (r"\Qa.b\E+", "a.bb", True),
        (r"\Qa.b", "axb", False),
        (r"(?<twice>ab)\k<twice>", "abab", True),
        (r"(?<twice>ab)\k<twice>", "abba", False),
        (r"\d+", "٣", False),
        (r"[\w-]+", "a-b", True),
        (r"[^\s,]+", "a b", False),
        (r"\p{L}+", "é", True),
        ("a++b", "aab", True),
        ("(?!x).+", "xa", False),
        (".*Error.*", "an Error here", True),
        (".*", "a\nb", False),
        (r"(.|\n)*", "a\nb", True),
    ],
)
def test_a_pattern_means_what_it_means_in_java(pattern: str, text: str, *, fitting: bool) -> None:
    assert fits(pattern, text) is fitting


def test_a_pattern_is_found_anywhere_replaced_by_its_groups_and_split_at() -> None:
    assert is_in("b+", "abbc")
    assert replaced(r"(\d)(?<unit>m|s)?", r"<$1 ${unit}\$>", "1m2") == "<1 m$><2 $>"
    assert [parts(",", text) for text in ("a,b,,", ",a", ",", "")] == [["a", "b"], ["", "a"], [], [""]]
    assert parts("", "abc") == ["a", "b", "c"]


@pytest.mark.parametrize("call", [partial(fits, "("), partial(replaced, "a", "$1")])
def test_what_is_no_pattern_is_named(call: partial[object]) -> None:
    with pytest.raises(PatternError, match=r"\(|\$1"):
        call("a")


def test_a_pattern_that_does_not_come_to_an_end_is_given_up_and_holds_nobody_up_meanwhile() -> None:
    async def both() -> list[float]:
        turns = []
        trying = asyncio.create_task(aside(partial(fits, ENDLESS, TRIED_ON)))
        while not trying.done():
            turns.append(time.monotonic())
            await asyncio.sleep(0.001)
        with pytest.raises(TimeLimitError, match=r"\(a\|aa\)\+\$ does not come to an end within 2 s"):
            await trying
        return turns

    # Python's own would hold the loop for ever: these were its turns while the pattern was tried.
    assert len(ran(both())) > 20


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "a*" * 30 + "?*b"])
def test_a_wildcard_with_many_stars_comes_to_an_end(pattern: str) -> None:
    assert wildcard(pattern, one=True).fullmatch("a" * 5000) is None
