"""What the user gives: --set, --env-vars in both of SAM CLI's forms and as YAML, .env files, and their order."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import Outcome, Project, function, template

from samlocal.cli.output import Output
from samlocal.cli.world import World
from samlocal.function.overrides import dotenv_line, read_dotenv, read_env_vars

FILES = {
    "template.json": template(
        One=function(Environment={"Variables": {"AA": "template", "BB": "template"}}),
        Two=function(FunctionName="second", Environment={"Variables": {"AA": "template"}}),
    )
}


def variables(outcome: Outcome) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in outcome.succeeded().payload}


def test_sets_win_over_files_and_files_over_dotenv(project: Callable[..., Project]) -> None:
    made = project(
        {
            **FILES,
            ".env": "AA=dotenv\nDOT=dotenv\nCC=dotenv\n",
            "vars.json": {"Parameters": {"AA": "common", "CC": "common"}, "One": {"BB": "one", "NN": 7, "TT": True}},
        }
    )

    outcome = made.run("env", "One", "--env-vars", "vars.json", "--set", "AA=set", "--output", "json")

    assert variables(outcome) == {
        "AA": "set",
        "BB": "one",
        "CC": "common",
        "DOT": "dotenv",
        "NN": "7",
        "TT": "true",
    }


def test_a_section_is_for_its_function_only_and_may_use_its_name(project: Callable[..., Project]) -> None:
    made = project({**FILES, "vars.yaml": "One:\n  AA: one\nsecond:\n  AA: two\n"})

    one = made.run("env", "One", "--env-vars", "vars.yaml", "--output", "json")
    two = made.run("env", "Two", "--env-vars", "vars.yaml", "--output", "json")

    assert variables(one)["AA"] == "one"
    assert variables(two)["AA"] == "two"


def test_the_environments_own_dotenv_wins_over_the_common_one(project: Callable[..., Project]) -> None:
    made = project({**FILES, ".env": "AA=common\n"})

    without = made.run("env", "One", "--output", "json", "--no-dotenv")
    plain = made.run("env", "One", "--output", "json")

    assert variables(without)["AA"] == "template"
    assert variables(plain)["AA"] == "common"
    assert "from .env: AA." in plain.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--env-vars", "vars.json"], "vars.json: there is no function Onne; did you mean One?"),
        (["--set", "AA"], "--set 'AA' has no value."),
        (["--set", "AWS_REGION=x"], "--set: AWS_REGION is Lambda's own and cannot be set."),
        (["--parameter-overrides", "Stgae=1"], "the template has no parameter Stgae."),
    ],
)
def test_an_override_that_matches_nothing_is_an_error(
    project: Callable[..., Project], args: list[str], message: str
) -> None:
    made = project({**FILES, "vars.json": {"Onne": {"AA": "1"}}})

    outcome = made.run("env", "One", *args).ended(4)

    assert message in outcome.stderr


def test_the_env_vars_output_is_a_file_that_gives_the_same_again(project: Callable[..., Project]) -> None:
    made = project(FILES)

    first = made.run("env", "One", "--set", "NEW=1", "--output", "env-vars").succeeded()
    (made.folder / "again.json").write_bytes(first.stdout)
    again = made.run("env", "One", "--env-vars", "again.json", "--output", "json")

    assert first.payload == {"One": {"AA": "template", "BB": "template", "NEW": "1"}}
    assert variables(again) == first.payload["One"]


def test_names_that_lambda_does_not_take_are_left_out_of_dotenv_files_and_told(
    project: Callable[..., Project],
) -> None:
    # Lambda developer guide: two characters at least; AWS_REGION is Lambda's own.
    made = project({**FILES, ".env": "X=short\nAWS_REGION=own\nDOT=taken\n"})
    ran = made.run("env", "One").succeeded()
    assert ".env: X, AWS_REGION not given to functions: Lambda takes no variables of these names." in ran.stderr
    assert "from .env: DOT." in ran.stderr


def test_the_dotenv_output_can_be_read_as_one(project: Callable[..., Project]) -> None:
    made = project(FILES)

    lines = made.run("env", "One", "--set", 'QQ=a "quoted" $value', "--output", "dotenv").succeeded().stdout.decode()
    (made.folder / ".env").write_text(lines)
    again = made.run("env", "One", "--output", "json")

    assert variables(again)["QQ"] == 'a "quoted" $value'
    assert [entry["origin"] for entry in json.loads(again.stdout)] == [[".env:1"], [".env:2"], [".env:3"]]


# What a variable of Lambda can hold: any text of Unicode but NUL, which ends a text for the operating system.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.text(
    "'\"\\\n\r\t $#=`{}%!é漢🎈"
)


@given(values=st.lists(TEXTS, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_as_dotenv_is_read_as_the_same_values(tmp_path: Path, values: list[str]) -> None:
    wanted = {f"NAME{number}": value for number, value in enumerate(values)}
    file = tmp_path / ".env"
    file.write_bytes("".join(f"{dotenv_line(name, value)}\n" for name, value in wanted.items()).encode())

    overrides, left_out = read_dotenv(file, name=".env")

    assert {variable.name: variable.value for variable in overrides.common} == wanted
    assert left_out == ()


@given(values=st.lists(TEXTS, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_as_env_vars_is_read_as_the_same_values(tmp_path: Path, values: list[str]) -> None:
    wanted = {f"NAME{number}": value for number, value in enumerate(values)}
    file = tmp_path / "vars.json"
    written = io.BytesIO()
    Output(World(environ={}, cwd=tmp_path, stdin=io.BytesIO(), stdout=written, stderr=io.StringIO())).document(
        {"Fn": wanted}
    )
    file.write_bytes(written.getvalue())

    assert {variable.name: variable.value for variable in read_env_vars(file).own["Fn"]} == wanted


def test_odd_values_come_back_from_both_kinds_of_files(project: Callable[..., Project]) -> None:
    odd = {
        "QUOTES": """it's "so" `here`""",
        "LINES": "-----BEGIN KEY-----\nabc=\n-----END KEY-----\n",
        "WINDOWS": "C:\\new\\table\r\n",
        "SHELL": "$HOME ${HOME} #not a comment",
        "SPACES": "  both ends\t",
        "WORDS": "Grüße 漢字 🎈",
        "NOTHING": "",
        "TAIL": "ends in a backslash \\",
    }
    resource = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.11", "Handler": "a.b", "Environment": {"Variables": odd}},
    }
    made = project({"template.json": {"Resources": {"Fn": resource}}})

    dotenv = made.run("env", "Fn", "--output", "dotenv").succeeded()
    env_vars = made.run("env", "Fn", "--output", "env-vars").succeeded()
    empty = dict.fromkeys(odd, "")
    resource["Properties"]["Environment"] = {"Variables": empty}  # type: ignore[index]
    (made.folder / "template.json").write_text(json.dumps({"Resources": {"Fn": resource}}))
    (made.folder / "vars.json").write_bytes(env_vars.stdout)
    by_env_vars = made.run("env", "Fn", "--env-vars", "vars.json", "--output", "json")
    (made.folder / ".env").write_bytes(dotenv.stdout)
    by_dotenv = made.run("env", "Fn", "--output", "json")

    assert variables(by_env_vars) == odd
    assert variables(by_dotenv) == odd
