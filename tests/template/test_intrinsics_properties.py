"""Any nesting of intrinsics gives what an independent, naive evaluator gives, or names what is missing.

The naive one below knows CloudFormation's rules and nothing of samlocal's code: it works on plain JSON, looks values
up in tables, and raises where a value cannot be known (``MissingError``) or the expression is none (``WrongError``).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.template.document import Node, with_lines
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import template
from samlocal.template.reader import parse
from samlocal.template.values import Answer, Known, Origin, Reference, Unknown

# The made-up template, and the world around it.

PARAMETERS: dict[str, tuple[str, str | None]] = {
    "Name": ("String", "orders"),
    "Count": ("Number", "2"),
    "Empty": ("String", ""),
    "Path": ("String", "/host"),
    "Missing": ("String", None),
    "Subnets": ("CommaDelimitedList", "subnet-1, subnet-2,subnet-3"),
    "Ports": ("List<Number>", "80,20"),
    "Host": ("AWS::SSM::Parameter::Value<String>", "/host"),
    "Lost": ("AWS::SSM::Parameter::Value<String>", "/lost"),
    "Hosts": ("AWS::SSM::Parameter::Value<List<String>>", "/hosts"),
}
MAPPINGS = {
    "Stages": {
        "orders": {"Memory": 128, "Debug": False, "Zones": ["a", "b"], "Alias": "live"},
        "us-east-1": {"Memory": "256", "Alias": "{{resolve:ssm:/host}}"},
    }
}
CONDITIONS: dict[str, Any] = {
    "Always": {"Fn::Equals": [{"Ref": "Name"}, "orders"]},
    "Never": {"Fn::Not": [{"Condition": "Always"}]},
    "Some": {"Fn::Or": [{"Condition": "Never"}, {"Fn::And": [{"Condition": "Always"}, {"Condition": "Always"}]}]},
    "NeedsMissing": {"Fn::Equals": [{"Ref": "Missing"}, "x"]},
    "Round": {"Fn::Not": [{"Condition": "Round"}]},
}
RESOURCES: dict[str, Any] = {
    "Table": {"Type": "AWS::DynamoDB::Table"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Cart": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${Shop}-cart"}}},
    "Shop": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${Cart}-shop"}}},
    "Named": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${Name}-named"}}},
}
PSEUDO = {"AWS::Region": "us-east-1", "AWS::StackName": "shop", "AWS::AccountId": "123456789012"}
DEPLOYED = {
    ("Table", None): "shop-Table-1A2B",
    ("Table", "Arn"): "arn:aws:dynamodb:us-east-1:123456789012:table/shop-Table-1A2B",
    ("Table", "Outputs.Url"): "https://x.example/a|b",
    ("ServerlessRestApi", None): "a1b2c3d4e5",
}
EXPORTS = {"shared": "one,two", "shop-vpc": "vpc-1", "orders": "exported"}
DYNAMIC = {"ssm:/host": "host.example", "ssm:/hosts": "h1,h2", "secretsmanager:db:SecretString:p": "pa55"}
ZONES = {"us-east-1": ["us-east-1a", "us-east-1b"]}

TEXT = json.dumps(
    {
        "Parameters": {
            name: {"Type": type_} | ({} if default is None else {"Default": default})
            for name, (type_, default) in PARAMETERS.items()
        },
        "Mappings": MAPPINGS,
        "Conditions": CONDITIONS,
        "Resources": RESOURCES,
    }
)


class Names:
    """The same world, as samlocal asks for it."""

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        if reference.resource is not None and "TableName" in reference.resource.properties:
            return evaluate(reference.resource.properties["TableName"])
        return _answer(DEPLOYED.get((reference.logical_id, reference.attribute)), reference.expression)

    def export(self, name: str) -> Answer:
        return _answer(EXPORTS.get(name), f"!ImportValue {name}")

    def dynamic(self, service: str, key: str) -> Answer:
        return _answer(DYNAMIC.get(f"{service}:{key}"), f"{service}:{key}")

    def zones(self, region: str) -> Answer:
        return _answer(ZONES.get(region), f"!GetAZs {region}")


def _answer(value: Any, expression: str) -> Answer:
    if value is None:
        return Unknown(expression=expression, reason="it is not there", tip="Deploy it.")
    return Known(value=value, origins=(Origin(text=expression),))


# The naive evaluator.


class MissingError(Exception):
    """A value outside the template is not there; the argument names it."""


class WrongError(Exception):
    """What CloudFormation would refuse."""


NOTHING = object()


def naive(node: Any) -> Any:
    if isinstance(node, str):
        return naive_dynamic(node)
    if isinstance(node, list):
        return [item for item in map(naive, node) if item is not NOTHING]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        ((name, argument),) = node.items()
        if name in FUNCTIONS:
            return FUNCTIONS[name](argument)
    values = {key: naive(item) for key, item in node.items()}
    return {key: item for key, item in values.items() if item is not NOTHING}


def naive_text(node: Any) -> str:
    return as_text(naive(node))


def as_text(value: Any) -> str:
    if value is NOTHING or value is None or isinstance(value, (list, dict)):
        raise WrongError(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def naive_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise WrongError(value)
    return value


def parts(value: Any, *counts: int) -> list[Any]:
    if not isinstance(value, list) or len(value) not in counts:
        raise WrongError(value)
    return value


def naive_dynamic(text: str) -> str:
    done = ""
    while "{{resolve:" in text:
        before, _, rest = text.partition("{{resolve:")
        key, _, text = rest.partition("}}")
        if key not in DYNAMIC:
            raise MissingError(key)
        done += before + DYNAMIC[key]
    return done + text


def naive_ref(argument: Any) -> Any:
    name = naive_text(argument)
    if name == "AWS::NoValue":
        return NOTHING
    if name in PSEUDO:
        return PSEUDO[name]
    if name not in PARAMETERS:
        return naive_resource(name, None)
    type_, text = PARAMETERS[name]
    if text is None:
        raise MissingError(name)
    if "SSM" in type_:
        if f"ssm:{text}" not in DYNAMIC:
            raise MissingError(text)
        text = DYNAMIC[f"ssm:{text}"]
    return [part.strip() for part in text.split(",")] if "List" in type_ else text


def naive_resource(name: str, attribute: str | None) -> Any:
    if name == "Named":
        return "orders-named"
    if (name, attribute) not in DEPLOYED:
        # Cart and Shop are named after each other.
        raise MissingError(name)
    return DEPLOYED[name, attribute]


def naive_get_att(argument: Any) -> Any:
    if isinstance(argument, str):
        argument = argument.split(".", 1)
    name, attribute = map(naive_text, parts(argument, 2))
    return naive_resource(name, attribute)


def naive_sub(argument: Any) -> Any:
    pattern, own = (argument, {}) if isinstance(argument, str) else parts(argument, 2)
    if not isinstance(pattern, str) or not isinstance(own, dict):
        raise WrongError(argument)
    done = ""
    while "${" in pattern:
        before, _, rest = pattern.partition("${")
        name, _, pattern = rest.partition("}")
        done += before
        if name.startswith("!"):
            done += "${" + name[1:] + "}"
        elif name in own:
            done += naive_text(own[name])
        elif "." in name:
            done += as_text(naive_resource(*name.split(".", 1)))
        else:
            done += naive_text({"Ref": name})
    return naive_dynamic(done + pattern)


def naive_join(argument: Any) -> Any:
    delimiter, items = parts(naive(argument), 2)
    return naive_dynamic(as_text(delimiter).join(map(as_text, naive_list(items))))


def naive_select(argument: Any) -> Any:
    index, items = parts(naive(argument), 2)
    number = as_text(index)
    if not re.fullmatch("[0-9]+", number) or int(number) >= len(naive_list(items)):
        raise WrongError(argument)
    return items[int(number)]


def naive_split(argument: Any) -> Any:
    delimiter, source = map(as_text, parts(naive(argument), 2))
    if not delimiter:
        raise WrongError(argument)
    return source.split(delimiter)


def naive_find_in_map(argument: Any) -> Any:
    name, first, second, *more = parts(argument, 3, 4)
    keys = [naive_text(key) for key in (name, first, second)]
    found: Any = MAPPINGS
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if found is not None:
        return naive(found)
    if more:
        return naive(more[0]["DefaultValue"])
    raise MissingError(keys[0])


def naive_condition(name: str) -> bool:
    if name not in CONDITIONS or name == "Round":
        raise MissingError(name)
    return naive_truth(CONDITIONS[name])


def naive_truth(node: Any) -> bool:
    value = naive(node)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise WrongError(value)


def naive_if(argument: Any) -> Any:
    condition, then, otherwise = parts(argument, 3)
    decided = naive_condition(condition) if isinstance(condition, str) else naive_truth(condition)
    return naive(then if decided else otherwise)


def naive_equals(argument: Any) -> Any:
    # Fn::Equals: "A value of any type"; numbers and booleans are compared as the texts that parameters are.
    first, second = (value if isinstance(value, list) else as_text(value) for value in map(naive, parts(argument, 2)))
    return first == second


def naive_cidr(argument: Any) -> Any:
    block, count, bits = map(as_text, parts(naive(argument), 3))
    if not re.fullmatch(r"[0-9.]+/[0-9]+", block) or not re.fullmatch("[0-9]+", count + bits):
        raise WrongError(argument)
    address, mask = block.split("/")
    first = int.from_bytes(bytes(map(int, address.split("."))), "big")
    size = 2 ** int(bits)
    if int(bits) > 32 - int(mask) or size * int(count) > 2 ** (32 - int(mask)):
        raise WrongError(argument)
    starts = [first + size * number for number in range(int(count))]
    return [".".join(map(str, start.to_bytes(4, "big"))) + f"/{32 - int(bits)}" for start in starts]


def naive_zones(argument: Any) -> Any:
    region = naive_text(argument) or PSEUDO["AWS::Region"]
    if region not in ZONES:
        raise MissingError(region)
    return ZONES[region]


def naive_export(argument: Any) -> Any:
    name = naive_text(argument)
    if name not in EXPORTS:
        raise MissingError(name)
    return EXPORTS[name]


def naive_json(argument: Any) -> Any:
    value = naive(argument)
    if value is NOTHING:
        raise WrongError(argument)
    return json.dumps(value, separators=(",", ":"))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "Ref": naive_ref,
    "Condition": lambda argument: naive_condition(naive_text(argument)),
    "Fn::GetAtt": naive_get_att,
    "Fn::Sub": naive_sub,
    "Fn::Join": naive_join,
    "Fn::Select": naive_select,
    "Fn::Split": naive_split,
    "Fn::FindInMap": naive_find_in_map,
    "Fn::If": naive_if,
    "Fn::And": lambda argument: all(naive_truth(item) for item in argument),
    "Fn::Or": lambda argument: any(naive_truth(item) for item in argument),
    "Fn::Not": lambda argument: not naive_truth(argument[0]),
    "Fn::Equals": naive_equals,
    "Fn::ImportValue": naive_export,
    "Fn::Base64": lambda argument: base64.b64encode(naive_text(argument).encode()).decode(),
    "Fn::Cidr": naive_cidr,
    "Fn::GetAZs": naive_zones,
    "Fn::Length": lambda argument: len(naive_list(naive(argument))),
    "Fn::ToJsonString": naive_json,
}


# Any nesting of them.

REFERENCED = ["Name", "Count", "Empty", "Path", "Host", "Table", "Named", "ServerlessRestApi", *PSEUDO]
LISTS = ["Subnets", "Ports", "Hosts"]
UNKNOWABLE = ["Missing", "Lost", "Topic", "Cart", "Nowhere", "Subnets", "AWS::NoValue"]
PIECES = [
    "x",
    "-",
    "a|b",
    "${Name}",
    "${Count}",
    "${AWS::Region}",
    "${Table.Arn}",
    "${Table.Outputs.Url}",
    "${!Name}",
]
PIECES += ["${own_1}", "${own.2}", "{{resolve:ssm:${own_3}}}", "{{resolve:secretsmanager:db:SecretString:p}}"]
LITERALS = ["", "a", "a|b||c", "orders", "us-east-1", "1", 0, 2, 0.5, True, "{{resolve:ssm:/host}}"]


def function(name: str, argument: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return argument.map(lambda given: {name: given})


def rarely(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 14).flatmap(lambda number: odd if number == 7 else usual)


def lists_of(*items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(*items).map(list)


ENDS = rarely(
    st.sampled_from(LITERALS)
    | function("Ref", st.sampled_from(REFERENCED))
    | function("Fn::GetAtt", st.sampled_from(["Table.Arn", ["Table", "Outputs.Url"], "Named.Arn"])),
    function("Ref", st.sampled_from(UNKNOWABLE))
    | function("Fn::GetAtt", st.sampled_from(["Topic.TopicName", "Shop.Arn", "Nowhere.Arn"]))
    | st.just("x {{resolve:ssm:/gone}} y"),
)


def texts(depth: int) -> st.SearchStrategy[Any]:
    if depth == 0:
        return ENDS
    text, items = rarely(texts(depth - 1), lists(depth - 1)), rarely(lists(depth - 1), texts(depth - 1))
    pattern = st.lists(rarely(st.sampled_from(PIECES), st.just("${Topic.Arn}")), max_size=4).map("".join)
    own = st.fixed_dictionaries({"own_1": text, "own.2": text, "own_3": st.sampled_from(["/host", {"Ref": "Path"}])})
    return st.one_of(
        ENDS,
        function("Fn::Sub", lists_of(pattern, own)),
        function("Fn::Sub", st.sampled_from(["${Name}-x", "${Table.Arn}", "${!own_1}", "${AWS::StackName}-vpc"])),
        function("Fn::Join", lists_of(st.sampled_from(["", "-", ","]), items)),
        function("Fn::Select", lists_of(rarely(st.sampled_from([0, "1", {"Ref": "Count"}]), text), items)),
        function("Fn::FindInMap", found(text)),
        function("Fn::If", lists_of(decisions(depth - 1), text, text)),
        function("Fn::ImportValue", st.sampled_from(["shared", {"Fn::Sub": "${AWS::StackName}-vpc"}]) | text),
        function("Fn::Base64", text),
        function("Fn::ToJsonString", st.dictionaries(st.sampled_from(["A", "B"]), text, max_size=2) | items),
        function("Fn::Length", items),
    )


def found(default: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = (
        st.just("Stages"),
        st.sampled_from(["orders", {"Ref": "Name"}, {"Ref": "AWS::Region"}]),
        st.sampled_from(["Memory", "Debug", "Alias"]),
    )
    return lists_of(*keys) | lists_of(*keys, st.fixed_dictionaries({"DefaultValue": default}))


def lists(depth: int) -> st.SearchStrategy[Any]:
    ends = st.sampled_from([{"Ref": name} for name in LISTS]) | st.just({"Fn::GetAZs": ""})
    if depth == 0:
        return ends
    text = texts(depth - 1)
    blocks = st.sampled_from(["10.0.0.0/16", "192.168.8.0/24", {"Fn::Select": [0, ["10.1.0.0/20"]]}])
    return st.one_of(
        ends,
        st.lists(text | st.just({"Ref": "AWS::NoValue"}), max_size=3),
        function("Fn::Split", lists_of(st.sampled_from(["|", ",", "-", ""]), text)),
        function("Fn::Cidr", lists_of(blocks, st.sampled_from([1, "2", 4]), st.sampled_from([4, "6", 8, 12]))),
        function("Fn::GetAZs", st.sampled_from(["", "us-east-1", {"Ref": "AWS::Region"}, "mars-1"])),
        function("Fn::If", lists_of(decisions(depth - 1), lists(depth - 1), lists(depth - 1))),
        st.just({"Fn::FindInMap": ["Stages", {"Ref": "Name"}, "Zones"]}),
    )


def decisions(depth: int) -> st.SearchStrategy[Any]:
    """What stands first in an Fn::If: a condition's name, or a condition."""
    named = rarely(st.sampled_from(["Always", "Never", "Some"]), st.sampled_from(["NeedsMissing", "Round", "Nope"]))
    return named if depth == 0 else named | conditions(depth)


def conditions(depth: int) -> st.SearchStrategy[Any]:
    named = function("Condition", st.sampled_from(["Always", "Never", "Some"]))
    if depth == 0:
        return named
    several = st.lists(conditions(depth - 1), min_size=2, max_size=3)
    return st.one_of(
        rarely(named, function("Condition", st.sampled_from(["NeedsMissing", "Round"]))),
        function("Fn::Equals", lists_of(texts(depth - 1), texts(depth - 1))),
        function("Fn::Not", lists_of(conditions(depth - 1))),
        function("Fn::And", several),
        function("Fn::Or", several),
    )


def values(depth: int) -> st.SearchStrategy[Any]:
    simple = texts(depth) | lists(depth) | conditions(depth)
    if depth == 0:
        return simple
    removed = function("Fn::If", lists_of(decisions(depth - 1), texts(depth - 1), st.just({"Ref": "AWS::NoValue"})))
    return (
        simple
        | st.dictionaries(st.sampled_from(["A", "B", "C"]), values(depth - 1) | removed, max_size=3)
        | st.lists(values(depth - 1) | removed, max_size=3)
    )


READ = template(parse(TEXT, path=Path("template.json")))


def samlocals(expression: Any) -> Answer | None:
    pseudo = {name: Known(value=value) for name, value in PSEUDO.items()}
    evaluator = Evaluator(READ, parameters={}, pseudo=pseudo, names=Names())
    return evaluator.evaluate(with_lines(expression, line=1))


@settings(derandomize=True, deadline=None, max_examples=1500)
@given(expression=values(3))
def test_any_nesting_gives_the_naive_value_or_names_what_is_missing(expression: Any) -> None:
    answer = samlocals(expression)
    match outcome(expression):
        case MissingError() as missing:
            assert isinstance(answer, Unknown), "a value where there can be none"
            assert str(missing) in f"{answer.expression} {answer.reason}"
            assert answer.tip
        case WrongError():
            assert isinstance(answer, Unknown), "a value for what is no expression"
            assert answer.reason
        case expected if expected is NOTHING:
            assert answer is None
        case expected:
            assert isinstance(answer, Known), answer
            assert typed(answer.value) == typed(expected)
            assert list(raw(answer.value)) == []


@settings(derandomize=True, deadline=None, max_examples=500)
@given(expression=texts(3))
def test_a_value_is_empty_only_where_the_naive_one_is(expression: Any) -> None:
    answer, expected = samlocals(expression), outcome(expression)

    empty = isinstance(answer, Known) and answer.value in ("", None, [], {})
    assert empty == (expected in ("", [], {}))


def outcome(expression: Any) -> Any:
    """The naive value, or the error in its stead."""
    try:
        return naive(expression)
    except (MissingError, WrongError) as error:
        return error


def raw(value: Any) -> Any:
    """What would be left of an intrinsic that nobody evaluated."""
    match value:
        case dict():
            for key, item in value.items():
                if len(value) == 1 and key in FUNCTIONS:
                    yield value
                yield from raw(item)
        case list():
            for item in value:
                yield from raw(item)
        case str() if "{{resolve:" in value or re.search(r"\$\{(?!Name\}|own_1\})", value):
            yield value


def typed(value: Any) -> Any:
    """The value with its types: ``1 == True == 1.0`` would hide a wrong one."""
    match value:
        case dict():
            return {key: typed(item) for key, item in value.items()}
        case list():
            return [typed(item) for item in value]
    return type(value).__name__, value
