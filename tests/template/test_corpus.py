"""The 120 public templates of ../shared/corpus against what an independent script says of them.

They are read where they lie. Every difference is in a table with the template's own line and the reason; a difference
that is not there fails, and so does an explanation that no difference needs any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from corpus import COUNT, FOLDER, NAMES, TEMPLATES, needs_corpus

from samlocal.function.application import Application, application
from samlocal.function.summary import FunctionSummary, summarize
from samlocal.function.variables import MissingVariable, Variable
from samlocal.template.model import Resource
from samlocal.template.reader import read
from samlocal.template.values import Known

EXPECTED: dict[str, Any] = (
    json.loads((FOLDER / "expected.json").read_text(encoding="utf-8")) if TEMPLATES.is_dir() else {}
)

Expected: TypeAlias = "dict[str, Any]"

# What expected.json calls ${AWS::StackName}, where nothing is deployed.
STACK = "samlocal"


@dataclass(frozen=True, slots=True)
class Explained:
    """``line`` of the template holds ``text``; ``why`` samlocal and expected.json need not agree there."""

    line: int
    text: str
    why: str


EMBEDDED = "Rain puts the file in before CloudFormation sees the template; this one has not been through Rain"

# Facts that differ from expected.json, by template, function and fact.
DIFFERENT: dict[str, dict[tuple[str, str], Explained]] = {
    "003-apigateway.json": {
        ("LambdaFunction", "code"): Explained(162, '"Rain::Embed": "handler.py"', EMBEDDED),
    },
    "007-elasticache.yaml": {
        ("EnableShapshot", "code"): Explained(220, "ZipFile: !Rain::Embed elastic-code.js", EMBEDDED),
    },
    "008-iot.yaml": {
        ("GroupDeploymentResetFunction", "code"): Explained(369, "ZipFile: !Rain::Embed reset_function.py", EMBEDDED),
    },
    "014-examples-event-handler-rest-sam.yaml": {
        ("HelloWorldFunction", "COGNITO_USER_POOL_DOMAIN"): Explained(
            25,
            "COGNITO_USER_POOL_DOMAIN: !Ref UserPoolDomain",
            "the template names the domain itself (line 73), and its Ref is that name; expected.json looks at names "
            "of a few types only",
        ),
    },
    "022-c-test-resources-software-amazon-awscdk-examples.json": {
        ("WidgetHandlerF8A613CA", "code"): Explained(
            703,
            '"Ref": "AssetParameters89efb2e5dce7',
            "no Parameters section declares it, no metadata names the asset: CloudFormation refuses this template",
        ),
    },
    "076-tests-smoke-templates-sar.yaml": {
        ("FactSkillSampleForAlexaSkillsKit", "function_name"): Explained(
            51,
            "- Fn::Select:",
            "expected.json calls it malformed, its stack ARN being shorter than AWS's: the fifth of the third of "
            "arn:aws:cloudformation:us-east-1:123456789012:stack/NAME/8-4-4-4-12 is the UUID's last",
        ),
    },
    "097-tests-translator-input.yaml": {
        ("FunctionWithArchitecturesIntrinsic", "architectures"): Explained(
            12,
            "Architectures:",
            "Architectures is a list of one; a Ref of a String parameter is a text, which CloudFormation refuses "
            "(AWS::Lambda::Function, Architectures: Array of String)",
        ),
    },
}

# What samlocal says is wrong in a template, by the line that it names.
PROBLEMS: dict[str, dict[int, str]] = {
    "003-apigateway.json": {160: "LambdaFunction: Code"},
    "007-elasticache.yaml": {219: "EnableShapshot: Code = !Rain::Embed elastic-code.js"},
    "008-iot.yaml": {368: "GroupDeploymentResetFunction: Code = !Rain::Embed reset_function.py"},
    "010-rainmodules.yaml": {39: "Handler: Code = !Rain::S3"},
    "015-examples-homepage-install-sar.yaml": {8: "AwsLambdaPowertoolsPythonLayer"},
    "017-examples-app.yaml": {
        # LoggingConfig takes the function's own name.
        70: "putItemFunction → putItemFunction",
        123: "getAllItemsFunction → getAllItemsFunction",
        172: "getByIdFunction → getByIdFunction",
        214: "processItemsStreamFunction → processItemsStreamFunction",
    },
    "022-c-test-resources-software-amazon-awscdk-examples.json": {701: "WidgetHandlerF8A613CA: Code = !Ref Asset"},
    "026-products.yaml": {149: "resources/openapi.yaml", 179: "DeadLetterQueue"},
    "028-imageprocessing-workshop-static-cloudformation.yaml": {93: "ImageMagick"},
    "031-00-basecore.yaml": {
        438: "s3://serverlesspresso-central-workshop-template",
        783: "s3://serverlesspresso-central-workshop-template",
    },
    "032-00-basecore.yaml": {178: "MfaConfiguration stands here again (first in line 163)"},
    "048-cognito-sns-sms-origination-id-sam.yaml": {65: "MfaConfiguration stands here again (first in line 64)"},
    "055-multi-account-private-apigw-centralaccount.yaml": {234: "Handler stands here again (first in line 228)"},
    "061-stepfunctions-fargate-lambda.yaml": {86: "VPC: there is no file ./vpc.yaml"},
    "063-vpc-lattice-lambda.yaml": {
        163: "VLFunctionPrimary stands here again (first in line 160)",
        169: "VLFunctionSecondary stands here again (first in line 166)",
        178: "Description stands here again (first in line 176)",
        179: "Value stands here again (first in line 177)",
    },
    "075-stepfunction-redshift-batchexecutestatement-sam.yaml": {12: "Type stands here again (first in line 11)"},
    "078-tests-smoke-templates-sar.yaml": {20: "SAFE_ENVIRONMENT_VARIABLE_1 = !Ref TemplateParameterOne"},
    "089-tests-translator-input.yaml": {4: "SomeFunction: the function has no Runtime"},
    "090-tests-translator-input.yaml": {3: "MyFunction: the function has no Runtime"},
    "097-tests-translator-input.yaml": {12: "FunctionWithArchitecturesIntrinsic: Architectures needs a list"},
}


@dataclass(frozen=True, slots=True)
class Read:
    """A template as samlocal reads it without an environment."""

    app: Application
    functions: dict[str, tuple[Application, Resource, FunctionSummary]]


def read_template(name: str) -> Read:
    app = application(read(TEMPLATES / name), environment=None, region="us-east-1", flags={}, configured={})
    functions = {}
    for owner, resource in app.functions():
        functions[owner.path(resource)] = (owner, resource, summarize(owner, resource))
    return Read(app=app, functions=functions)


each_template = pytest.mark.parametrize("name", NAMES)


@needs_corpus
def test_the_corpus_has_120_templates() -> None:
    assert len(EXPECTED) == COUNT
    assert {path.name for path in TEMPLATES.iterdir()} == set(EXPECTED)


@needs_corpus
@each_template
def test_its_functions_are_those_that_the_template_declares(name: str) -> None:
    # A function under a false condition may be absent; none of the corpus is under one.
    assert list(read_template(name).functions) == [function["logical_id"] for function in EXPECTED[name]["functions"]]


@needs_corpus
@each_template
def test_each_functions_facts_equal_what_the_template_says(name: str) -> None:
    found = read_template(name).functions
    differences = {
        (function["logical_id"], fact): (wanted, got)
        for function in EXPECTED[name]["functions"]
        for fact, wanted, got in facts(function, *found[function["logical_id"]])
        if wanted != got
    }
    explained = DIFFERENT.get(name, {})

    unexplained = {key: both for key, both in differences.items() if key not in explained}
    assert unexplained == {}
    assert set(explained) - set(differences) == set(), "explanations that nothing needs any more"


@needs_corpus
@each_template
def test_what_is_wrong_in_a_template_is_said_at_its_line(name: str) -> None:
    found = read_template(name)
    said = [str(problem) for problem in found.app.problems()]
    said += [problem for _, _, summary in found.functions.values() for problem in summary.problems]
    wanted = PROBLEMS.get(name, {})

    lines = {}
    for problem in said:
        path, line, message = problem.split(":", 2)
        assert path == str(TEMPLATES / name)
        lines[int(line)] = message
    assert set(lines) == set(wanted), said
    assert [line for line, fragment in wanted.items() if fragment not in lines[line]] == []


@needs_corpus
def test_the_explanations_name_lines_of_their_templates() -> None:
    for name, differences in DIFFERENT.items():
        lines = (TEMPLATES / name).read_text(encoding="utf-8-sig").splitlines()
        for explained in differences.values():
            assert explained.text in lines[explained.line - 1]


Fact: TypeAlias = tuple[str, object, object]


def facts(expected: Expected, owner: Application, resource: Resource, found: FunctionSummary) -> Iterator[Fact]:
    """Each fact with what is expected and what samlocal says, made alike where both are right."""
    yield "runtime", expected["runtime"], found.runtime
    yield "handler", expected["handler"], found.handler
    # expected.json has null where the template says nothing; these are CloudFormation's defaults.
    yield "timeout", expected["timeout"] or 3, found.timeout
    yield "memory", expected["memory"] or 128, found.memory
    yield "architectures", tuple(expected["architectures"] or ["x86_64"]), found.architectures
    yield "package_type", expected["package_type"], found.package_type
    yield "layers", expected["layers"], resource.properties.get("Layers") or []
    yield from _function_name(expected, owner, resource, found)
    yield from _code(expected, owner, found)
    yield (
        "events",
        [_event(event) for event in expected["events"]],
        [(event.name, event.type, event.method, event.path) for event in found.events],
    )
    yield "variables", sorted(expected["env_names"]), sorted(variable.name for variable in found.variables)
    variables = {variable.name: variable for variable in found.variables}
    for variable_name, wanted in expected["env"].items():
        yield from _variable(wanted, variables[variable_name])


def _function_name(
    expected: Expected, owner: Application, resource: Resource, found: FunctionSummary
) -> Iterator[Fact]:
    wanted = expected["function_name"]
    if isinstance(wanted, dict):
        answer = owner.evaluator.evaluate(resource.properties["FunctionName"])
        yield "function_name", _outside(wanted), isinstance(answer, Known) and answer.placeholder
    else:
        yield "function_name", _stacked(wanted) or expected["logical_id"], found.function_name


def _code(expected: Expected, owner: Application, found: FunctionSummary) -> Iterator[Fact]:
    code, folder = expected["code"], owner.template.folder
    match code["kind"], code.get("code_uri"):
        case _ if "asset_path" in expected:
            # CDK, and Amplify, say in the metadata where the code lies that they have put into S3.
            yield "code", str(folder / expected["asset_path"]), found.code
        case "local", str(uri):
            yield "code", str(folder / uri), found.code
        case "missing", _:
            # SAM takes the folder of the template where there is no CodeUri (`sam build`).
            yield "code", str(folder), found.code
        case "s3", str(uri):
            yield "code", uri, found.code
        case "s3", {"Bucket": bucket, "Key": key}:
            yield "code", f"s3://{bucket}/{key}", found.code
        case "s3", _:
            yield "code", "s3", (found.code or "").split(":")[0]
        case "inline", _:
            yield "code", "inline", found.code
        case "image", _:
            yield "code", code["image_uri"] or "image to be built", found.code
        case _:
            yield "code", None, found.code


def _event(event: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    method, path = event.get("method"), event.get("path")
    if event["type"] == "HttpApi" and path is None:
        # SAM specification, HttpApi event: "If no Path and Method are specified, the default route".
        method, path = "any", "$default"
    return event["name"], event["type"], method and method.upper(), path


def _variable(wanted: dict[str, Any], found: Variable | MissingVariable) -> Iterator[Fact]:
    """A value that the template determines is that value; anything else is a placeholder, or said to be missing."""
    name = found.name
    if "value" in wanted:
        value = wanted["value"] if isinstance(wanted["value"], str) else json.dumps(wanted["value"])
        yield name, _stacked(value), found.value if isinstance(found, Variable) else found
    elif "resource" in wanted and "name" in wanted and wanted["attr"] in (None, "Name"):
        yield name, _stacked(wanted["name"]), found.value if isinstance(found, Variable) else found
    elif "resource" in wanted:
        yield name, "a placeholder", _standing_in(found)
    elif _outside(wanted):
        missing = isinstance(found, MissingVariable)
        yield name, "a placeholder", "a placeholder" if missing else _standing_in(found)
    else:
        yield name, wanted, found


def _standing_in(found: Variable | MissingVariable) -> str:
    if isinstance(found, MissingVariable):
        return f"missing: {found.unknown.reason}"
    if not found.placeholders:
        return f"taken for known: {found.value}"
    left = [mark for mark in ("${", "{{", "Fn::", "[]") if mark in found.value]
    return f"no value: {found.value}" if left or not found.value else "a placeholder"


def _outside(wanted: dict[str, Any]) -> bool:
    """Whether expected.json says that something outside the template determines the value."""
    return all(reason.split()[0] in ("parameter", "resource", "ssm", "ref") for reason in wanted["unresolved"])


def _stacked(text: str | None) -> str | None:
    return text and text.replace("${AWS::StackName}", STACK)
