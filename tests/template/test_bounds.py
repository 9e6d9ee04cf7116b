"""Templates that make much of little: aliases, merges, loops and texts are bounded, and large ones still work."""

from __future__ import annotations

import concurrent.futures
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samlocal.errors import TemplateError
from samlocal.function.application import application
from samlocal.function.summary import summarize
from samlocal.template.document import Document, Map, Seq
from samlocal.template.expand import expand
from samlocal.template.reader import parse
from samlocal.template.values import Known, Unknown

SECONDS = 30.0
"""What reading and evaluating may take on a busy machine."""


@pytest.fixture(autouse=True)
def within_seconds() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


def read(text: str) -> Document:
    return parse(text, path=Path("template.yaml"))


def evaluator(text: str) -> Any:
    return application(read(text), environment=None, region="eu-west-1", flags={}, configured={}).evaluator


def test_aliases_that_stand_for_thousands_of_millions_are_refused_with_their_line() -> None:
    levels = "\n".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))

    with pytest.raises(TemplateError) as caught:
        read(f"Metadata:\n  a0: &a0 [x]\n{levels}\nResources: {{}}\n")

    assert caught.value.message.startswith("template.yaml:8: the aliases here stand for more than 1,000,000 values")


def test_merges_of_merges_take_no_longer_than_their_text() -> None:
    levels = "\n".join(f"  m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}], k{n}: 1}}" for n in range(1, 60))

    root = read(f"Metadata:\n  m0: &m0 {{k0: 1}}\n{levels}\nResources: {{}}\n").root

    metadata = root["Metadata"]
    assert isinstance(metadata, Map)
    assert len(metadata["m59"]) == 60  # type: ignore[arg-type]


def test_an_alias_that_stands_in_many_places_is_evaluated_once() -> None:
    node: Any = Map({"Fn::Join": Seq(["", Seq(["a"])])})
    for _ in range(60):
        node = Map({"Fn::Select": Seq([0, Seq([node, node])])})

    assert evaluator("Resources: {T: {Type: AWS::SNS::Topic}}").evaluate(node) == Known(value="a")


@pytest.mark.parametrize("function", ["Fn::Sub", "Fn::Join", "Fn::ToJsonString"])
def test_a_text_that_doubles_with_every_level_is_refused_by_its_size(function: str) -> None:
    node: Any = "0123456789"
    for _ in range(40):
        match function:
            case "Fn::Sub":
                node = Map({"Fn::Sub": Seq(["${a}${a}", Map({"a": node})])})
            case "Fn::Join":
                node = Map({"Fn::Join": Seq(["", Seq([node, node])])})
            case _:
                node = Seq([node, node])
    if function == "Fn::ToJsonString":
        node = Map({function: node})

    answer = evaluator("Resources: {T: {Type: AWS::SNS::Topic}}").evaluate(node)

    assert isinstance(answer, Unknown)
    assert "it gives more than 1,000,000 characters" in answer.reason
    assert len(answer.expression) < 400


def test_loops_that_give_ninety_thousand_resources_are_refused_by_their_name() -> None:
    items = ", ".join(f"i{n}" for n in range(300))
    text = f"""
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Outer:
    - A
    - [{items}]
    - Fn::ForEach::Inner:
        - B
        - [{items}]
        - Topic${{A}}${{B}}: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Sub "${{A}}${{B}}"}}}}
"""
    with pytest.raises(TemplateError, match=r"template.yaml:7: the loop Inner brings .* more than 10,000 entries"):
        expand(read(text), {})


def test_a_loop_gives_a_resource_for_each_item_with_its_name_in_it() -> None:
    text = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "orders,users"}}
Resources:
  Fn::ForEach::Tables:
    - Name
    - !Ref Names
    - Table${Name}: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Name}-table"}}
"""
    joined = application(read(text), environment=None, region="eu-west-1", flags={}, configured={})

    assert list(joined.template.resources) == ["Tableorders", "Tableusers"]
    assert joined.evaluator.evaluate(Map({"Ref": "Tableusers"})) == Known(value="users-table", origins=())


def test_a_template_over_cloudformations_limits_works_with_one_warning() -> None:
    functions = "\n".join(
        f"  Fn{n}: {{Type: AWS::Serverless::Function, Properties: {{Runtime: python3.11, Handler: a.b, CodeUri: .,"
        f" Description: {'x' * 150}}}}}"
        for n in range(5000)
    )
    joined = application(
        read(f"Resources:\n{functions}\n"), environment=None, region="eu-west-1", flags={}, configured={}
    )

    (problem,) = joined.problems()
    assert "5,000 resources, CloudFormation takes 500; " in str(problem)
    assert "bytes, CloudFormation takes 1,000,000" in str(problem)
    assert joined.function("Fn4999").handler == "a.b"


@pytest.mark.parametrize("index", ["²", "٣", "①", "9" * 5000, "-1", "1.0", ""])
def test_an_index_that_is_no_number_of_plain_digits_is_said(index: str) -> None:
    answer = evaluator("Resources: {T: {Type: AWS::SNS::Topic}}").evaluate(
        Map({"Fn::Select": Seq([index, Seq(["a", "b", "c", "d"])])})
    )

    assert isinstance(answer, Unknown)
    assert "Fn::Select: it needs a number" in answer.reason


def test_threads_can_share_an_evaluator() -> None:
    names = "\n".join(
        f"  T{n}: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: !Sub 'x${{T{n + 1}}}'}}}}" for n in range(40)
    )
    shared = evaluator(f"Resources:\n{names}\n  T40: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: y}}}}\n")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: shared.evaluate(Map({"Ref": f"T{n % 40}"})), range(400)))

    assert [answer.value for answer in found] == ["x" * (40 - n % 40) + "y" for n in range(400)]


def test_circles_are_told_at_their_lines_and_leave_nothing_once_they_are_mended() -> None:
    text = """Conditions:
  A: !Not [!Condition B]
  B: !Not [!Condition A]
Resources:
  Lonely: {Type: AWS::SNS::Topic}
  First: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Second.QueueName}-1"}}
  Second: {Type: AWS::SQS::Queue, DependsOn: Third}
  Third: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt First.QueueName}}
"""
    joined = application(read(text), environment=None, region="eu-west-1", flags={}, configured={})

    said = [str(problem) for problem in joined.problems()]
    assert said == [
        "template.yaml:2: the condition A: it refers to itself: condition A → condition B → condition A.",
        "template.yaml:3: the condition B: it refers to itself: condition B → condition A → condition B.",
        "template.yaml:6: these resources need one another, which CloudFormation refuses: "
        "First → Second → Third → First.",
    ]
    mended = text.replace("!Condition A", "!Equals [a, b]").replace(", DependsOn: Third", "")
    assert not list(
        application(read(mended), environment=None, region="eu-west-1", flags={}, configured={}).problems()
    )


def test_a_function_and_the_api_of_its_events_are_no_circle() -> None:
    text = """Resources:
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionBody: {uri: !Sub "${Fn.Arn}"}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: get}}}}
"""
    joined = application(read(text), environment=None, region="eu-west-1", flags={}, configured={})

    assert not list(joined.problems())


def nested_deeply(form: str, depth: int) -> str:
    if form == "json":
        nested = "[" * depth + "]" * depth
        properties = f'{{"Timeout": {{"Fn::If": ["C", {nested}, 3]}}, "Events": {nested}}}'
        function = f'{{"Type": "AWS::Serverless::Function", "Properties": {properties}}}'
        return f'{{"Conditions": {{"C": {{"Fn::Equals": [{nested}, 1]}}}}, "Resources": {{"Fn": {function}}}}}'
    nested = "!Not [" * depth + "x" + "]" * depth
    return f"Conditions: {{C: {nested}}}\nResources: {{T: {{Type: AWS::SNS::Topic, DependsOn: {nested}}}}}\n"


@pytest.mark.parametrize("depth", [20, 60, 90])
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_nested_template_is_evaluated(form: str, depth: int) -> None:
    joined = application(
        read(nested_deeply(form, depth)), environment=None, region="eu-west-1", flags={}, configured={}
    )

    assert list(joined.problems()) == []
    assert [summarize(owner, resource).timeout for owner, resource in joined.functions()] in ([3], [])


@pytest.mark.parametrize("depth", [250, 400, 1000, 3000])
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_template_that_is_nested_too_deeply_is_refused(form: str, depth: int) -> None:
    with pytest.raises(TemplateError, match="nest"):
        read(nested_deeply(form, depth))
