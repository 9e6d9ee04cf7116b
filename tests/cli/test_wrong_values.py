"""Wrong values of options: each says where it stands, what it is, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from kit import Project, python

from samlocal.errors import ExitStatus

PROJECT = python("def handler(event, context):\n    return event\n")


@dataclass(frozen=True)
class Wrong:
    """One row: what stands in [default.samlocal.parameters], or is typed, or is in the environment."""

    name: str
    says: str
    file: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    args: tuple[str, ...] = ("env", "Fn")
    environ: Mapping[str, str] = field(default_factory=dict)
    status: ExitStatus = ExitStatus.CONFIGURATION


RUN = ("invoke", "Fn")
PLACE = r"samconfig\.toml \[default\]: "
TABLE = [
    Wrong("a list for a path", PLACE + r"template cannot be \['a'\]\.\nIt is text", 'template_file = ["a"]'),
    Wrong(
        "a table for a number",
        PLACE + r"snapshot_age cannot be .*\nIt is a number of seconds, 0 or more, or never\.",
        "snapshot_age = {a = 1}",
    ),
    Wrong(
        "not a number", PLACE + r"snapshot_age: 'nan' is no number of seconds|snapshot_age: nan", "snapshot_age = nan"
    ),
    Wrong(
        "a number too low", PLACE + r"repeat: 0 is not .*\nIt is a whole number, 1 or more", "repeat = 0", args=RUN
    ),
    Wrong(
        "a table for events",
        PLACE + r"event cannot be .*\nIt is text, or a list of texts",
        "event = {a = 1}",
        args=RUN,
    ),
    Wrong(
        "a variable too low",
        r"SAMLOCAL_REPEAT: 0 is not .*\nIt is a whole",
        environ={"SAMLOCAL_REPEAT": "0"},
        args=RUN,
    ),
    Wrong("true for a number", PLACE + r"snapshot_age cannot be True\.\nIt is a number", "snapshot_age = true"),
    Wrong(
        "no length of time",
        PLACE + r"keep: 'soon' is no .*\nIt is a length of time: 90s, 10m, 1h\.",
        'keep = "soon"',
        args=RUN,
    ),
    Wrong(
        "a list for a length of time", PLACE + r"keep cannot be .*\nIt is a length of time", "keep = [1]", args=RUN
    ),
    Wrong(
        "a variable that is no length of time",
        r"SAMLOCAL_KEEP: 'soon' is no .*\nIt is a length of time",
        environ={"SAMLOCAL_KEEP": "soon"},
        args=RUN,
    ),
    Wrong("a negative number", PLACE + r"snapshot_age: -1 is no", "snapshot_age = -1"),
    Wrong("text for a number", PLACE + r"snapshot_age: 'soon' is no", 'snapshot_age = "soon"'),
    Wrong("a date for a text", PLACE + r"region cannot be ", "region = 2026-01-01"),
    Wrong("a number for a path", PLACE + r"template cannot be 7", "template_file = 7"),
    Wrong("true for a text", PLACE + r"region cannot be True", "region = true"),
    Wrong("a number for a flag", PLACE + r"refresh cannot be 7\.\nIt is true or false", "refresh = 7"),
    Wrong("text for a flag", PLACE + r"refresh: .*boolean", 'refresh = "perhaps"'),
    Wrong("a table for a list", PLACE + r"set cannot be ", "set = {AA = 1}"),
    Wrong("a list in a list", PLACE + r"set cannot be ", 'set = [["AA=1"]]'),
    Wrong("no choice", PLACE + r"output: 'xml' is not one of .*\nIt is one of table, json", 'output = "xml"'),
    Wrong("a NUL in a path", PLACE + r"template cannot be '.*a\\x00b'", 'template_file = "a\\u0000b"'),
    Wrong("a list for an environment's name", PLACE + r"env_name cannot be \['test'\]", 'env_name = ["test"]'),
    Wrong("an override that is none", PLACE + r"7 is no parameter override", "parameter_overrides = 7"),
    Wrong(
        "a setting's misspelt name",
        r"there is no option 'snapshot_aeg'; did you mean snapshot_age",
        "snapshot_aeg = 1",
    ),
    Wrong("no TOML", r"samconfig\.toml: not valid TOML: .*line 2", "snapshot_age = = 1"),
    Wrong("nested too deeply", r"samconfig\.toml: is nested too deeply", f"region = {'[' * 5000}"),
    Wrong("a number of 6,000 digits", r"samconfig\.toml: not valid TOML", f"snapshot_age = {'9' * 6000}"),
    Wrong("an encoding of its own", r"samconfig\.toml: is not UTF-8", files={"samconfig.toml": b"# \xfc"}),
    Wrong("a list for a file", r"samconfig\.yaml: holds no sections", files={"samconfig.yaml": "- a\n"}),
    Wrong(
        "a file that is no YAML",
        r"samconfig\.yaml: not valid YAML: found character .* \(at line 2, column 1\)\.\n",
        files={"samconfig.yaml": "default:\n\ta: b\n"},
    ),
    Wrong(
        "a variable that is no number", r"SAMLOCAL_SNAPSHOT_AGE: 'x' is no", environ={"SAMLOCAL_SNAPSHOT_AGE": "x"}
    ),
    Wrong("a variable that is no flag", r"SAMLOCAL_REFRESH: .*boolean", environ={"SAMLOCAL_REFRESH": "perhaps"}),
    Wrong(
        "--snapshot-age nan",
        r"--snapshot-age.*'nan' is no number of seconds",
        args=("list", "--snapshot-age", "nan"),
        status=ExitStatus.USAGE,
    ),
    Wrong(
        "an override without a value",
        r"--parameter-overrides: 'Stage' .*\nWrite ",
        args=("list", "--parameter-overrides", "Stage"),
    ),
    Wrong(
        "an absent --env-vars file",
        r"vars\.json: there is no such file of variables",
        args=("list", "--env-vars", "vars.json"),
    ),
    Wrong(
        "an --env-vars file that is a list",
        r"vars\.json:1: a --env-vars file is a mapping .*this is a list",
        files={"vars.json": "[]"},
        args=("list", "--env-vars", "vars.json"),
    ),
    Wrong(
        "an --env-vars file that is no JSON",
        r"vars\.json:1:\d+: the --env-vars file is not valid",
        files={"vars.json": '{"Parameters": '},
        args=("list", "--env-vars", "vars.json"),
    ),
    Wrong(
        "an --env-vars file in another encoding",
        r"vars\.json: the file of variables is not UTF-8",
        files={"vars.json": '{"Parameters": {}}'.encode("utf-16")},
        args=("list", "--env-vars", "vars.json"),
    ),
    Wrong("a --env-vars folder", r"code: the file of variables cannot be read", args=("list", "--env-vars", "code")),
    Wrong(
        ".env in another encoding",
        r"\.env: the file of variables is not UTF-8: byte 5",
        files={".env": b"CITY=\xfcx"},
    ),
    Wrong(".env in UTF-16", r"\.env: the file of variables is not UTF-8", files={".env": "AA=1".encode("utf-16")}),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_wrong_value_is_named_with_its_place_and_what_to_do(project: Callable[..., Project], row: Wrong) -> None:
    files = {**PROJECT, **row.files}
    if row.file:
        files["samconfig.toml"] = f"[default.samlocal.parameters]\n{row.file}\n"
    outcome = project(files).run(*row.args, environ=row.environ).ended(row.status)
    assert outcome.stdout == b""
    assert re.search(row.says, outcome.stderr), outcome.stderr


def test_a_list_option_may_be_one_text_in_the_file(project: Callable[..., Project]) -> None:
    made = project({**PROJECT, "samconfig.toml": '[default.samlocal.parameters]\nset = "CITY=Rome"\n'})
    assert b"CITY=" in made.run("env", "Fn", "--output", "dotenv").succeeded().stdout


def test_a_flag_that_is_typed_wins_over_a_wrong_variable(project: Callable[..., Project]) -> None:
    made = project(PROJECT)
    made.run("list", "--output", "json", environ={"SAMLOCAL_OUTPUT": "dotenv"}).succeeded()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("upp",), "There is no command upp; did you mean up?"),
        (("invoek",), "There is no command invoek; did you mean invoke?"),
        (("local", "sed"), "There is no command local sed; did you mean seed?"),
        (("event", "genrate"), "There is no command event genrate; did you mean generate?"),
        (("layers", "qqq"), "There is no command layers qqq.\n"),
    ],
)
def test_a_command_that_there_is_not_is_named_with_the_one_that_was_meant(
    project: Callable[..., Project], typed: tuple[str, ...], says: str
) -> None:
    assert says in project(PROJECT).run(*typed).ended(ExitStatus.USAGE).stderr
