"""Filter patterns of log groups.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: the patterns and events are its
examples', and those of its pages.
"""

from __future__ import annotations

import json

import pytest

from samlocal.local.moto.log_pattern import LogPatternError, log_pattern

ERRORS = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "INFO: all is well",
    "WARN: not quite",
]


def lines(pattern: str) -> list[str]:
    passes = log_pattern(pattern)
    return [line for line in ERRORS if passes(line)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ERRORS),
        ("ERROR", ERRORS[:4]),
        ("ERROR ARGUMENTS", ERRORS[2:4]),
        ("?ERROR ?WARN", [*ERRORS[:4], ERRORS[5]]),
        ('"INVALID ARGUMENTS"', [ERRORS[3]]),
        ("ERROR -ARGUMENTS", ERRORS[:2]),
        # Terms are case-sensitive.
        ("error", []),
        ("%ERROR 40[01]%", ERRORS[:2]),
    ],
)
def test_terms_are_looked_for_in_the_whole_event(pattern: str, expected: list[str]) -> None:
    assert lines(pattern) == expected


EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "cluster.name": "c",
    "count": 5,
    "good": True,
}


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "updatetrail" }', False),
        ('{ $.sourceIPAddress != "123.123.*" }', True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.objectList[*].name = "b" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.eventType = %Trail$% }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.count NOT EXISTS }", False),
        ("{ $.good IS TRUE }", True),
        ("{ $.good IS FALSE }", False),
        ("{ $.count > 4 }", True),
        ("{ $.count >= 5.5 }", False),
        ('{ ($.count = 5) && ($.eventType = "UpdateTrail") }', True),
        ('{ ($.count = 6) && ($.eventType = "UpdateTrail") }', False),
        ('{ ($.count = 6) || ($.eventType = "UpdateTrail") }', True),
        ('{ $.count = 6 || $.good IS TRUE && $.eventType = "Other" }', False),
        ('{ $["cluster.name"] = "c" }', True),
    ],
)
def test_json_is_compared_by_its_properties(pattern: str, passes: bool) -> None:
    assert log_pattern(pattern)(json.dumps(EVENT)) is passes


def test_what_is_no_json_has_no_properties() -> None:
    assert not log_pattern("{ $.count NOT EXISTS }")("ERROR, in plain words")


ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code=4*, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code=5*, bytes]", False),
        ("[ip, user, username]", False),
        ("[..., status_code=404, bytes]", True),
        ('[ip, user, username, timestamp, request="*html*", status_code, bytes]', True),
        ("[ip, user, username, timestamp, request, status_code = 404 || status_code = 410, bytes]", True),
        ("[ip, user!=Prod, ...]", False),
    ],
)
def test_words_are_compared_by_their_place(pattern: str, passes: bool) -> None:
    assert log_pattern(pattern)(ACCESS) is passes


@pytest.mark.parametrize("pattern", ["{ $.a = }", "{ a = 1 }", "{ ($.a = 1 }", "{ $.a > b }", "%[%"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(LogPatternError):
        log_pattern(pattern)
