"""Projects that are wrong in one or several places: templates, settings, files of variables and events.

All of it follows from a number: what case 4,711 is today it is tomorrow.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

TEMPLATE: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
    "Description": "Everything that samlocal reads, once.",
    "Parameters": {
        "Stage": {"Type": "String", "Default": "test", "AllowedValues": ["test", "prod"], "AllowedPattern": "[a-z]+"},
        "Count": {"Type": "Number", "Default": 7, "MinValue": 1, "MaxValue": 99},
        "Names": {"Type": "CommaDelimitedList", "Default": "a,b", "MaxLength": 20},
        "Password": {"Type": "String", "NoEcho": True},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/image"},
    },
    "Mappings": {"Sizes": {"test": {"memory": 128, "hosts": ["a", "b"]}, "prod": {"memory": 512, "hosts": ["c"]}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Not": [{"Condition": "IsProd"}]}]},
    },
    "Globals": {
        "Function": {
            "Runtime": "python3.11",
            "Timeout": 10,
            "Environment": {"Variables": {"STAGE": {"Ref": "Stage"}, "LEVEL": "INFO"}},
            "Layers": [{"Ref": "Shared"}],
        }
    },
    "Resources": {
        "Shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/", "LayerName": "s"}},
        "Table": {
            "Type": "AWS::Serverless::SimpleTable",
            "Properties": {"PrimaryKey": {"Name": "id", "Type": "String"}},
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Condition": "Either", "Properties": {"FifoQueue": True}},
        "Api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": {"Ref": "Stage"}}},
        "Child": {
            "Type": "AWS::Serverless::Application",
            "Properties": {"Location": "child.json", "Parameters": {"Table": {"Ref": "Table"}}},
        },
        "Fn::ForEach::Topics": ["Name", ["One", "Two"], {"Topic${Name}": {"Type": "AWS::SNS::Topic"}}],
        "Fn": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "FunctionName": {"Fn::Sub": "${AWS::StackName}-fn"},
                "CodeUri": "code/",
                "Handler": "app.handler",
                "MemorySize": {"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]},
                "Architectures": ["x86_64"],
                "EphemeralStorage": {"Size": 512},
                "Environment": {
                    "Variables": {
                        "TABLE": {"Ref": "Table"},
                        "QUEUE": {"Fn::GetAtt": ["Queue", "Arn"]},
                        "URL": {"Fn::Sub": ["https://${Api}.x/${path}", {"path": {"Fn::Join": ["/", ["a", "b"]]}}]},
                        "HOST": {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]},
                        "WHICH": {"Fn::If": ["IsProd", "yes", {"Ref": "AWS::NoValue"}]},
                        "SECRET": "{{resolve:secretsmanager:app:SecretString:password}}",
                        "BASE": {"Fn::Base64": {"Ref": "Password"}},
                        "OUT": {"Fn::GetAtt": "Child.Outputs.Name"},
                    }
                },
                "Policies": [{"DynamoDBReadPolicy": {"TableName": {"Ref": "Table"}}}],
                "Events": {
                    "Get": {
                        "Type": "Api",
                        "Properties": {"RestApiId": {"Ref": "Api"}, "Path": "/x", "Method": "get"},
                    },
                    "Poll": {
                        "Type": "SQS",
                        "Properties": {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}, "BatchSize": 1},
                    },
                    "Cron": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}},
                },
            },
        },
        "Packed": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "PackageType": "Image",
                "ImageUri": "packed:latest",
                "ImageConfig": {"Command": ["app.h"]},
            },
            "Metadata": {"Dockerfile": "Dockerfile", "DockerContext": "./code"},
        },
        "Plain": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "nodejs20.x",
                "Handler": "index.handler",
                "Role": "arn:aws:iam::123456789012:role/r",
                "Code": {"ZipFile": "exports.handler = async () => 1"},
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
            },
        },
    },
    "Outputs": {"Url": {"Value": {"Fn::Sub": "${Api}"}, "Export": {"Name": "url"}}},
}
CHILD: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Table": {"Type": "String"}},
    "Resources": {
        "Inner": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.11",
                "CodeUri": "code/",
                "Handler": "app.handler",
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            },
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Inner"}}},
}
SAMCONFIG = """\
version = 0.1
[default.global.parameters]
template_file = "template.json"
[default.samlocal.parameters]
skip_pull_image = true
snapshot_age = 60
set = ["CITY=Rome"]
[prod.deploy.parameters]
stack_name = "app-prod"
region = "eu-west-1"
parameter_overrides = "Stage=prod Count=8"
[prod.samlocal.parameters]
protected = true
"""
DOTENV = "CITY=Rome\nexport STREET='Via Appia 7'\n# a remark\nQUOTED=\"two\\nlines\"\nEMPTY=\n"
EVENT = {"id": "a1", "seats": [1, 2.5, None, True], "nested": {"name": "Ü", "deep": [[{"x": "y"}]]}}
ENV_VARS = {"Parameters": {"CITY": "Rome"}, "Fn": {"STREET": "Via Appia", "NUMBER": 7}}

_NAMES = (
    "Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::Base64",
    "Fn::Cidr", "Fn::ImportValue", "Fn::Length", "Fn::ToJsonString", "Fn::ForEach::X", "Fn::Transform", "Fn::GetAZs",
    "Fn::Equals", "Fn::And", "Condition", "Type", "Properties",
    "Fn::Include", "Fn::", "AWS::Include", "", "Fn", "Get",
)  # fmt: skip
_WORDS = (
    "", " ", "a", "Fn", "Table", "Stage", "IsProd",
    "Fn.Arn", "${Stage}", "${", "${!x}", "${A.B.C}", "${Fn}", "AWS::Region",
    "AWS::NoValue", "{{resolve:ssm:/a}}", "{{resolve:", "{{resolve:x:y}}", "\x00", "\x1b[2J", "\ud800", "ü", "\u2028",
    "²", "٣", "9" * 6000, "-1", "1e999", "0x10", "nan", "a" * 70_000, "code/", "../..", "/dev/null", "/dev/zero",
    "/proc/self/mem", "child.json", "template.json",
    "arn:aws:lambda:us-east-1:1:layer:x:1", "arn:", "s3://b/k", "True",
    "AWS::Serverless::Function", "AWS::Lambda::Function", "AWS::CloudFormation::Stack", "Custom::X", "python3.99",
)  # fmt: skip
_TOKENS = (
    b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\x85", b"\xe2\x80\xa8",
    b"&a ", b"*a", b"<<: ", b"!Ref ", b"!Sub", b"!!python/x ",
    b"!!binary ", b"{", b"}", b"[", b"]", b":", b"- ", b"'",
    b'"', b"\\", b"\\u", b"%", b"@", b"---\n", b"? ", b"|", b">",
    b"=", b"==", b"\r", b"\n", b"\n\n", b"#", b"1e999",
    b"0b", b"12:30", b"2026-01-01", b"[[", b"nan", b"NaN", b"Infinity",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One project, and what is typed in it."""

    files: dict[str, bytes]
    args: tuple[str, ...]


def case(number: int) -> Case:
    """The project of a number."""
    chance = random.Random(number)
    kind = chance.choice(("template", "template", "template", "child", "samconfig", "dotenv", "event", "env_vars"))
    files = {
        "template.json": _written(TEMPLATE),
        "child.json": _written(CHILD),
        "code/app.py": b"def handler(event, context):\n    return event\n",
        "layer/data": b"x",
    }
    args = chance.choice(_COMMANDS)
    match kind:
        case "template":
            files["template.json"] = _template(chance, TEMPLATE)
        case "child":
            files["child.json"] = _template(chance, CHILD)
        case "samconfig":
            files["samconfig.toml"] = _bytes(chance, _settings(chance))
        case "dotenv":
            files[".env"] = _bytes(chance, DOTENV.encode())
        case "event":
            files["event.json"] = _template(chance, EVENT)
            args = ("invoke", "Fn", "--event", "event.json")
        case "env_vars":
            files["vars.json"] = _template(chance, ENV_VARS)
            args = (*args, "--env-vars", "vars.json")
    return Case(files=files, args=args)


_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("event", "generate", "--for", "Fn"),
    ("event", "generate", "--for", "Child/Inner"),
    ("list",),
    ("list", "--output", "json"),
    ("env", "Fn"),
    ("env", "Fn", "--output", "json"),
    ("env", "Child/Inner", "--output", "dotenv"),
    ("env", "Plain", "--parameter-overrides", "Stage=prod", "Count=3"),
    ("invoke", "Fn"),
    ("invoke", "Plain", "--strict"),
    ("invoke", "Child/Inner", "--parameter-overrides", "Password=x"),
    ("invoke", "Packed"),
)


def _template(chance: random.Random, document: object) -> bytes:
    mutated = copy.deepcopy(document)
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        mutated = _restructured(chance, mutated)
    written = _written(mutated) if chance.random() < 0.7 else _as_yaml(mutated)
    return _bytes(chance, written) if chance.random() < 0.4 else written


def _written(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


def _as_yaml(document: object) -> bytes:
    # Surrogates have no place in YAML, nor has PyYAML's writer one for what is nested deeply.
    try:
        return yaml.safe_dump(json.loads(json.dumps(document).replace("\\ud800", "")), sort_keys=False).encode()
    except RecursionError:
        return _written(document)


def _value(chance: random.Random) -> Any:
    """Anything that a template can hold."""
    pick = chance.random()
    if pick < 0.4:
        return chance.choice(_WORDS)
    if pick < 0.6:
        return chance.choice((None, True, False, 0, -1, 1.5, 1e308, 10**30, 2**63, [], {}, [[]], [None], {"a": None}))
    if pick < 0.95:
        inner = chance.choice((chance.choice(_WORDS), [_value(chance) for _ in range(chance.randrange(4))]))
        return {chance.choice(_NAMES): inner}
    nested: Any = "deep"
    for _ in range(chance.choice((30, 300))):
        nested = {chance.choice(_NAMES): nested} if chance.random() < 0.5 else [nested]
    return nested


def _restructured(chance: random.Random, document: Any) -> Any:
    """The document with one place changed."""
    places = list(_places(document))
    if not places:
        return _value(chance)
    holder, key = chance.choice(places)
    change: Callable[[], None] = chance.choice(
        (
            lambda: holder.__setitem__(key, _value(chance)),
            lambda: holder.__setitem__(key, {chance.choice(_NAMES): holder[key]}),
            lambda: holder.__setitem__(key, [holder[key]] * chance.randrange(3)),
            lambda: holder.__delitem__(key),
            lambda: _renamed(chance, holder, key),
            lambda: holder.__setitem__(key, copy.deepcopy(_at(chance.choice(places)))),
        )
    )
    change()
    return document


def _renamed(chance: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[chance.choice((*_NAMES, *_WORDS))] = holder.pop(key)
    else:
        holder.insert(key, _value(chance))


def _at(place: tuple[Any, Any]) -> Any:
    return place[0][place[1]]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, (dict, list)):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from _places(node[key])


def _settings(chance: random.Random) -> bytes:
    """samconfig.toml with one value replaced by one of another kind."""
    lines = SAMCONFIG.splitlines()
    assigned = [index for index, line in enumerate(lines) if "=" in line]
    index = chance.choice(assigned)
    key = lines[index].partition("=")[0]
    others = ("[]", "{}", "nan", "-1", "true", '"x"', '["a"]', "[[1]]", "{a = 1}", "2026-01-01", '"\\u0000"', "1e400")
    lines[index] = f"{key}= {chance.choice(others)}"
    return "\n".join(lines).encode()


def _bytes(chance: random.Random, text: bytes) -> bytes:
    """The text with a few places damaged."""
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((1, 1, 5, 50)))
        match chance.randrange(6):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + chance.choice(_TOKENS) + text[at:]
            case 2:
                text = text[:at] + bytes((chance.randrange(256),)) + text[end:]
            case 3:
                text = text[:end] + text[at:end] * chance.choice((1, 30)) + text[end:]
            case 4:
                text = text[:at] if chance.random() < 0.2 else text[:at] + chance.choice(_TOKENS) + text[end:]
            case _:
                text = text.decode(errors="replace").encode("utf-16" if chance.random() < 0.05 else "utf-8")
    return text
