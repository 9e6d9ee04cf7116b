"""What AWS can have against an invocation with an environment: each with its message and exit status."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_front import Answer, front_of
from botocore.exceptions import NoCredentialsError
from kit import AwsEndpoint, Project, aws_endpoint, function, python, template

from samlocal.errors import ExitStatus

TOPIC = {"Type": "AWS::SNS::Topic"}
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": {"Fn::Sub": "${AWS::StackName}-role"},
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
            ],
        },
    },
}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": {"Fn::Sub": "${AWS::StackName}-fn"},
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": {"Fn::GetAtt": ["FnRole", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): pass"},
    },
}
DEPLOYED = {"Resources": {"Orders": TOPIC, "FnRole": ROLE, "Fn": FUNCTION}}
FILES = {
    "template.json": template(
        Fn=function(Environment={"Variables": {"ORDERS": {"Ref": "Orders"}}}),
        Undeployed=function(),
        NotYet=function(
            Environment={"Variables": {"ORDERS": {"Ref": "Orders"}, "QUEUE": {"Fn::GetAtt": ["Added", "Arn"]}}}
        ),
        Orders=TOPIC,
        Added={"Type": "AWS::SQS::Queue"},
    ),
    "code/app.py": "def handler(event, context): pass\n",
}
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> str:
    aws_server.deploy("refused-test", DEPLOYED)
    return "refused-test"


@pytest.fixture
def application(project: Callable[..., Project], aws_server: AwsEndpoint) -> Project:
    # All of this ends before an engine is needed.
    made: Project = project(FILES, **aws_server.environ, **NO_ENGINE)
    return made


def test_a_stack_that_is_absent_is_named_with_those_of_a_like_name(application: Project, stack: str) -> None:
    outcome = application.invoke("Fn", "-n", "refused-tset").ended(ExitStatus.STACK)
    assert "There is no stack refused-tset in eu-west-1" in outcome.stderr
    assert stack in outcome.stderr
    assert outcome.stdout == b""


def test_without_credentials_it_says_how_to_get_them(
    project: Callable[..., Project], aws_server: AwsEndpoint, stack: str
) -> None:
    environ = {name: value for name, value in aws_server.environ.items() if "KEY" not in name}
    outcome = project(FILES, **environ).invoke("Fn", "-n", stack).ended(ExitStatus.CREDENTIALS)
    assert "There are no AWS credentials" in outcome.stderr
    assert "aws configure" in outcome.stderr


def test_a_layer_that_needs_aws_says_so_where_there_are_no_credentials(project: Callable[..., Project]) -> None:
    layer = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:3"
    made = project(python("", Layers=[layer]), AWS_EC2_METADATA_DISABLED="true")
    outcome = made.invoke("Fn").ended(ExitStatus.CREDENTIALS)
    assert f"The layer {layer} is not kept on this machine, and AWS is asked for it." in outcome.stderr
    for way_on in ("aws sso login", "--aws-profile", "-e ENV"):
        assert way_on in outcome.stderr


@pytest.mark.docker
def test_a_function_that_asks_aws_without_an_environment_hears_why_it_has_no_credentials_and_the_ways_on(
    project: Callable[..., Project],
) -> None:
    said = NoCredentialsError.fmt
    made = project(python(f"def handler(event, context):\n    raise RuntimeError({said!r})\n"))
    outcome = made.invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    (line,) = (line for line in outcome.lines if "without credentials" in line)
    assert "for no environment is named" in line
    assert outcome.lines.index(line) > outcome.lines.index("Traceback (most recent call last):")
    assert "REPORT" in outcome.stderr.partition(line)[0]
    for way_on in ("-e ENV", "-e local", "--no-assume-role"):
        assert way_on in line


def test_a_profile_that_is_absent_is_named(application: Project, stack: str) -> None:
    outcome = application.invoke("Fn", "-n", stack, "--aws-profile", "work").ended(ExitStatus.CONFIGURATION)
    assert "'work'" in outcome.stderr


def test_an_endpoint_that_does_not_answer_is_named(project: Callable[..., Project], aws_server: AwsEndpoint) -> None:
    environ = aws_server.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    outcome = project(FILES, **environ).invoke("Fn", "-n", "any").ended(ExitStatus.AWS)
    assert "http://127.0.0.1:1" in outcome.stderr
    assert "cannot be reached" in outcome.stderr


def test_a_variable_that_cannot_be_known_is_named_with_its_expression_line_and_reason(
    application: Project, stack: str
) -> None:
    outcome = application.invoke("NotYet", "-n", stack).ended(ExitStatus.UNRESOLVED)
    source = (application.folder / "template.json").read_text().splitlines()
    line = next(number for number, text in enumerate(source, 1) if '"QUEUE"' in text)
    assert f"template.json:{line}: NotYet: QUEUE = " in outcome.stderr
    assert "Added" in outcome.stderr
    assert stack in outcome.stderr
    assert "ORDERS" not in outcome.stderr
    assert outcome.stdout == b""


def test_a_function_that_is_not_deployed_has_no_role_to_assume(application: Project, stack: str) -> None:
    outcome = application.invoke("Undeployed", "-n", stack).ended(ExitStatus.ROLE)
    assert "Undeployed" in outcome.stderr
    assert "--no-assume-role" in outcome.stderr


def test_a_role_that_may_not_be_assumed_is_named_with_the_caller_and_whom_it_trusts(
    project: Callable[..., Project], guarded: dict[str, str]
) -> None:
    application = project(FILES, **(guarded | NO_ENGINE))
    outcome = application.invoke("Fn", "-n", "guarded-test").ended(ExitStatus.ROLE)
    assert ":role/guarded-test-role" in outcome.stderr
    assert ":user/developer" in outcome.stderr
    assert "lambda.amazonaws.com" in outcome.stderr
    assert outcome.stdout == b""


@pytest.fixture
def guarded(aws_server: AwsEndpoint) -> Iterator[dict[str, str]]:
    """The settings of a developer who may read everything and assume nothing, at an endpoint that enforces policies.

    Lambda answers from the other endpoint: moto's enforcement takes no signature of Lambda's calls for right.
    """
    aws_server.deploy("guarded-test", DEPLOYED)
    allowed = ["cloudformation:*", "iam:GetRole", "sns:*", "sts:GetCallerIdentity"]
    policy: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}],
    }
    # moto enforces policies after this many calls; the switch below is what counts.
    with aws_endpoint(INITIAL_NO_AUTH_ACTION_COUNT="100000") as server:
        server.deploy("guarded-test", DEPLOYED)
        with server.client("iam") as iam:
            iam.create_user(UserName="developer")
            iam.put_user_policy(UserName="developer", PolicyName="reads", PolicyDocument=json.dumps(policy))
            made = iam.create_access_key(UserName="developer")["AccessKey"]
        request = urllib.request.Request(
            f"{server.url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
        yield server.environ | {
            "AWS_ENDPOINT_URL_LAMBDA": aws_server.url,
            "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        }


PAGE = b"<html><head><title>403 Not\nhere</title></head><body><h1>proxy</h1></body></html>"


def test_a_page_of_html_is_not_quoted(project: Callable[..., Project], aws_server: AwsEndpoint) -> None:
    aws_server.deploy("html", {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    with front_of(aws_server) as front:
        front.rules["ssm:GetParameter"] = lambda _: Answer(status=403, body=PAGE)
        made = project(python("", Environment={"Variables": {"VALUE": "{{resolve:ssm:/any}}"}}), **front.environ)

        outcome = made.run("env", "Fn", "-n", "html").ended(ExitStatus.UNRESOLVED)

    assert "an HTML page with the title '403 Not here' came instead of AWS's answer" in outcome.stderr
    assert "<h" not in outcome.stderr


@pytest.mark.parametrize(("status", "body"), [(200, PAGE), (200, b"<p>"), (200, b""), (500, PAGE)])
def test_what_answers_in_the_place_of_aws_is_told_from_it(
    project: Callable[..., Project], aws_server: AwsEndpoint, status: int, body: bytes
) -> None:
    with front_of(aws_server) as front:
        front.rules["cloudformation:DescribeStacks"] = lambda _: Answer(status=status, body=body)
        made = project(python("", Environment={"Variables": {"STACK": {"Ref": "AWS::StackId"}}}), **front.environ)

        outcome = made.run("env", "Fn", "-n", "any").ended(ExitStatus.AWS)

    assert "cloudformation:DescribeStacks: " in outcome.stderr
    assert "<h" not in outcome.stderr
