"""Values of parameters: every form in which SAM CLI takes them, and whose value counts.

What SAM CLI 1.170 makes of each form was asked of its own `CfnParameterOverridesType` (samcli/cli/types.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from samlocal.errors import ConfigurationError
from samlocal.function.application import Application, application
from samlocal.function.parameters import check_names, parameter_values, parse_overrides
from samlocal.template.document import Map
from samlocal.template.model import Parameter, template
from samlocal.template.reader import parse
from samlocal.template.values import Known, ParameterValue

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, test, prod]}
  Size: {Type: Number, Default: 1, AllowedValues: [1, 2, 4]}
  Name: {Type: String, Default: orders}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
  Debug: {Type: String, Default: false, AllowedValues: [true, false]}
  Bare: {Type: String}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
Metadata:
  Stage: !Ref Stage
  Name: !Ref Name
  Names: !Ref Names
"""


def overrides(given: object) -> dict[str, str]:
    return {name: value.text for name, value in parse_overrides(given, origin="--parameter-overrides").items()}


def refused(given: object) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_overrides(given, origin="--parameter-overrides")
    return caught.value


def declared() -> Mapping[str, Parameter]:
    return template(parse(TEMPLATE, path=Path("template.yaml"))).parameters


def layer(origin: str, **values: str) -> dict[str, ParameterValue]:
    return {name: ParameterValue(text=text, origin=f"{origin}: {name}") for name, text in values.items()}


# the forms


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Name=carts", {"Name": "carts"}),
        ("Name=carts Stage=prod", {"Name": "carts", "Stage": "prod"}),
        ("  Name=carts   Stage=prod\n", {"Name": "carts", "Stage": "prod"}),
        (("Name=carts", "Stage=prod"), {"Name": "carts", "Stage": "prod"}),
        (["Name=carts Size=2", "Stage=prod"], {"Name": "carts", "Size": "2", "Stage": "prod"}),
        ("Name=a Name=b", {"Name": "b"}),
        # Quotes round spaces, and quotes inside quotes.
        ('Name="two words" Stage=prod', {"Name": "two words", "Stage": "prod"}),
        ("Name='two words' Stage=prod", {"Name": "two words", "Stage": "prod"}),
        (r"Name=two\ words", {"Name": "two words"}),
        ('Name="it\'s"', {"Name": "it's"}),
        ('Name="say \\"hi\\""', {"Name": 'say "hi"'}),
        ('Name=\'{"k": "v"}\'', {"Name": '{"k": "v"}'}),
        ('Name=""', {"Name": ""}),
        # AWS CLI's own form.
        ("ParameterKey=Name,ParameterValue=carts", {"Name": "carts"}),
        (
            "ParameterKey=Name,ParameterValue=carts ParameterKey=Stage,ParameterValue=prod",
            {"Name": "carts", "Stage": "prod"},
        ),
        (("ParameterKey=Name,ParameterValue=carts", "Stage=prod"), {"Name": "carts", "Stage": "prod"}),
        ('ParameterKey=Name,ParameterValue="two words"', {"Name": "two words"}),
        ("ParameterKey=Names,ParameterValue=a,b", {"Names": "a,b"}),
        # What a value may hold.
        ("Name=a=b", {"Name": "a=b"}),
        ("Names=a,b,c", {"Names": "a,b,c"}),
        ("Name=https://x.example/?a=1&b=2#c", {"Name": "https://x.example/?a=1&b=2#c"}),
        ("Name='cron(0 12 * * ? *)'", {"Name": "cron(0 12 * * ? *)"}),
        ("Name=$HOME", {"Name": "$HOME"}),
        # A table in samconfig.toml, and lists of them.
        ({"Name": "two words", "Size": 2}, {"Name": "two words", "Size": "2"}),
        ({"Names": ["a", "b"]}, {"Names": "a,b"}),
        ({"Bare": ""}, {"Bare": ""}),
        ([{"Name": "carts"}, "Stage=prod"], {"Name": "carts", "Stage": "prod"}),
        ([["Name=carts"], ["Stage=prod"]], {"Name": "carts", "Stage": "prod"}),
        # Nothing.
        ("", {}),
        ((), {}),
        ({}, {}),
    ],
)
def test_overrides_are_taken_in_every_form_of_sam_cli(given: object, expected: dict[str, str]) -> None:
    assert overrides(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (r"Name=^\d+$", r"^\d+$"),
        (r"Name=C:\data", r"C:\data"),
        (r'Name="^\d+$"', r"^\d+$"),
        (r"Name='^\d+$'", r"^\d+$"),
        (r"ParameterKey=Name,ParameterValue=a\,b", r"a\,b"),
    ],
)
def test_a_backslash_before_anything_but_a_space_or_a_quote_is_a_backslash(given: str, expected: str) -> None:
    assert overrides(given) == {"Name": expected}


@pytest.mark.parametrize("given", ["Name=it's", "Name=it's Stage=prod"])
def test_an_apostrophe_in_the_middle_of_a_value_opens_no_quotation(given: str) -> None:
    assert overrides(given)["Name"] == "it's"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("values.yaml", "Name: carts\nSize: 2\nNames: [a, b]\n"),
        ("values.yml", "- Name=carts Size=2\n- Names: [a, b]\n"),
        ("values.toml", 'Name = "carts"\nSize = 2\nNames = ["a", "b"]\n'),
    ],
)
def test_overrides_are_read_from_a_file(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)

    assert overrides(f"file://{path}") == {"Name": "carts", "Size": "2", "Names": "a,b"}
    assert overrides((f"file://{path}", "Size=4")) == {"Name": "carts", "Size": "4", "Names": "a,b"}


@pytest.mark.parametrize(
    "given",
    ["Name", "Name:carts", "Name=cron(0 12 * * ? *)", "=carts", "Name = carts", "Stage=prod carts", ["Name"], 5, [5]],
)
def test_what_is_no_override_is_refused_with_the_form_it_should_have(given: object) -> None:
    error = refused(given)

    assert error.message.startswith("--parameter-overrides: ")
    assert "Key=Value" in str(error.tip)


def test_a_quotation_that_does_not_end_is_refused_by_the_name_of_its_origin() -> None:
    assert refused('Name="two words').message.startswith("--parameter-overrides")


def test_an_override_knows_where_it_was_given() -> None:
    found = parse_overrides("Name=carts Stage=prod", origin="--parameter-overrides")

    assert {name: value.origin for name, value in found.items()} == {
        "Name": "--parameter-overrides: Name",
        "Stage": "--parameter-overrides: Stage",
    }
    assert (
        "samconfig.toml [test]" in parse_overrides({"Name": "carts"}, origin="samconfig.toml [test]")["Name"].origin
    )


# whose value counts


def app(flags: Mapping[str, ParameterValue], configured: Mapping[str, ParameterValue]) -> Application:
    document = parse(TEMPLATE, path=Path("template.yaml"))
    return application(document, environment=None, region="us-east-1", flags=flags, configured=configured)


def known(found: Application, name: str) -> Known:
    metadata = found.template.document.root["Metadata"]
    assert isinstance(metadata, Map)
    answer = found.evaluator.evaluate(metadata[name])
    assert isinstance(answer, Known)
    return answer


def test_flags_win_over_the_file_and_the_file_over_defaults() -> None:
    found = app(layer("flag", Stage="prod"), layer("file", Stage="test", Name="carts"))

    assert [known(found, name).value for name in ("Stage", "Name", "Names")] == ["prod", "carts", ["a", "b"]]
    assert [origin.text for origin in known(found, "Stage").origins] == ["flag: Stage"]
    assert [origin.text for origin in known(found, "Name").origins] == ["file: Name"]


def test_earlier_layers_win_and_only_declared_parameters_remain() -> None:
    found = parameter_values(
        declared(),
        layer("flag", Name="a"),
        layer("file", Name="b", Stage="test"),
        layer("stack", Stage="prod", Old="x"),
    )

    assert {name: value.text for name, value in found.items()} == {"Name": "a", "Stage": "test"}


# what may not be given


@pytest.mark.parametrize(("given", "meant"), [("prd", "prod"), ("PROD", "prod"), ("tests", "test"), ("Dev", "dev")])
def test_a_value_that_is_not_allowed_is_refused_with_the_nearest_that_is(given: str, meant: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parameter_values(declared(), layer("--parameter-overrides", Stage=given))

    error = caught.value
    assert error.message.startswith("--parameter-overrides: Stage: ")
    assert repr(given) in error.message
    assert f"did you mean {meant}?" in error.message
    assert "dev, test, prod" in str(error.tip)


def test_a_value_that_is_like_no_allowed_one_is_refused_with_all_of_them() -> None:
    with pytest.raises(ConfigurationError) as caught:
        app(layer("file", Stage="qa"), {})

    assert "did you mean" not in caught.value.message
    assert "dev, test, prod" in str(caught.value.tip)


@pytest.mark.parametrize("given", ["1", "2", "4"])
def test_numbers_among_allowed_values_are_compared_as_text(given: str) -> None:
    assert parameter_values(declared(), layer("flag", Size=given))["Size"].text == given


@pytest.mark.parametrize("given", ["true", "false"])
def test_booleans_among_allowed_values_are_compared_as_text(given: str) -> None:
    assert parameter_values(declared(), layer("flag", Debug=given))["Debug"].text == given


def test_a_value_that_a_winning_layer_hides_need_not_be_allowed() -> None:
    assert (
        parameter_values(declared(), layer("flag", Stage="dev"), layer("stack", Stage="gone"))["Stage"].text == "dev"
    )


def test_a_parameter_that_the_template_does_not_have_is_refused_with_the_nearest_that_it_has() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_names(declared(), layer("--parameter-overrides", Stagee="prod"))

    error = caught.value
    assert error.message == "--parameter-overrides: Stagee: the template has no parameter Stagee; did you mean Stage?"
    assert "Stage, Size, Name, Names, Debug, Bare" in str(error.tip)


def test_a_flag_for_no_parameter_is_refused_and_a_line_of_the_file_is_not() -> None:
    # One samconfig.toml may serve several templates.
    with pytest.raises(ConfigurationError, match="the template has no parameter Other"):
        app(layer("flag", Other="x"), {})
    assert known(app({}, layer("file", Other="x")), "Name").value == "orders"


def test_a_template_without_parameters_says_so() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_names({}, layer("flag", Name="x"))
    assert "none" in str(caught.value.tip)
