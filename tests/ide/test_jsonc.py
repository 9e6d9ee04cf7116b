"""Entries are added to an editor's file and nothing else in it changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.errors import ConfigurationError
from samlocal.ide.jsonc import with_entries

FILE = Path("launch.json")


def added(text: str, *names: str, replace: bool = False) -> str:
    entries = [{"name": name, "port": 1} for name in names]
    return with_entries(text, "configurations", entries, named_by="name", replace=replace, path=FILE)


def plain(text: str) -> dict[str, list[dict[str, object]]]:
    """The text without its comments and last commas, read by Python's own parser."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    found: dict[str, list[dict[str, object]]] = json.loads(re.sub(r",(\s*[\]}])", r"\1", text))
    return found


TEXTS = {
    "empty list": '{\n  "configurations": []\n}\n',
    "only a comment": '{\n  "configurations": [\n    // none yet\n  ]\n}\n',
    "no list": '{\n  // mine\n  "version": "0.2.0" // v\n}\n',
    "no list, last comma": '{\n  "version": "0.2.0", // v\n}\n',
    "nothing": "{}",
    "an entry": '{\n\t"configurations": [\n\t\t{ "name": "mine" } // last\n\t]\n}\n',
    "last commas": '{\n  "configurations": [\n    { "name": "mine", }, // after\n    /* end */\n  ],\n}\n',
    "Windows": '{\r\n  "configurations": [\r\n    { "name": "mine" }\r\n  ]\r\n}\r\n',
    "one line": '{"configurations": [{"name": "mine"}], "compounds": [] /* c */}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_stands_there_stays_and_a_second_time_changes_nothing(text: str) -> None:
    once = added(text, "a", "b")
    names = [entry["name"] for entry in plain(once)["configurations"]]
    assert names == [*(["mine"] if "mine" in text and '"name"' in text else []), "a", "b"]
    for comment in re.findall(r"//[^\r\n]*|/\*.*?\*/", text):
        assert comment in once
    # Character by character, but for the white space and the commas between.
    rest = iter(re.sub(r"[\s,]", "", once))
    assert all(character in rest for character in re.sub(r"[\s,]", "", text))
    assert added(once, "a", "b") == once
    assert once.count("\n") == once.count("\r\n") or "\r" not in once


def test_the_result_reads_as_written_by_hand() -> None:
    text = '{\n    "configurations": [\n        {\n            "name": "mine"\n        } // after\n    ]\n}\n'
    assert added(text, "a") == (
        '{\n    "configurations": [\n        {\n            "name": "mine"\n        }, // after\n'
        '        {\n            "name": "a",\n            "port": 1\n        }\n    ]\n}\n'
    )


def test_a_users_change_to_an_entry_stays_unless_replaced() -> None:
    changed = added('{"configurations": []}', "a").replace('"port": 1', '"port": 99')
    assert added(changed, "a") == changed
    assert plain(added(changed, "a", replace=True))["configurations"] == [{"name": "a", "port": 1}]


@pytest.mark.parametrize(
    ("text", "said"), [("{", "not JSON"), ("[]", "an object"), ('{"configurations": {}}', "a list")]
)
def test_a_file_of_another_form_is_left_and_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        added(text, "a")
    assert str(FILE) in caught.value.message


@given(st.lists(st.text(alphabet='abc "\\/,]}é\t', min_size=1, max_size=8), unique=True, max_size=4))
def test_any_names_survive(names: list[str]) -> None:
    once = added('{\n  "configurations": []\n}', *names)
    assert [entry["name"] for entry in json.loads(once)["configurations"]] == names
    assert added(once, *names) == once
