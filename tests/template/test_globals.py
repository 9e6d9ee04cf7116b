"""Globals under each resource's own properties, and resources that are wrong beside others that are not.

Source: SAM specification, "Globals section": "Supported resources and properties", "Overridable properties" and
"IgnoreGlobals"; the translator itself is asked where the text leaves something open.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.template.document import Map, Node, with_lines
from samlocal.template.model import Template, merge, template
from samlocal.template.reader import parse

SUB = {"Fn::Sub": "${AWS::StackName}-table"}


def read(text: str) -> Template:
    return template(parse(text, path=Path("template.yaml")))


def function(text: str, name: str = "Fn") -> dict[str, object]:
    return dict(read(text).resources[name].properties)


def merged(inherited: str, own: str, **attributes: str) -> dict[str, object]:
    extra = "".join(f"    {name}: {value}\n" for name, value in attributes.items())
    return function(
        f"Globals:\n  Function: {inherited}\n"
        f"Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n{extra}    Properties: {own}\n"
    )


# the merge itself


def test_a_function_has_what_globals_say_and_it_does_not() -> None:
    assert merged("{Runtime: python3.11, Timeout: 5}", "{Handler: a.b}") == {
        "Runtime": "python3.11",
        "Timeout": 5,
        "Handler": "a.b",
    }


def test_a_functions_own_scalar_replaces_that_of_globals() -> None:
    assert merged("{Timeout: 5, MemorySize: 512}", "{Timeout: 9}") == {"Timeout": 9, "MemorySize": 512}


def test_maps_merge_and_the_function_wins_name_by_name() -> None:
    # The specification's own example.
    assert merged(
        "{Environment: {Variables: {TABLE_NAME: table-name, DB: generic}}}",
        "{Environment: {Variables: {DB: mine, HELLO: world}}}",
    ) == {"Environment": {"Variables": {"TABLE_NAME": "table-name", "DB": "mine", "HELLO": "world"}}}


def test_lists_add_those_of_globals_first() -> None:
    assert merged("{Layers: [a, b], Policies: [P]}", "{Layers: [c, a]}") == {
        "Layers": ["a", "b", "c", "a"],
        "Policies": ["P"],
    }


def test_lists_inside_maps_add_too() -> None:
    assert merged(
        "{VpcConfig: {SecurityGroupIds: [sg-1], SubnetIds: [subnet-1]}}",
        "{VpcConfig: {SecurityGroupIds: [sg-2]}}",
    ) == {"VpcConfig": {"SecurityGroupIds": ["sg-1", "sg-2"], "SubnetIds": ["subnet-1"]}}


def test_architectures_are_replaced_since_a_function_has_one() -> None:
    assert merged("{Architectures: [x86_64]}", "{Architectures: [arm64]}") == {"Architectures": ["arm64"]}
    assert merged("{Architectures: [arm64]}", "{Handler: a.b}")["Architectures"] == ["arm64"]


def test_values_of_different_kinds_do_not_merge() -> None:
    assert merged("{CodeUri: s3://bucket/key}", "{CodeUri: {Bucket: b, Key: k}}") == {
        "CodeUri": {"Bucket": "b", "Key": "k"}
    }
    assert merged("{Layers: [a]}", "{Layers: one}") == {"Layers": "one"}


@pytest.mark.parametrize(
    ("inherited", "own", "result"),
    [
        ("!Ref A", "!Ref B", {"Ref": "B"}),
        ("{A: 1}", "!FindInMap [M, a, b]", {"Fn::FindInMap": ["M", "a", "b"]}),
        ("!If [C, {A: 1}, {}]", "{B: 2}", {"B": 2}),
        ("{A: 1}", "{A: !Sub '${AWS::StackName}-table'}", {"A": SUB}),
        ("{A: !Sub '${AWS::StackName}-table'}", "{B: 2}", {"A": SUB, "B": 2}),
        ("{A: !Sub x}", "{A: {B: 2}}", {"A": {"B": 2}}),
        ("{Fn::If: [C, 1, 2], A: 1}", "{B: 2}", {"Fn::If": ["C", 1, 2], "A": 1, "B": 2}),
    ],
)
def test_an_intrinsic_counts_as_a_scalar(inherited: str, own: str, result: object) -> None:
    assert merged(f"{{Tags: {inherited}}}", f"{{Tags: {own}}}") == {"Tags": result}


@pytest.mark.parametrize(
    ("inherited", "own", "result"),
    [
        ("!Ref GlobalLayers", "[mine]", ["mine"]),
        ("[global]", "!Ref OwnLayers", {"Ref": "OwnLayers"}),
        ("[!Ref A]", "[!Ref B]", [{"Ref": "A"}, {"Ref": "B"}]),
    ],
)
def test_an_intrinsic_that_gives_a_list_is_no_list_to_add_to(inherited: str, own: str, result: object) -> None:
    assert merged(f"{{Layers: {inherited}}}", f"{{Layers: {own}}}") == {"Layers": result}


def test_a_variable_keeps_the_line_where_it_stands_in_globals_or_in_the_function() -> None:
    found = read(
        "Globals:\n  Function:\n    Timeout: 3\n    Environment:\n      Variables:\n        FROM_GLOBALS: 1\n"
        "        BOTH: 1\n"
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Environment:\n"
        "        Variables:\n          BOTH: 2\n          OWN: 3\n"
    ).resources["Fn"]

    match found.properties:
        case {"Environment": {"Variables": Map() as variables}}:
            assert {name: variables.line_of(name) for name in variables} == {"FROM_GLOBALS": 6, "BOTH": 14, "OWN": 15}
        case _:
            pytest.fail("the function has no variables")
    assert (found.line, found.line_of("Timeout"), found.line_of("Environment")) == (9, 3, 12)
    assert found.line_of("Handler") == 9


def test_one_functions_properties_do_not_reach_the_next() -> None:
    found = read(
        "Globals: {Function: {Layers: [g], Environment: {Variables: {A: 1}}}}\n"
        "Resources:\n"
        "  One: {Type: AWS::Serverless::Function, Properties: {Layers: [o], Environment: {Variables: {B: 2}}}}\n"
        "  Two: {Type: AWS::Serverless::Function}\n"
    )

    assert found.resources["Two"].properties == {"Layers": ["g"], "Environment": {"Variables": {"A": 1}}}


# to whom they apply


def test_globals_reach_sams_resources_and_not_cloudformations() -> None:
    found = read(
        "Globals:\n"
        "  Function: {Timeout: 5}\n"
        "  Api: {TracingEnabled: true}\n"
        "  HttpApi: {FailOnWarnings: true}\n"
        "  SimpleTable: {SSESpecification: {SSEEnabled: true}}\n"
        "  StateMachine: {PropagateTags: true}\n"
        "  LayerVersion: {PublishLambdaVersion: true}\n"
        "Resources:\n"
        "  Fn: {Type: AWS::Serverless::Function}\n"
        "  Plain: {Type: AWS::Lambda::Function}\n"
        "  Api: {Type: AWS::Serverless::Api}\n"
        "  Http: {Type: AWS::Serverless::HttpApi}\n"
        "  Table: {Type: AWS::Serverless::SimpleTable}\n"
        "  Machine: {Type: AWS::Serverless::StateMachine}\n"
        "  Layer: {Type: AWS::Serverless::LayerVersion}\n"
        "  PlainLayer: {Type: AWS::Lambda::LayerVersion}\n"
    )

    assert {name: dict(resource.properties) for name, resource in found.resources.items()} == {
        "Fn": {"Timeout": 5},
        "Plain": {},
        "Api": {"TracingEnabled": True},
        "Http": {"FailOnWarnings": True},
        "Table": {"SSESpecification": {"SSEEnabled": True}},
        "Machine": {"PropagateTags": True},
        "Layer": {"PublishLambdaVersion": True},
        "PlainLayer": {},
    }
    assert found.problems == ()


def test_ignore_globals_with_a_star_leaves_all_of_them_out() -> None:
    assert merged("{Timeout: 5, Layers: [a]}", "{Layers: [b]}", IgnoreGlobals="'*'") == {"Layers": ["b"]}


def test_ignore_globals_with_a_list_leaves_those_out() -> None:
    assert merged(
        "{Timeout: 5, Layers: [a], MemorySize: 256}", "{Layers: [b]}", IgnoreGlobals="[Layers, Timeout]"
    ) == {
        "Layers": ["b"],
        "MemorySize": 256,
    }


def test_ignore_globals_with_one_name_as_text_is_no_list() -> None:
    # "*" is the only text that the specification knows.
    assert merged("{Timeout: 5}", "{Handler: a.b}", IgnoreGlobals="Timeout")["Timeout"] == 5


# what is wrong


def test_a_section_that_globals_do_not_have_is_a_problem_at_its_line() -> None:
    found = read("Globals:\n  Function: {Timeout: 5}\n  Table:\n    Name: x\nResources:\n  A: {Type: T}\n")

    assert [(problem.line, "Table" in problem.message) for problem in found.problems] == [(3, True)]
    assert str(found.problems[0]).startswith("template.yaml:3: ")


def test_globals_that_are_no_mapping_are_a_problem_and_the_rest_loads() -> None:
    found = read("Globals: [Function]\nResources:\n  Fn: {Type: AWS::Serverless::Function}\n")

    assert [problem.line for problem in found.problems] == [1]
    assert [resource.logical_id for resource in found.functions] == ["Fn"]


def test_a_section_of_globals_that_is_no_mapping_is_a_problem_at_its_line() -> None:
    found = read("Globals:\n  Function: 5\nResources:\n  Fn: {Type: AWS::Serverless::Function}\n")

    assert [problem.line for problem in found.problems] == [2]
    assert [resource.logical_id for resource in found.functions] == ["Fn"]


@pytest.mark.parametrize(
    "bad",
    [
        "just text",
        "[a, list]",
        "{Properties: {}}",
        "{Type: [T]}",
        "",
        "{Type: T, Properties: [x]}",
        "{Type: T, Properties: x}",
    ],
)
def test_one_bad_resource_is_a_problem_at_its_line_and_the_rest_load(bad: str) -> None:
    found = read(
        f"Resources:\n  First: {{Type: AWS::Serverless::Function}}\n  Bad: {bad}\n"
        "  Last: {Type: AWS::Lambda::Function}\n"
    )

    assert list(found.resources) == ["First", "Last"]
    assert [(problem.line, "Bad" in problem.message) for problem in found.problems] == [(3, True)]


@pytest.mark.parametrize("section", ["Parameters", "Mappings", "Conditions", "Outputs"])
def test_a_section_of_the_wrong_kind_is_a_problem_at_its_line_and_the_rest_load(section: str) -> None:
    found = read(f"Resources:\n  Fn: {{Type: AWS::Serverless::Function}}\n{section}: [a]\n")

    assert [(problem.line, section in problem.message) for problem in found.problems] == [(3, True)]
    assert list(found.resources) == ["Fn"]


def test_an_empty_section_is_no_problem() -> None:
    found = read("Parameters:\nGlobals:\nOutputs:\nResources:\n  Fn:\n    Type: T\n    Properties:\n")

    assert found.problems == ()
    assert found.resources["Fn"].properties == {}


def test_a_parameter_that_is_no_mapping_is_a_problem_and_the_others_load() -> None:
    found = read("Parameters:\n  Bad: text\n  Good: {Type: String, Default: 1}\nResources:\n  A: {Type: T}\n")

    assert [(problem.line, "Bad" in problem.message) for problem in found.problems] == [(2, True)]
    assert found.parameters["Good"].default == "1"


# the translator as judge

_SCALARS = st.sampled_from([1, "text", True, None, {"Ref": "P"}, {"Fn::Sub": "${P}"}, {"Condition": "C"}])
# Architectures, which only a function's own list replaces, are a case of their own above.
_NAMES = st.sampled_from(["A", "B", "Ref", "Fn::If"])
_VALUES = st.recursive(
    _SCALARS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(_NAMES, children, max_size=3),
    max_leaves=8,
)
_PROPERTIES = st.dictionaries(st.sampled_from(["A", "B", "C"]), _VALUES, max_size=3)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(inherited=_PROPERTIES, own=_PROPERTIES)
def test_any_two_sets_of_properties_merge_as_the_translator_merges_them(
    inherited: dict[str, object], own: dict[str, object]
) -> None:
    from samtranslator.plugins.globals.globals import GlobalProperties

    assert _plain(merge(_node(inherited), _node(own))) == GlobalProperties(inherited).merge(own)


def _node(value: object) -> Node:
    return with_lines(value, line=1)


def _plain(node: Node) -> object:
    return json.loads(json.dumps(node))
