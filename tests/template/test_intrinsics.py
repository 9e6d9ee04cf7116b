"""Every intrinsic function and every form of it, against what CloudFormation's documentation says it gives.

Where an example is taken from a page of the CloudFormation template reference, its name stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from samlocal.errors import SamlocalError
from samlocal.function.application import Application, application
from samlocal.function.package import RemoteLayer
from samlocal.template.document import Map, Node, Seq
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import template
from samlocal.template.reader import parse
from samlocal.template.values import Answer, Json, Known, Origin, ParameterValue, Reference, Unknown

PATH = Path("template.yaml")

TEMPLATE = """
Parameters:
  Name: {Type: String, Default: orders}
  Env: {Type: String, Default: dev}
  Count: {Type: Number, Default: 3}
  Missing: {Type: String}
  Hidden: {Type: String, NoEcho: true, Default: hush}
  Empty: {Type: String, Default: ''}
  DbSubnetIpBlocks: {Type: CommaDelimitedList, Default: "10.0.48.0/24, 10.0.112.0/24 ,10.0.176.0/24"}
  Ports: {Type: List<Number>, Default: "80,20"}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1,subnet-2"}
  Host: {Type: "AWS::SSM::Parameter::Value<String>", Default: /app/host}
  Hosts: {Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /app/hosts}
  Zones: {Type: "AWS::SSM::Parameter::Value<CommaDelimitedList>", Default: /app/hosts}
  HostName: {Type: "AWS::SSM::Parameter::Name", Default: /app/host}
  Dynamic: {Type: String, Default: "{{resolve:ssm:/app/host:1}}"}
Mappings:
  RegionMap:
    us-east-1: {HVM64: ami-0ff8a91507f77f867, HVMG2: ami-0a584ac55a7631c0c}
    us-west-1: {HVM64: ami-0bdb828fd58c52235, HVMG2: ami-066ee5fd4a9ef77f1}
  Stages:
    dev: {Memory: 128, Debug: true, Zones: [a, b], Name: '{{resolve:ssm:/app/host}}'}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
  IsProd: !Equals [prod, !Ref Env]
  Both: !And [!Condition IsDev, !Condition IsProd]
  Either: !Or [!Condition IsDev, !Condition IsProd]
  NotProd: !Not [!Condition IsProd]
  NeedsMissing: !Equals [!Ref Missing, x]
  Round: !Not [!Condition Round]
  There: !And [!Condition IsDev, !Condition Back]
  Back: !Or [!Condition IsProd, !Condition There]
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
  Nested: {Type: AWS::CloudFormation::Stack}
  Undeployed: {Type: AWS::SNS::Topic}
  Cart: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Shop}-cart"}}
  Shop: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Cart}-shop"}}
  Self: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref Self}}
Metadata:
  Value: %s
"""

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/teststack/51af3dc0-da77-11e4-872e-1234567db123"

# CloudFormation template reference, "Pseudo parameters".
PSEUDO: dict[str, Json] = {
    "AWS::AccountId": "123456789012",
    "AWS::NotificationARNs": ["arn:aws:sns:us-east-1:123456789012:news"],
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": STACK_ID,
    "AWS::StackName": "teststack",
    "AWS::URLSuffix": "amazonaws.com",
}

ATTRIBUTES: dict[str, Json] = {
    "!Ref Table": "teststack-Table-1A2B3C",
    "!Ref Queue": "https://sqs.us-east-1.amazonaws.com/123456789012/teststack-Queue-1A2B",
    "!GetAtt Table.Arn": "arn:aws:dynamodb:us-east-1:123456789012:table/teststack-Table-1A2B3C",
    "!GetAtt Queue.QueueName": "teststack-Queue-1A2B",
    "!GetAtt Nested.Outputs.Url": "https://nested.example",
    "!GetAtt Nested.Outputs.Nested.Deeper": "deep",
    "!Ref ServerlessRestApi": "a1b2c3d4e5",
}
EXPORTS: dict[str, Json] = {"AccountSubnetIDs": "subnet-a,subnet-b,subnet-c", "teststack-vpc": "vpc-1"}
DYNAMIC: dict[str, Json] = {
    "ssm:/app/host": "host.example",
    "ssm:/app/host:1": "old.example",
    "ssm:/app/hosts": "one, two,three",
    "ssm-secure:/app/key:3": "s3cr3t",
    "secretsmanager:db:SecretString:password": "pa55word",
    "secretsmanager:db": '{"password":"pa55word"}',
    "secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:SecretString:user::v1": "root",
}
ZONES = {"us-east-1": ["us-east-1a", "us-east-1b"], "eu-west-1": ["eu-west-1a"]}


class FakeNames:
    """What lies outside the template, from tables; ``asked`` is what was looked up."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resource(self, reference: Reference, evaluate: Callable[[Node], Answer]) -> Answer:
        if reference.resource is not None and "TableName" in reference.resource.properties:
            return evaluate(reference.resource.properties["TableName"])
        return self._known(reference.expression, ATTRIBUTES, f"stack teststack: {reference.logical_id}")

    def export(self, name: str) -> Answer:
        return self._known(name, EXPORTS, f"export {name}")

    def dynamic(self, service: str, key: str) -> Answer:
        return self._known(f"{service}:{key}", DYNAMIC, f"{service} {key}", secret=service != "ssm")

    def zones(self, region: str) -> Answer:
        return self._known(region, {name: [*zones] for name, zones in ZONES.items()}, f"zones of {region}")

    def _known(self, name: str, values: Mapping[str, Json], origin: str, *, secret: bool = False) -> Answer:
        self.asked.append(name)
        if name not in values:
            return Unknown(expression=name, reason=f"there is no {name}", tip="Deploy it.")
        return Known(value=values[name], origins=(Origin(text=origin, secret=secret),))


def evaluator_of(expression: str, given: Mapping[str, ParameterValue], names: FakeNames) -> tuple[Evaluator, Node]:
    read = template(parse(TEMPLATE % expression, path=PATH))
    pseudo = {name: Known(value=value, origins=(Origin(text=name),)) for name, value in PSEUDO.items()}
    metadata = read.document.root["Metadata"]
    assert isinstance(metadata, Map)
    return Evaluator(read, parameters=given, pseudo=pseudo, names=names), metadata["Value"]


def resolve(expression: str, *, names: FakeNames | None = None, **given: str) -> Answer | None:
    """The answer to an expression in YAML; ``given`` are parameter values."""
    values = {name: ParameterValue(text=text, origin=f"flag: {name}") for name, text in given.items()}
    evaluator, node = evaluator_of(expression, values, names or FakeNames())
    return evaluator.evaluate(node)


def value(expression: str, **given: str) -> Json:
    answer = resolve(expression, **given)
    assert isinstance(answer, Known), answer
    return answer.value


def unknown(expression: str, **given: str) -> Unknown:
    answer = resolve(expression, **given)
    assert isinstance(answer, Unknown), answer
    assert answer.reason
    assert answer.tip
    return answer


def origins(expression: str, **given: str) -> list[str]:
    answer = resolve(expression, **given)
    assert isinstance(answer, Known), answer
    return [origin.text for origin in answer.origins]


# what each function gives

REFERENCES = [
    ("!Ref Name", "orders"),
    ("{Ref: Name}", "orders"),
    ('{"Ref": "Name"}', "orders"),
    # "Parameters", Type: Number: "However, when you use the parameter elsewhere in your template, … a string".
    ("!Ref Count", "3"),
    ("!Ref Empty", ""),
    ("!Ref Table", "teststack-Table-1A2B3C"),
    ("!Ref ServerlessRestApi", "a1b2c3d4e5"),
    ("!GetAtt Table.Arn", ATTRIBUTES["!GetAtt Table.Arn"]),
    ("!GetAtt [Table, Arn]", ATTRIBUTES["!GetAtt Table.Arn"]),
    ("{Fn::GetAtt: [Table, Arn]}", ATTRIBUTES["!GetAtt Table.Arn"]),
    ("{Fn::GetAtt: Table.Arn}", ATTRIBUTES["!GetAtt Table.Arn"]),
    ("!GetAtt Nested.Outputs.Url", "https://nested.example"),
    ("!GetAtt [Nested, Outputs.Url]", "https://nested.example"),
    ("!GetAtt Nested.Outputs.Nested.Deeper", "deep"),
    # AWS::LanguageExtensions: "Fn::GetAtt" and "Ref" take intrinsics.
    ("{Fn::GetAtt: [!Select [0, [Table]], !Join ['', [A, rn]]]}", ATTRIBUTES["!GetAtt Table.Arn"]),
    ("{Ref: !Join ['', [Na, me]]}", "orders"),
]
PSEUDO_PARAMETERS = [
    *((f"!Ref {name}", given) for name, given in PSEUDO.items()),
    ("!Sub '${AWS::StackName}.${AWS::Region}.${AWS::URLSuffix}'", "teststack.us-east-1.amazonaws.com"),
    ("!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q'", "arn:aws:sqs:us-east-1:123456789012:q"),
    ("!Select [1, !Split ['/', !Ref AWS::StackId]]", "teststack"),
    ("!Select [0, !Ref AWS::NotificationARNs]", "arn:aws:sns:us-east-1:123456789012:news"),
]

LISTS = [
    # "Parameters", CommaDelimitedList: "each member string is space trimmed".
    ("!Ref DbSubnetIpBlocks", ["10.0.48.0/24", "10.0.112.0/24", "10.0.176.0/24"]),
    # Fn::Select, "Comma-delimited list parameter type".
    ("!Select [0, !Ref DbSubnetIpBlocks]", "10.0.48.0/24"),
    # "Parameters", List<Number>: "80,20" and a Ref is ["80","20"].
    ("!Ref Ports", ["80", "20"]),
    ("!Ref Subnets", ["subnet-1", "subnet-2"]),
    ("!Join [',', !Ref Subnets]", "subnet-1,subnet-2"),
    ("!Length {Ref: Subnets}", 2),
]

SUBSTITUTIONS = [
    ("!Sub 'www.${Name}.example'", "www.orders.example"),
    ("{Fn::Sub: 'www.${Name}.example'}", "www.orders.example"),
    ("!Sub ['www.${Domain}', {Domain: !Ref Name}]", "www.orders"),
    ("!Sub ['${Name}-${Env}', {Name: mine}]", "mine-dev"),
    ("!Sub 'plain text'", "plain text"),
    ("!Sub ''", ""),
    ("!Sub '${Name}${Name}'", "ordersorders"),
    ("!Sub '${Table.Arn}/index'", "arn:aws:dynamodb:us-east-1:123456789012:table/teststack-Table-1A2B3C/index"),
    ("!Sub '${Nested.Outputs.Url}/x'", "https://nested.example/x"),
    ("!Sub '${Nested.Outputs.Nested.Deeper}'", "deep"),
    # Fn::Sub: "To write a dollar sign and curly braces (${}) literally, add an exclamation point … ${!Literal}".
    ("!Sub '${!Name}'", "${Name}"),
    ("!Sub '${!Name} ${Name} ${!AWS::Region}'", "${Name} orders ${AWS::Region}"),
    ("!Sub 'cost $5 {x} $ {Name}'", "cost $5 {x} $ {Name}"),
    ("!Sub '$${Name}'", "$orders"),
    # Names of variables hold letters, digits, underscores, periods and colons.
    ("!Sub ['${my_var}', {my_var: v}]", "v"),
    ("!Sub ['${my.var}-${a::b}', {my.var: v, 'a::b': w}]", "v-w"),
    ("!Sub ['${Table.Arn}', {Table.Arn: mine}]", "mine"),
    ("!Sub ['${t}-${f}-${n}-${d}', {t: true, f: false, n: 7, d: 0.5}]", "true-false-7-0.5"),
    ("!Sub ['${a}', {a: '${Name}'}]", "${Name}"),
    ("!Sub ['${a}', {a: !Sub 'x${Name}'}]", "xorders"),
    ("!Sub '${Count}'", "3"),
]

TEXTS = [
    # Fn::Join, "Join a simple string array".
    ("!Join [':', [a, b, c]]", "a:b:c"),
    # Fn::Join, "Join using the Ref function with parameters".
    (
        "!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::elasticbeanstalk-*-', !Ref AWS::AccountId]]",
        "arn:aws:s3:::elasticbeanstalk-*-123456789012",
    ),
    ("!Join ['-', [a, 1, true, 0.5, !Ref Name]]", "a-1-true-0.5-orders"),
    ("!Join ['-', []]", ""),
    ("!Join ['-', [one]]", "one"),
    ("!Join ['', [a, '', b]]", "ab"),
    # Fn::Split, "Simple list" and "List with empty string values".
    ("!Split ['|', 'a|b|c']", ["a", "b", "c"]),
    ("!Split ['|', 'a||c|']", ["a", "", "c", ""]),
    ("!Split [', ', 'a, b']", ["a", "b"]),
    ("!Split ['|', abc]", ["abc"]),
    # Fn::Split, "Split an imported output value".
    ("!Select [2, !Split [',', !ImportValue AccountSubnetIDs]]", "subnet-c"),
    # Fn::Select, "Basic example".
    ("!Select ['1', [apples, grapes, oranges, mangoes]]", "grapes"),
    ("!Select [1, [apples, grapes]]", "grapes"),
    ("!Select [!Ref Count, [a, b, c, d]]", "d"),
    ("!Select [0, [{a: 1}]]", {"a": 1}),
    # Fn::Base64: "passes it encoded".
    ("!Base64 AWS CloudFormation", "QVdTIENsb3VkRm9ybWF0aW9u"),
    ("{Fn::Base64: !Sub 'x${Name}'}", "eG9yZGVycw=="),
    ("!Base64 'Grüße'", "R3LDvMOfZQ=="),
    # Fn::Length, "Intrinsic function support": the Ref of a text counts as one.
    ("!Length [1, !Ref Name, 3]", 3),
    ("!Length []", 0),
    ("!Length {Fn::Split: ['|', 'a|b']}", 2),
    # Fn::ToJsonString, "Convert an object to a JSON string" and "Convert an array to a JSON string".
    ("!ToJsonString {key1: value1, key2: !Ref Name}", '{"key1":"value1","key2":"orders"}'),
    ("!ToJsonString [{key1: value1}, {key2: !Ref Name}]", '[{"key1":"value1"},{"key2":"orders"}]'),
    ("!ToJsonString {a: [1, true, null, 'x\"y'], b: {}}", '{"a":[1,true,null,"x\\"y"],"b":{}}'),
]

NETWORKS = [
    # Fn::Cidr, "Basic usage": six blocks of mask /27 from one of mask /24.
    (
        "!Cidr ['192.168.0.0/24', 6, 5]",
        [
            "192.168.0.0/27",
            "192.168.0.32/27",
            "192.168.0.64/27",
            "192.168.0.96/27",
            "192.168.0.128/27",
            "192.168.0.160/27",
        ],
    ),
    ("{Fn::Cidr: ['192.168.0.0/24', '6', '5']}", [f"192.168.0.{32 * n}/27" for n in range(6)]),
    # Fn::Cidr, cidrBits: "a value 8 … will create a CIDR with a mask of /24".
    ("!Select [1, !Cidr ['10.0.0.0/16', 2, 8]]", "10.0.1.0/24"),
    # Fn::Cidr, "Creating an IPv6 enabled VPC": 64 bits of 128.
    ("!Cidr ['2600:1f14:123:4500::/56', 2, 64]", ["2600:1f14:123:4500::/64", "2600:1f14:123:4501::/64"]),
    # Fn::GetAZs: "… specifying an empty string is equivalent to specifying AWS::Region".
    ("!GetAZs ''", ["us-east-1a", "us-east-1b"]),
    ("!GetAZs us-east-1", ["us-east-1a", "us-east-1b"]),
    ("{Fn::GetAZs: !Ref AWS::Region}", ["us-east-1a", "us-east-1b"]),
    ("!Select [0, !GetAZs eu-west-1]", "eu-west-1a"),
]

MAPPINGS = [
    # Fn::FindInMap, "Using Fn::FindInMap with region-specific values".
    ("!FindInMap [RegionMap, !Ref AWS::Region, HVM64]", "ami-0ff8a91507f77f867"),
    ("{Fn::FindInMap: [RegionMap, us-west-1, HVMG2]}", "ami-066ee5fd4a9ef77f1"),
    ("!FindInMap [Stages, !Ref Env, Memory]", 128),
    ("!FindInMap [Stages, !Ref Env, Debug]", True),
    ("!FindInMap [Stages, dev, Zones]", ["a", "b"]),
    ("!FindInMap [Stages, dev, Name]", "host.example"),
    # "Fn::FindInMap enhancements", "Using a default value" and "Intrinsic functions to define the top-level key".
    ("!FindInMap [RegionMap, eu-west-1, HVM64, {DefaultValue: t3.micro}]", "t3.micro"),
    ("!FindInMap [RegionMap, us-east-1, Other, {DefaultValue: !Ref Name}]", "orders"),
    ("!FindInMap [NoSuchMap, a, b, {DefaultValue: [x]}]", ["x"]),
    ("!FindInMap [RegionMap, us-east-1, HVM64, {DefaultValue: t3.micro}]", "ami-0ff8a91507f77f867"),
    ("!FindInMap [RegionMap, !Select [0, !Split ['|', 'us-west-1|b']], HVM64]", "ami-0bdb828fd58c52235"),
]

CONDITIONS = [
    ("!Equals [a, a]", True),
    ("!Equals [a, A]", False),
    ("!Equals [!Ref Count, 3]", True),
    ("!Equals [!Ref Count, '3']", True),
    ("!Equals ['true', true]", True),
    ("!Equals ['', !Ref Empty]", True),
    ("!Equals [!Join [',', !Ref Subnets], 'subnet-1,subnet-2']", True),
    ("!And [!Equals [a, a], !Equals [b, b]]", True),
    ("!And [!Equals [a, a], !Equals [b, c]]", False),
    ("!Or [!Equals [a, b], !Equals [b, b]]", True),
    ("!Or [!Equals [a, b], !Equals [b, c]]", False),
    ("!Not [!Equals [a, b]]", True),
    ("!Not [!Condition IsDev]", False),
    ("!Condition IsDev", True),
    ("{Condition: IsProd}", False),
    ("!Condition Both", False),
    ("!Condition Either", True),
    ("!Condition NotProd", True),
    ("!If [IsDev, yes-dev, no-dev]", "yes-dev"),
    ("!If [IsProd, prod, !If [Either, !Ref Name, x]]", "orders"),
    ("{Fn::If: [IsDev, {a: !Ref Name}, {}]}", {"a": "orders"}),
    ("!If [!Equals [a, b], x, y]", "y"),
]

REMOVED = [
    # Pseudo parameters, AWS::NoValue: "Removes the corresponding resource property".
    ("{A: 1, B: !Ref AWS::NoValue}", {"A": 1}),
    ("{A: !If [IsProd, 1, !Ref AWS::NoValue], B: {C: !Ref AWS::NoValue}}", {"B": {}}),
    ("[a, !Ref AWS::NoValue, b]", ["a", "b"]),
    ("[!If [IsDev, !Ref AWS::NoValue, x]]", []),
    ("!Join ['-', [a, !If [IsProd, b, !Ref AWS::NoValue], c]]", "a-c"),
    ("!Length [a, !Ref AWS::NoValue]", 1),
    ("!ToJsonString {a: 1, b: !Ref AWS::NoValue}", '{"a":1}'),
    ("!Select [1, [a, !Ref AWS::NoValue, b]]", "b"),
]

OUTSIDE = [
    ("!ImportValue teststack-vpc", "vpc-1"),
    ("{Fn::ImportValue: !Sub '${AWS::StackName}-vpc'}", "vpc-1"),
    ("!Ref Host", "host.example"),
    ("!Sub 'https://${Host}/'", "https://host.example/"),
    ("!Ref Hosts", ["one", "two", "three"]),
    ("!Ref Zones", ["one", "two", "three"]),
    ("!Ref HostName", "/app/host"),
    # "Dynamic references": ssm, ssm-secure, secretsmanager.
    ("'{{resolve:ssm:/app/host}}'", "host.example"),
    ("'{{resolve:ssm:/app/host:1}}'", "old.example"),
    ("'{{resolve:ssm-secure:/app/key:3}}'", "s3cr3t"),
    ("'{{resolve:secretsmanager:db}}'", '{"password":"pa55word"}'),
    ("'{{resolve:secretsmanager:db:SecretString:password}}'", "pa55word"),
    (
        "'{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
        ":SecretString:user::v1}}'",
        "root",
    ),
    (
        "'postgres://{{resolve:ssm:/app/host}}:{{resolve:secretsmanager:db:SecretString:password}}@x'",
        "postgres://host.example:pa55word@x",
    ),
    ("!Sub ['{{resolve:secretsmanager:${Db}:SecretString:password}}', {Db: db}]", "pa55word"),
    ("!Join ['', ['{{resolve:ssm:', /app/host, '}}']]", "host.example"),
    ("{a: ['{{resolve:ssm:/app/host}}']}", {"a": ["host.example"]}),
    ("'{{ not:resolve }} {{resolve:other:x}}'", "{{ not:resolve }} {{resolve:other:x}}"),
    # "Get a plaintext value from Systems Manager Parameter Store": "To use a ssm dynamic reference in the Parameters
    # section … you must include a version number".
    ("!Ref Dynamic", "old.example"),
    ("!Sub '${Dynamic}!'", "old.example!"),
]

NESTED = [
    (
        "!Join ['/', [!Select [0, !Split ['-', !Ref Table]], !FindInMap [Stages, !Ref Env, Memory]]]",
        "teststack/128",
    ),
    ("!If [IsDev, !Sub ['${v}', {v: !If [IsProd, a, !ImportValue teststack-vpc]}], x]", "vpc-1"),
    ("!Base64 {Fn::Join: ['', [!ToJsonString [!Ref Name]]]}", "WyJvcmRlcnMiXQ=="),
    ("!Select [!Select [0, ['1']], !Cidr [!Select [0, ['10.0.0.0/16']], 2, 8]]", "10.0.1.0/24"),
    ("{a: {b: [!Ref Name, {c: !Sub '${Env}'}]}, Ref: x}", {"a": {"b": ["orders", {"c": "dev"}]}, "Ref": "x"}),
]

LITERALS = [
    ("text", "text"),
    ("12", 12),
    ("0.5", 0.5),
    ("true", True),
    ("null", None),
    ("[]", []),
    ("{}", {}),
    ("2012-10-17", "2012-10-17"),
    ("'${Name}'", "${Name}"),
]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        *REFERENCES,
        *PSEUDO_PARAMETERS,
        *LISTS,
        *SUBSTITUTIONS,
        *TEXTS,
        *NETWORKS,
        *MAPPINGS,
        *CONDITIONS,
        *REMOVED,
        *OUTSIDE,
        *NESTED,
        *LITERALS,
    ],
)
def test_an_expression_gives_what_cloudformation_gives(expression: str, expected: Json) -> None:
    found = value(expression)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("expression", ["!Ref AWS::NoValue", "!If [IsProd, x, !Ref AWS::NoValue]"])
def test_no_value_by_itself_is_nothing_at_all(expression: str) -> None:
    assert resolve(expression) is None


# parameters


def test_a_given_parameter_wins_over_its_default_everywhere() -> None:
    assert value("!Ref Name", Name="carts") == "carts"
    assert value("!If [IsProd, p, d]", Env="prod") == "p"
    assert value("!Ref Ports", Ports="443") == ["443"]
    assert value("!Ref Host", Host="/app/host:1") == "old.example"


def test_a_given_dynamic_reference_is_looked_up() -> None:
    assert value("!Ref Name", Name="{{resolve:ssm:/app/host}}") == "host.example"


def test_a_parameter_without_a_value_is_missing_by_name() -> None:
    answer = unknown("!Sub 'x-${Missing}'")

    assert answer.expression == "!Ref Missing"
    assert "Missing" in answer.reason
    assert "--parameter-overrides Missing=" in answer.tip


def test_an_ssm_parameter_that_the_stack_has_looked_up_is_not_looked_up_again() -> None:
    names = FakeNames()
    given = {"Hosts": ParameterValue(text="/app/hosts", resolved="x, y", origin="stack teststack: parameter Hosts")}
    evaluator, node = evaluator_of("!Ref Hosts", given, names)

    assert evaluator.evaluate(node) == Known(
        value=["x", "y"], origins=(Origin(text="stack teststack: parameter Hosts"),)
    )
    assert names.asked == []


def test_a_parameter_that_the_stack_hides_is_missing_and_not_its_default() -> None:
    given = {"Hidden": ParameterValue(text="****", origin="stack teststack: parameter Hidden", hidden=True)}
    evaluator, node = evaluator_of("!Ref Hidden", given, FakeNames())
    answer = evaluator.evaluate(node)

    assert isinstance(answer, Unknown)
    assert "NoEcho" in answer.reason
    assert "--parameter-overrides Hidden=" in answer.tip


# only what is needed is asked for


@pytest.mark.parametrize(
    "expression",
    [
        "!If [IsDev, !Ref Name, !ImportValue teststack-vpc]",
        "!If [IsProd, !GetAtt Undeployed.Arn, !Ref Name]",
        "!If [IsDev, orders, !Ref Missing]",
        "!If [IsDev, orders, '{{resolve:secretsmanager:gone}}']",
        "!If [IsDev, orders, !If [NeedsMissing, a, b]]",
        "!FindInMap [Stages, dev, Nope, {DefaultValue: orders}]",
        "!Sub ['orders', {unused: !ImportValue gone}]",
    ],
)
def test_what_is_not_needed_is_neither_asked_for_nor_missed(expression: str) -> None:
    names = FakeNames()
    answer = resolve(expression, names=names)

    assert isinstance(answer, Known)
    assert answer.value == "orders"
    assert names.asked == []


def test_a_branch_can_be_chosen_without_evaluating_it() -> None:
    names = FakeNames()
    evaluator, node = evaluator_of("!If [IsDev, !If [IsProd, a, !ImportValue gone], b]", {}, names)

    assert evaluator.branch(node) == {"Fn::ImportValue": "gone"}
    assert evaluator.branch(Map({"Ref": "AWS::NoValue"})) is None
    assert evaluator.branch("text") == "text"
    assert names.asked == []


def test_conditions_of_resources_are_decided() -> None:
    evaluator, _ = evaluator_of("x", {}, FakeNames())

    assert evaluator.holds(None) is True
    assert evaluator.holds("IsDev") is True
    assert evaluator.holds("Both") is False
    missing = evaluator.holds("NeedsMissing")
    assert isinstance(missing, Unknown)
    assert missing.expression == "!Ref Missing"


# what is missing


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("!Ref Undeployed", "!Ref Undeployed"),
        ("!GetAtt Undeployed.TopicName", "!GetAtt Undeployed.TopicName"),
        ("!Sub 'x-${Undeployed.TopicName}'", "!GetAtt Undeployed.TopicName"),
        ("!ImportValue gone", "gone"),
        ("'x {{resolve:ssm:/gone}}'", "ssm:/gone"),
        ("!Join ['-', [a, !Select [0, [!ImportValue gone]]]]", "gone"),
        ("{a: [1, {b: !GetAtt Undeployed.Arn}]}", "!GetAtt Undeployed.Arn"),
        ("!If [NeedsMissing, a, b]", "!Ref Missing"),
        ("!GetAZs mars-1", "mars-1"),
    ],
)
def test_what_is_missing_is_named_however_deep_it_stands(expression: str, named: str) -> None:
    assert unknown(expression).expression == named


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("!Rain::Embed code.py", "Rain::Embed"),
        ("{Fn::Transform: {Name: MyMacro}}", "Transform"),
        ("!FindInMap [RegionMap, eu-west-1, HVM64]", "RegionMap.eu-west-1.HVM64"),
        ("!FindInMap [NoSuchMap, a, b]", "NoSuchMap"),
        ("!If [NoSuchCondition, a, b]", "NoSuchCondition"),
        ("!Condition NoSuchCondition", "NoSuchCondition"),
        ("!Select [3, [a, b]]", "Select"),
        ("!Select [-1, [a, b]]", "Select"),
        ("!Select [one, [a, b]]", "Select"),
        ("!Select [0, text]", "Select"),
        ("!Select [0]", "Select"),
        ("!Join ['-']", "Join"),
        ("!Join ['-', text]", "Join"),
        ("!Join ['-', [a, [b]]]", "Join"),
        ("!Join text", "Join"),
        ("!Split ['', abc]", "Split"),
        ("!Split ['-', [a]]", "Split"),
        ("!Cidr ['10.0.0.0/16', 2, 99]", "Cidr"),
        ("!Cidr ['10.0.0.0/24', 300, 8]", "Cidr"),
        ("!Cidr [nowhere, 2, 8]", "Cidr"),
        ("!Base64 [a]", "Base64"),
        ("!Length text", "Length"),
        ("!Sub {a: b}", "Sub"),
        ("!Sub ['${a}']", "Sub"),
        ("!Sub ['${a}', {a: [1]}]", "Sub"),
        ("!Sub '${Subnets}'", "Sub"),
        ("!Sub ['${a}', {a: !Ref AWS::NoValue}]", "Sub"),
        ("{Fn::GetAtt: Table}", "GetAtt"),
        ("{Fn::GetAtt: [Table]}", "GetAtt"),
        ("!If [IsDev, a]", "If"),
        ("!And text", "And"),
        ("!Not [a, b]", "Not"),
        ("!Not [text]", "text"),
        ("!Equals [a]", "Equals"),
        ("!ImportValue [a]", "ImportValue"),
        ("!Ref [a]", "Ref"),
    ],
)
def test_what_is_no_expression_is_said_to_be_wrong_and_where(expression: str, named: str) -> None:
    answer = unknown(expression)

    assert named in f"{answer.expression} {answer.reason}"


def test_a_pseudo_parameter_that_there_is_not_needs_no_environment() -> None:
    answer = unknown("!Ref AWS::StackNome")

    assert "AWS::StackNome" in answer.reason
    assert "environment" not in answer.reason


def test_one_missing_value_does_not_stop_the_next() -> None:
    names = FakeNames()
    evaluator, _ = evaluator_of("x", {}, names)

    assert isinstance(evaluator.evaluate(Map({"Ref": "Undeployed"})), Unknown)
    assert isinstance(evaluator.evaluate(Map({"Condition": "Round"})), Unknown)
    assert evaluator.evaluate(Map({"Ref": "Table"})) == Known(
        value="teststack-Table-1A2B3C", origins=(Origin(text="stack teststack: Table"),)
    )


# circles


@pytest.mark.parametrize(
    ("expression", "circle"),
    [
        ("!If [Round, a, b]", ["Round"]),
        ("!Condition Round", ["Round"]),
        ("!Condition There", ["There", "Back"]),
        ("!If [Back, a, b]", ["Back", "There"]),
        ("!Ref Self", ["!Ref Self"]),
        ("!Ref Cart", ["!Ref Cart", "!Ref Shop"]),
        ("!Sub 'x-${Shop}'", ["!Ref Shop", "!Ref Cart"]),
    ],
)
def test_a_circle_ends_in_an_answer_that_names_it(expression: str, circle: list[str]) -> None:
    reason = unknown(expression).reason

    assert "refers to itself" in reason
    places = [reason.index(step) for step in [*circle]]
    assert places == sorted(places)
    assert reason.count(circle[0]) >= 2


def test_expressions_that_use_one_resource_twice_are_no_circle() -> None:
    assert value("!Sub '${Table}-${Table}'") == "teststack-Table-1A2B3C-teststack-Table-1A2B3C"
    assert value("[!If [IsDev, a, b], !If [IsDev, c, d]]") == ["a", "c"]


@pytest.mark.parametrize("depth", [50, 100, 200, 400])
def test_any_depth_ends_in_a_value_or_in_what_is_wrong(depth: int) -> None:
    expression = "!Join ['', [" * depth + "!Ref Name" + "]]" * depth
    try:
        answer = resolve(expression)
    except SamlocalError:
        return
    assert isinstance(answer, Unknown) or (isinstance(answer, Known) and answer.value == "orders")


# origins and secrets


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("text", []),
        ("!Join ['-', [a, b]]", []),
        ("!Ref Table", ["stack teststack: Table"]),
        ("!Sub '${Table}-${Queue.QueueName}-${Table}'", ["stack teststack: Table", "stack teststack: Queue"]),
        ("!Sub '${AWS::Region}/${Host}'", ["AWS::Region", "ssm /app/host", "template.yaml:12: default of Host"]),
        ("!Ref Name", ["template.yaml:3: default of Name"]),
        ("[!ImportValue teststack-vpc, !GetAZs us-east-1]", ["export teststack-vpc", "zones of us-east-1"]),
        ("'{{resolve:ssm:/app/host}}'", ["ssm /app/host"]),
        # What decided the branch is no part of the value.
        ("!If [IsDev, !Ref Table, x]", ["stack teststack: Table"]),
        # Nor is what was left out.
        ("{a: 1, b: !If [IsProd, !Ref Table, !Ref AWS::NoValue]}", []),
    ],
)
def test_a_value_knows_every_place_that_had_a_part_in_it(expression: str, named: list[str]) -> None:
    assert origins(expression) == named


def test_a_given_parameter_names_who_gave_it() -> None:
    assert origins("!Sub 'x-${Name}'", Name="carts") == ["flag: Name"]


@pytest.mark.parametrize(
    ("expression", "secret"),
    [
        ("!Ref Hidden", True),
        ("!Sub 'x-${Hidden}-y'", True),
        ("'{{resolve:ssm-secure:/app/key:3}}'", True),
        ("'a {{resolve:secretsmanager:db:SecretString:password}} b'", True),
        ("!Join ['', [x, '{{resolve:secretsmanager:db}}']]", True),
        ("[1, {a: !Base64 {Ref: Hidden}}]", True),
        ("!Select [0, !Split ['u', !Ref Hidden]]", True),
        ("'{{resolve:ssm:/app/host}}'", False),
        ("!Ref Name", False),
        ("!If [IsDev, x, !Ref Hidden]", False),
    ],
)
def test_a_value_that_holds_a_secret_says_so(expression: str, secret: bool) -> None:
    answer = resolve(expression)

    assert isinstance(answer, Known)
    assert answer.secret is secret


# ../shared/peers.md, "SAM CLI's value": what samlocal gives without a deployed stack

PEERS = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  NoDefault: {Type: String}
  NoDefaultList: {Type: CommaDelimitedList}
  NoDefaultNumber: {Type: Number}
  NoDefaultChoice: {Type: String, AllowedValues: [b, a]}
  Vpc: {Type: "AWS::EC2::VPC::Id"}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
  Groups: {Type: "List<AWS::EC2::SecurityGroup::Id>"}
  Image: {Type: "AWS::EC2::Image::Id"}
  Instance: {Type: "AWS::EC2::Instance::Id"}
  Volume: {Type: "AWS::EC2::Volume::Id"}
  Zone: {Type: "AWS::EC2::AvailabilityZone::Name"}
  List: {Type: CommaDelimitedList, Default: "a,b"}
  Ssm: {Type: "AWS::SSM::Parameter::Value<String>", Default: /app/host}
  SsmList: {Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /app/hosts}
Conditions:
  Here: !Equals [a, a]
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Bucket: {Type: AWS::S3::Bucket}
  Secret: {Type: AWS::SecretsManager::Secret}
  Machine: {Type: AWS::Serverless::StateMachine}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${AWS::StackName}-jobs.fifo"}}
  Nested: {Type: AWS::Serverless::Application, Properties: {Location: https://example.com/nested.yaml}}
  Fn: {Type: AWS::Serverless::Function, Properties: {Layers: %s, Handler: a.b, Runtime: python3.11, CodeUri: .}}
Metadata:
  Value: %s
"""


def app_of(expression: str, *, layers: str = "[]") -> tuple[Application, Node]:
    app = application(
        parse(PEERS % (layers, expression), path=PATH), environment=None, region="us-east-1", flags={}, configured={}
    )
    metadata = app.template.document.root["Metadata"]
    assert isinstance(metadata, Map)
    return app, metadata["Value"]


NAME = r"[\w.-]{3,80}"
ARN = r"arn:aws:{service}:us-east-1:\d{{12}}:{rest}"

# The template's expression, and the form that AWS documents for what it stands for.
STANDING_IN = [
    ("!Ref Table", NAME),
    ("!Ref Queue", rf"https://sqs\.us-east-1\.amazonaws\.com/\d{{12}}/{NAME}"),
    ("!Ref Topic", ARN.format(service="sns", rest=NAME)),
    ("!Ref Bucket", r"[a-z0-9.-]{3,63}"),
    ("!Ref Secret", ARN.format(service="secretsmanager", rest=rf"secret:{NAME}-\w{{6}}")),
    ("!Ref NoDefault", r"\S+"),
    ("!Ref NoDefaultNumber", r"-?\d+"),
    ("!Ref NoDefaultChoice", "b|a"),
    ("!Ref Vpc", r"vpc-[0-9a-f]+"),
    ("!Ref Image", r"ami-[0-9a-f]+"),
    ("!Ref Instance", r"i-[0-9a-f]+"),
    ("!Ref Volume", r"vol-[0-9a-f]+"),
    ("!Ref Zone", r"us-east-1[a-f]"),
    ("!Select [0, !Ref Subnets]", r"subnet-[0-9a-f]+"),
    ("!Select [0, !Ref Groups]", r"sg-[0-9a-f]+"),
    ("!Select [0, !Ref NoDefaultList]", r"\S+"),
    ("!GetAtt Queue.Arn", ARN.format(service="sqs", rest=NAME)),
    ("!GetAtt Table.Arn", ARN.format(service="dynamodb", rest=f"table/{NAME}")),
    ("!GetAtt Table.StreamArn", ARN.format(service="dynamodb", rest=rf"table/{NAME}/stream/\S+")),
    ("!GetAtt Bucket.Arn", r"arn:aws:s3:::[a-z0-9.-]{3,63}"),
    ("!GetAtt Machine.Arn", ARN.format(service="states", rest=f"stateMachine:{NAME}")),
    ("!GetAtt Fn.Arn", ARN.format(service="lambda", rest=r"function:[\w-]+")),
    ("!GetAtt FnRole.Arn", r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+"),
    ("!Ref ServerlessRestApi", r"[a-z0-9]{10}"),
    ("!GetAtt Queue.QueueName", NAME),
    ("!GetAtt Named.QueueName", r"[\w-]+-jobs\.fifo"),
    ("!GetAtt Named.Arn", ARN.format(service="sqs", rest=r"[\w-]+-jobs\.fifo")),
    ("!GetAtt Nested.Outputs.X", r"\S+"),
    ("!ImportValue x", r"\S+"),
    ("!Sub 'x-${Queue.QueueName}'", rf"x-{NAME}"),
    ("!Sub '${Nested.Outputs.X}'", r"[^$]+"),
    ("'{{resolve:ssm:/app/host}}'", r"[^{}]+"),
    ("'{{resolve:ssm:/app/host:3}}'", r"[^{}]+"),
    ("'{{resolve:ssm-secure:/app/key:1}}'", r"[^{}]+"),
    ("'x {{resolve:secretsmanager:db:SecretString:password}} y'", r"x [^{}]+ y"),
    ("!Ref Ssm", r"(?!/app/host$)\S+"),
    ("!Select [0, !Ref SsmList]", r"(?!/app/hosts$)\S+"),
    ("!Select [0, !GetAZs '']", r"us-east-1[a-f]"),
    ("!ToJsonString {table: !Ref Table}", rf'{{"table":"{NAME}"}}'),
]


@pytest.mark.parametrize(("expression", "form"), STANDING_IN)
def test_what_only_a_stack_determines_has_a_placeholder_of_the_right_form(expression: str, form: str) -> None:
    app, node = app_of(expression)
    answer = app.evaluator.evaluate(node)

    assert isinstance(answer, Known), answer
    assert answer.placeholder, "it says that it stands in for something"
    assert isinstance(answer.value, str)
    assert re.fullmatch(form, answer.value), answer.value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref List", ["a", "b"]),
        ("!Cidr ['10.0.0.0/16', 1, 8]", ["10.0.0.0/24"]),
        ("!Length [a, b]", 2),
        ("!ToJsonString {a: 1}", '{"a":1}'),
        ("!If [Here, v, !ImportValue x]", "v"),
        ("!If [true, v, !ImportValue x]", "v"),
        ("!Sub ['${my_var}', {my_var: v}]", "v"),
    ],
)
def test_what_the_template_determines_needs_no_placeholder(expression: str, expected: Json) -> None:
    app, node = app_of(expression)
    answer = app.evaluator.evaluate(node)

    assert isinstance(answer, Known), answer
    assert (answer.value, answer.placeholder) == (expected, False)


@pytest.mark.parametrize("expression", ["!Ref Nowhere", "!GetAtt Nowhere.Arn", "!Sub '${Nowhere}'"])
def test_a_reference_to_nothing_is_said_to_be_one(expression: str) -> None:
    app, node = app_of(expression)
    answer = app.evaluator.evaluate(node)

    assert isinstance(answer, Unknown)
    assert "Nowhere" in answer.reason


LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:shared:3"


@pytest.mark.parametrize(
    "layers",
    [
        f"[!If [Here, '{LAYER}', !ImportValue shared]]",
        f"!If [Here, ['{LAYER}'], []]",
        f"[!If [Here, !Ref AWS::NoValue, x], '{LAYER}']",
        "[!Sub 'arn:${AWS::Partition}:lambda:${AWS::Region}:123456789012:layer:shared:3']",
        f"!Split [',', '{LAYER}']",
    ],
)
def test_a_layer_given_by_an_expression_is_a_layer(layers: str) -> None:
    app, _ = app_of("x", layers=layers)

    assert app.function("Fn").layers == (RemoteLayer(arn=LAYER),)


@pytest.mark.parametrize(
    "expression",
    [
        "!ImportValue shared",
        "!GetAtt Nested.Outputs.LayerArn",
        "!Ref NoDefault",
        "!If [Here, !ImportValue shared, x]",
    ],
)
def test_a_layer_that_only_a_stack_determines_is_not_dropped_but_named(expression: str) -> None:
    app, _ = app_of("x", layers=f"[{expression}]")
    (layer,) = app.function("Fn").layers

    assert isinstance(layer, RemoteLayer)
    assert layer.placeholder is not None
    assert re.sub(r"\W", "", expression) == re.sub(r"\W", "", layer.placeholder)


def test_a_list_may_hold_lists() -> None:
    evaluator, _ = evaluator_of("x", {}, FakeNames())

    answer = evaluator.evaluate(Seq([Seq([Map({"Ref": "Name"})])]))
    assert isinstance(answer, Known)
    assert answer.value == [["orders"]]
