"""What CloudFormation refuses before it deploys: values of parameters, and variables that are no text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Project, function, template

from samlocal.errors import ConfigurationError, SamlocalError, TemplateError
from samlocal.function.application import Application, application
from samlocal.function.parameters import parse_overrides
from samlocal.template.reader import parse

# What each parameter is declared with, values that it takes, and values that it does not (CloudFormation template
# reference, "Parameters").
CONSTRAINTS: list[tuple[str, list[str], list[str]]] = [
    ("Type: Number", ["3", "-3", "3.5", "1e3"], ["xyz", "", "3 4", "0x1F", "٣", "1_000"]),
    ("Type: Number, MinValue: 2, MaxValue: 10", ["2", "10", "2.5"], ["1", "11", "-3"]),
    ("Type: List<Number>", ["1,2", "1, 2"], ["1,b", "1,,2"]),
    ("Type: String, MinLength: 2, MaxLength: 4", ["ab", "abcd"], ["a", "abcde"]),
    ("Type: String, AllowedPattern: '[a-z]+'", ["abc"], ["abc1", "Abc", "abc\n"]),
    ("Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", ["a,b", "a, b"], ["a,B"]),
    ("Type: CommaDelimitedList, AllowedValues: [a, b]", ["a", "b,a"], ["a,c"]),
    ("Type: Number, AllowedValues: [1, 2]", ["1"], ["3"]),
]


def app(declared: str, *, given: str | None = None, default: str | None = None) -> Application:
    body = f"{{{declared}{'' if default is None else f', Default: {default!r}'}}}"
    text = f"Parameters:\n  P: {body}\nResources:\n  T: {{Type: AWS::SNS::Topic}}\n"
    flags = {} if given is None else parse_overrides({"P": given}, origin="--parameter-overrides")
    return application(
        parse(text, path=Path("template.yaml")), environment=None, region="eu-west-1", flags=flags, configured={}
    )


@pytest.mark.parametrize(
    ("declared", "value"), [(declared, value) for declared, takes, _ in CONSTRAINTS for value in takes]
)
def test_a_value_that_cloudformation_takes_is_taken(declared: str, value: str) -> None:
    app(declared, given=value)


@pytest.mark.parametrize(
    ("declared", "value"), [(declared, value) for declared, _, refuses in CONSTRAINTS for value in refuses]
)
def test_a_value_that_cloudformation_refuses_is_refused(declared: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        app(declared, given=value)

    assert caught.value.message.startswith("--parameter-overrides: the parameter P ")


@pytest.mark.parametrize(
    ("declared", "default"),
    [
        ("Type: String, AllowedValues: [dev, prod]", "qa"),
        ("Type: Number", "many"),
        ("Type: String, MinLength: 3", "a"),
    ],
)
def test_a_default_that_cloudformation_refuses_is_an_error_at_its_line(declared: str, default: str) -> None:
    with pytest.raises(TemplateError) as caught:
        app(declared, default=default)

    assert caught.value.message.startswith("template.yaml:2: the default: the parameter P ")


def test_what_a_value_has_to_be_is_said_in_the_templates_own_words() -> None:
    declared = "Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters only"
    with pytest.raises(ConfigurationError) as caught:
        app(declared, given="ABC")

    assert caught.value.tip == "small letters only."


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(SamlocalError) as caught:
        app("Type: String, NoEcho: true, AllowedPattern: '[0-9]+'", given="hunter2")

    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "nothing"),
        (["a", "b"], "a list"),
        ({"a": "b"}, "a mapping"),
        ({"Fn::Split": [",", "a,b"]}, "a list"),
        ({"Fn::GetAZs": ""}, "a list"),
    ],
)
def test_a_variable_that_is_no_text_is_refused_as_cloudformation_does(
    project: Callable[..., Project], value: Any, what: str
) -> None:
    made = project(
        {"template.json": template(Fn=function(Environment={"Variables": {"VALUE": value}})), "code/app.py": ""}
    )

    outcome = made.run("env", "Fn").ended(3)

    assert f"a variable's value is text, this is {what}" in outcome.stderr


def test_variables_over_4_kb_together_are_warned_of(project: Callable[..., Project]) -> None:
    def files(size: int) -> dict[str, Any]:
        return {"template.json": template(Fn=function(Environment={"Variables": {"BIG": "x" * size}}))}

    # {"BIG":"…"} is ten characters longer than the value.
    assert "Lambda takes 4,096" in project(files(4087)).run("env", "Fn").succeeded().stderr
    assert "Lambda takes 4,096" not in project(files(4086)).run("env", "Fn").succeeded().stderr
