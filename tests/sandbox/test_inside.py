"""What a function finds in its sandbox: user, folders, limits, environment, context.

The environments are those that AWS itself showed: fidelity.md §2, and for Python and Node the recordings it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from extension_kit import WATCHER, with_layer
from kit import FUNCTIONS, AwsEndpoint, Outcome, Project, SlowEngine, function, node, python, template

pytestmark = pytest.mark.docker

OF_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_VERSION": r"\$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_STREAM_NAME": r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}",
    "AWS_LAMBDA_RUNTIME_API": r"\d+\.\d+\.\d+\.\d+:\d+",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": r"169\.254\.79\.129:2000",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": r"en_US\.UTF-8",
    "LD_LIBRARY_PATH": (
        "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
    ),
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
    "_AWS_XRAY_DAEMON_ADDRESS": r"169\.254\.79\.129",
    "_AWS_XRAY_DAEMON_PORT": "2000",
}
TRACED = {"_X_AMZN_TRACE_ID": r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]"}
OF_BASH = {"PWD": "/var/task", "SHLVL": "0"}
OF_PYTHON = {
    "AWS_EXECUTION_ENV": r"AWS_Lambda_python3\.11",
    "PYTHONPATH": "/var/runtime",
    "_HANDLER": r"app\.handler",
    **OF_BASH,
    **TRACED,
}
OF_NODE = {
    "AWS_EXECUTION_ENV": r"AWS_Lambda_nodejs20\.x",
    "NODE_PATH": (
        "/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
    ),
    "_HANDLER": r"app\.handler",
    **OF_BASH,
    **TRACED,
}
NO_KEYS = {"AWS_EC2_METADATA_DISABLED": "true"}
MARKERS = {"AWS_SAM_LOCAL": "true", "IS_LOCAL": "true"}


def of_function(name: str, *, region: str, memory: int = 128) -> dict[str, str]:
    return {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
    }


def assert_environment(environ: Mapping[str, str], *parts: Mapping[str, str]) -> None:
    """The whole set: no name too few, none too many; each value fits its expression."""
    expected = {name: value for part in parts for name, value in part.items()}
    assert sorted(environ) == sorted(expected)
    misfits = {name: environ[name] for name in expected if not re.fullmatch(expected[name], environ[name])}
    assert not misfits


def probe(project: Callable[..., Project], **properties: Any) -> Project:
    return project({"template.json": template(Fn=function(**properties)), "code": FUNCTIONS / "probe"})


def test_a_python_function_finds_lambdas_user_folders_limits_environment_and_context(
    project: Callable[..., Project],
) -> None:
    outcome = probe(
        project,
        FunctionName="orders-probe",
        MemorySize=256,
        Timeout=7,
        EphemeralStorage={"Size": 600},
        Environment={"Variables": {"STAGE": "test", "TZ": "Europe/Berlin"}},
    ).invoke("Fn", "--no-local-markers", "--region", "eu-west-1", environ={"SECRET_OF_THE_HOST": "7"})
    seen = outcome.succeeded().payload

    assert seen["user"] == [993, 990, 990]
    assert seen["folder"] == "/var/task"
    assert seen["written"].pop("/tmp") == "written"
    assert set(seen["written"].values()) == {"Read-only file system"}
    assert seen["tmp_bytes"] >= 600 * 1024 * 1024
    assert seen["open_files"] == [1024, 1024]

    assert_environment(
        seen["environ"],
        OF_LAMBDA,
        of_function("orders-probe", region="eu-west-1", memory=256),
        OF_PYTHON,
        NO_KEYS,
        {"STAGE": "test", "TZ": "Europe/Berlin"},
    )

    first, second = seen["remaining"]
    assert 0 < second <= first - 50 <= 7000 - 50
    arn = seen["context"].pop("invoked_function_arn")
    assert re.fullmatch(r"arn:aws:lambda:eu-west-1:\d{12}:function:orders-probe", arn)
    assert seen["context"] == {
        "aws_request_id": outcome.request_id,
        "function_name": "orders-probe",
        "function_version": "$LATEST",
        "memory_limit_in_mb": "256",
        "log_group_name": "/aws/lambda/orders-probe",
        "log_stream_name": seen["environ"]["AWS_LAMBDA_LOG_STREAM_NAME"],
    }
    assert outcome.report["Memory Size"] == "256 MB"


# Names that the scripts in the sandbox could use for themselves, and that an engine sets.
NAMES = (
    *(
        "HOME",
        "HOSTNAME",
        "kind",
        "handler",
        "program",
        "wrapper",
        "mark",
        "stays",
        "file",
        "number",
        "problem",
        "line",
    ),
    *(
        "word",
        "status",
        "before",
        "kills",
        "killed",
        "key",
        "value",
        "found",
        "rounds",
        "listener",
        "head",
        "interpreter",
    ),
)


@pytest.mark.parametrize("files", [python, partial(with_layer, content=WATCHER)], ids=["alone", "beside extensions"])
def test_a_functions_variables_are_its_own_whatever_they_are_called(
    project: Callable[..., Project], files: Callable[..., dict[str, Any]]
) -> None:
    variables = {name: f"own {name}" for name in NAMES}
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    own = project(files(source, Timeout=20, Environment={"Variables": variables}))
    seen = own.invoke("Fn").succeeded().payload
    assert {name: seen.get(name) for name in NAMES} == variables


def test_without_properties_a_function_has_lambdas_defaults(project: Callable[..., Project]) -> None:
    seen = probe(project, Timeout={"Ref": "AWS::NoValue"}).invoke("Fn").succeeded().payload
    assert seen["tmp_bytes"] >= 512 * 1024 * 1024
    assert 0 < seen["remaining"][0] <= 3000
    assert seen["context"]["memory_limit_in_mb"] == "128"
    assert_environment(seen["environ"], OF_LAMBDA, of_function("Fn", region="us-east-1"), OF_PYTHON, NO_KEYS, MARKERS)


def test_a_node_function_finds_lambdas_environment(project: Callable[..., Project]) -> None:
    source = "exports.handler = async () => ({environ: process.env, arguments: process.execArgv})"
    seen = project(node(source)).invoke("Fn", "--no-local-markers").succeeded().payload
    assert_environment(seen["environ"], OF_LAMBDA, of_function("Fn", region="us-east-1"), OF_NODE, NO_KEYS)


def test_a_node_function_finds_its_own_node_options(project: Callable[..., Project]) -> None:
    source = "exports.handler = async () => process.env.NODE_OPTIONS"
    options = {"Variables": {"NODE_OPTIONS": "--enable-source-maps"}}
    assert project(node(source, Environment=options)).invoke("Fn").succeeded().payload == "--enable-source-maps"


def test_a_provided_function_finds_lambdas_environment(project: Callable[..., Project]) -> None:
    bootstrap = r"""#!/bin/sh
api="http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
curl -sS --fail --dump-header /tmp/headers --output /dev/null "$api/next"
id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/headers | cut -d: -f2 | tr -d '[:space:]')
tr '\0' '\n' < /proc/$$/environ > /tmp/environ
curl -sS --fail --output /dev/null --data-binary @/tmp/environ "$api/$id/response"
"""
    files = {"template.json": template(Fn=function("provided.al2023")), "code/bootstrap": bootstrap}
    outcome = project(files).invoke("Fn", "--no-local-markers").succeeded()
    environ = dict(line.split("=", 1) for line in outcome.stdout.decode().splitlines() if line)
    # Whether AWS sets it for `provided` is not recorded.
    environ.pop("PWD", None)
    assert_environment(
        environ, OF_LAMBDA, of_function("Fn", region="us-east-1"), {"_HANDLER": r"app\.handler"}, NO_KEYS
    )


def test_the_init_duration_counts_from_the_start_of_the_process(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    """The function tells how old its process was when it was loaded, and when it had its event: the first poll is
    between the two.

    The engine is slow to say that it has started the container, which is no time of the function's.
    """
    source = """
import time
def _age_ms():
    with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
        started = int(stat.read().rpartition(")")[2].split()[19]) / 100
        return (float(uptime.read().split()[0]) - started) * 1000
time.sleep(0.6)
LOADED = _age_ms()
def handler(event, context):
    return [LOADED, _age_ms()]
"""
    files = {"template.json": template(Fn=function()), "code/app.py": source}
    with SlowEngine(tmp_path / "docker.sock", request="/start", seconds=0.4, answer=True) as engine:
        outcome = project(files).invoke("Fn", environ=engine.environ).succeeded()
    loaded, called = outcome.payload
    # The kernel tells both to a hundredth of a second.
    assert loaded - 20 <= outcome.report_number("Init Duration") <= called + 20


# with an environment

ORDERS = {
    "Parameters": {"Stage": {"Type": "String"}},
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "FnRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {"Service": "lambda.amazonaws.com", "AWS": "arn:aws:iam::123456789012:root"},
                        }
                    ],
                }
            },
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": {"Fn::Sub": "${AWS::StackName}-fn-abc"},
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Role": {"Fn::GetAtt": ["FnRole", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): pass"},
            },
        },
    },
}
VARIABLES = {
    "TABLE": {"Ref": "Orders"},
    "ARN": {"Fn::GetAtt": ["Orders", "Arn"]},
    "STAGE": {"Ref": "Stage"},
    "STACK": {"Ref": "AWS::StackName"},
}
TEMPLATE = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Stage": {"Type": "String", "Default": "none"}},
    "Resources": {
        "Fn": function(Environment={"Variables": VARIABLES}),
        "Orders": ORDERS["Resources"]["Orders"],
    },
}
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    """The stack ``inside-test``: its physical ids."""
    ids: dict[str, str] = aws_server.deploy("inside-test", ORDERS, parameters={"Stage": "staging"})
    return ids


@pytest.fixture
def deployed(project: Callable[..., Project], aws_server: AwsEndpoint, stack: dict[str, str]) -> Project:
    samconfig = f'[test.deploy.parameters]\nstack_name = "inside-test"\nregion = "{aws_server.region}"\n'
    files = {"template.json": TEMPLATE, "code": FUNCTIONS / "probe", "samconfig.toml": samconfig}
    made: Project = project(files, **aws_server.environ)
    return made


def declared(stack: Mapping[str, str]) -> dict[str, str]:
    return {
        "TABLE": re.escape(stack["Orders"]),
        "ARN": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{re.escape(stack['Orders'])}",
        "STAGE": "staging",
        "STACK": "inside-test",
    }


def run_as_deployed(outcome: Outcome, stack: Mapping[str, str]) -> dict[str, Any]:
    """What holds in every run of the deployed function."""
    seen: dict[str, Any] = outcome.succeeded().payload
    name = stack["Fn"]
    assert seen["context"]["invoked_function_arn"] == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}"
    assert seen["context"]["function_name"] == name
    assert seen["context"]["log_group_name"] == f"/aws/lambda/{name}"
    return seen


def test_with_an_environment_a_function_has_the_stacks_values_and_its_roles_keys(
    deployed: Project, stack: dict[str, str], aws_server: AwsEndpoint
) -> None:
    seen = run_as_deployed(deployed.invoke("Fn", "-e", "test", "--no-local-markers"), stack)
    environ = seen["environ"]
    keys = {
        "AWS_ACCESS_KEY_ID": "ASIA[A-Z0-9]{16}",
        "AWS_SECRET_ACCESS_KEY": "[A-Za-z0-9/+]{40}",
        "AWS_SESSION_TOKEN": ".{20,}",
        # Not on Lambda: the endpoint that stands in for AWS, as the container reaches it.
        "AWS_ENDPOINT_URL": r"http://\d+\.\d+\.\d+\.\d+:\d+",
    }
    assert_environment(
        environ, OF_LAMBDA, of_function(stack["Fn"], region="eu-west-1"), OF_PYTHON, keys, declared(stack)
    )
    assert f":assumed-role/{stack['FnRole']}/samlocal-" in caller(aws_server, environ)


def test_a_deployed_function_is_found_by_its_physical_name(deployed: Project, stack: dict[str, str]) -> None:
    seen = run_as_deployed(deployed.invoke(stack["Fn"], "-n", "inside-test"), stack)
    assert MARKERS.items() <= seen["environ"].items()


def test_under_ones_own_rights_a_function_has_ones_own_keys(
    deployed: Project, stack: dict[str, str], aws_server: AwsEndpoint
) -> None:
    outcome = deployed.invoke("Fn", "-e", "test", "--no-assume-role")
    environ = run_as_deployed(outcome, stack)["environ"]
    assert environ["AWS_ACCESS_KEY_ID"] == aws_server.environ["AWS_ACCESS_KEY_ID"]
    assert "AWS_SESSION_TOKEN" not in environ
    assert any("your own AWS rights" in line for line in outcome.lines)


def test_the_function_reaches_an_endpoint_on_this_machines_loopback(deployed: Project, stack: dict[str, str]) -> None:
    (deployed.folder / "code/app.py").write_text(
        "import os, urllib.request\n"
        "def handler(event, context):\n"
        "    with urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/moto-api/') as answer:\n"
        "        return answer.status\n"
    )
    assert deployed.invoke("Fn", "-e", "test").succeeded().payload == 200


def caller(aws_server: AwsEndpoint, environ: Mapping[str, str]) -> str:
    """Whom the endpoint takes the keys of an environment for."""
    import boto3

    client = boto3.client(
        "sts",
        endpoint_url=aws_server.url,
        region_name=aws_server.region,
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environ["AWS_SESSION_TOKEN"],
    )
    try:
        return str(client.get_caller_identity()["Arn"])
    finally:
        client.close()
