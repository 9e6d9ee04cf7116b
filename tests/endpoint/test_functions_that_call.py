"""Functions that ask Lambda themselves, with AWS's SDK: for each other, and for what is not in their template."""

from __future__ import annotations

import json
import signal
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kit
import pytest
from aws_front import Front, front_of
from callers import as_user
from kit import AwsEndpoint, Docker, Gate, aws_endpoint
from served_kit import MakeProject, refused, served

pytestmark = pytest.mark.docker

# Does what its event says: a client, a command, its input, and what the client is made with.
CALLER = """\
exports.handler = async ({ package: name, client, command, input, config }) => {
  const sdk = require(`@aws-sdk/client-${name}`);
  try {
    const answer = await new sdk[client](config ?? {}).send(new sdk[command](input));
    const payload = answer.Payload ? Buffer.from(answer.Payload).toString() : undefined;
    let streamed = "";
    for await (const part of answer.EventStream ?? []) {
      streamed += Buffer.from(part.PayloadChunk?.Payload ?? []).toString();
    }
    return { status: answer.$metadata.httpStatusCode, payload, streamed, name: answer.Configuration?.FunctionName };
  } catch (error) {
    return { status: error.$metadata?.httpStatusCode, error: error.name, message: error.message };
  }
};
"""

CALLED = """\
import os
def handler(event, context):
    return {"called": event, "key": os.environ.get("AWS_ACCESS_KEY_ID")}
"""


def role(**principal: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


ROLE = role(AWS="arn:aws:iam::123456789012:root")

UNDER_ROLE = {"Role": {"Fn::GetAtt": ["SharedRole", "Arn"]}}

FILES = {
    "template.json": kit.template(
        SharedRole=ROLE,
        Caller=kit.function("nodejs20.x", CodeUri="caller/", Timeout=20, MemorySize=512, **UNDER_ROLE),
        Called=kit.function(FunctionName="called", **UNDER_ROLE),
    ),
    "caller/app.js": CALLER,
    "code/app.py": CALLED,
}


def asks(command: str, *, region: str | None = None, **given: Any) -> dict[str, Any]:
    """An event for ``Caller`` that asks Lambda."""
    config = {"region": region} if region else {}
    return {
        "package": "lambda",
        "client": "LambdaClient",
        "command": f"{command}Command",
        "input": given,
        "config": config,
    }


def invokes(name: str, *, region: str | None = None, **more: Any) -> dict[str, Any]:
    return asks("Invoke", region=region, FunctionName=name, **more)


def lambda_function(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": {"Fn::GetAtt": ["LambdasRole", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): pass"},
        },
    }


def resident(pid: int) -> int:
    """The largest that a process has been, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) // 1024


@pytest.fixture(scope="module")
def cloud() -> Iterator[AwsEndpoint]:
    """An account with a function that no template has, which moto answers for without running it."""
    with aws_endpoint() as endpoint:
        config = json.dumps({"lambda": {"use_docker": False}}).encode()
        urllib.request.urlopen(f"{endpoint.url}/moto-api/config", config, timeout=60).close()
        fn = lambda_function("deployed-elsewhere")
        endpoint.deploy("other", {"Resources": {"LambdasRole": role(Service="lambda.amazonaws.com"), "Fn": fn}})
        yield endpoint


@pytest.fixture
def front(cloud: AwsEndpoint) -> Iterator[Front]:
    with front_of(cloud) as running:
        yield running


@pytest.fixture
def account(front: Front) -> dict[str, str]:
    """For a process that calls as a user of the account."""
    own = as_user(front, "dora").credentials()
    return front.environ | {
        "AWS_ACCESS_KEY_ID": own.access_key_id,
        "AWS_SECRET_ACCESS_KEY": own.secret_access_key,
    }


@pytest.fixture
def stack(cloud: AwsEndpoint) -> str:
    name = f"calls-{uuid.uuid4().hex[:8]}"
    cloud.deploy(name, {"Resources": {"SharedRole": ROLE}})
    return name


# without an environment


def test_functions_call_each_other_with_an_sdk_where_nobody_has_rights(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)
    with served(made) as own:
        answer = own.result("Caller", invokes("called", Payload='{"a": 1}'))
        assert answer["status"] == 200
        said = json.loads(answer["payload"])
        assert said["called"] == {"a": 1}
        # Who sees the key sees whose it is.
        assert said["key"] == "SAMLOCALONLYCalled"
        assert own.result("Caller", invokes("called", InvocationType="Event"))["status"] == 202
        streamed = own.result("Caller", asks("InvokeWithResponseStream", FunctionName="Called"))
        assert json.loads(streamed["streamed"])["called"] == {}
        assert own.running.stderr().count("functions have no rights on AWS here") == 1
    assert docker.nothing_left(made)


SLOW_CALLER = """\
const { LambdaClient, InvokeCommand } = require("@aws-sdk/client-lambda");
exports.handler = async ({ gate, ...event }) => {
  await new Promise((resolve) => require("net").connect(gate).resume().on("close", resolve));
  const answer = await new LambdaClient({}).send(new InvokeCommand({ FunctionName: "called", ...event }));
  return answer.StatusCode;
};
"""


def test_what_runs_when_the_command_is_ended_can_call_others_and_nobody_else_can(
    project: MakeProject, docker: Docker
) -> None:
    made = project(FILES | {"caller/app.js": SLOW_CALLER})
    with Gate(docker) as gate, served(made) as own, ThreadPoolExecutor() as threads:
        event = {"gate": {"host": gate.host, "port": gate.port}}
        waiting = threads.submit(own.result, "Caller", event | {"Payload": '{"a": 1}'})
        queued = threads.submit(own.invoke, "Caller", event | {"InvocationType": "Event"}, InvocationType="Event")
        assert queued.result()["StatusCode"] == 202
        gate.awaits(2)
        own.running.signalled(signal.SIGTERM).has_logged("ends when Caller (2) is done")
        answer = refused(lambda: own.invoke("called"))
        assert answer["Error"]["Message"] == "samlocal: it is ending."
        gate.opens()
        assert waiting.result() == 200
        outcome = own.running.outcome().ended(143)
        assert outcome.stderr.count("Caller success") == outcome.stderr.count("Called success") == 2


def test_callers_that_take_all_the_room_still_get_the_functions_that_they_call(project: MakeProject) -> None:
    made = project(FILES)
    with served(made, "--concurrency", "1") as own, ThreadPoolExecutor() as threads:
        answers = [threads.submit(own.result, "Caller", invokes("called", Payload="{}")) for _ in range(3)]
        assert [answer.result()["status"] for answer in answers] == [200, 200, 200]


def test_what_is_in_no_template_is_not_found_without_an_environment(project: MakeProject) -> None:
    with served(project(FILES)) as own:
        answer = own.result("Caller", invokes("deployed-elsewhere"))
        assert (answer["status"], answer["error"]) == (404, "ResourceNotFoundException")
        assert answer["message"].startswith("Function not found: arn:aws:lambda:eu-west-1:")


ELSEWHERE = [
    ("dynamodb", "DynamoDBClient", "GetItemCommand", {"TableName": "t", "Key": {"id": {"S": "1"}}}),
    ("sqs", "SQSClient", "ListQueuesCommand", {}),
    ("sns", "SNSClient", "ListTopicsCommand", {}),
    ("s3", "S3Client", "GetObjectCommand", {"Bucket": "b", "Key": "k"}),
    ("sts", "STSClient", "GetCallerIdentityCommand", {}),
]
"""One of each form that errors have."""


def test_every_other_service_refuses_a_function_without_rights_and_says_what_to_do(project: MakeProject) -> None:
    with served(project(FILES)) as own:
        for package, client, command, given in ELSEWHERE:
            event = {"package": package, "client": client, "command": command, "input": given}
            answer = own.result("Caller", event)
            assert (answer["status"], answer["error"]) == (403, "AccessDeniedException"), answer
            assert f"{package} is not there for a function without an environment" in answer["message"]
            assert "-e local" in answer["message"]
            own.running.has_logged(f"Caller asked AWS: {package} ")


def test_an_upload_to_nowhere_is_refused_and_not_kept(project: MakeProject) -> None:
    upload = """\
const { S3Client, PutObjectCommand } = require("@aws-sdk/client-s3");
exports.handler = async () => {
  try {
    const Body = Buffer.alloc(64 * 1024 * 1024);
    await new S3Client({}).send(new PutObjectCommand({ Bucket: "b", Key: "k", Body }));
  } catch (error) {
    return [error.$metadata?.httpStatusCode, error.name];
  }
};
"""
    with served(project(kit.node(upload, Timeout=30, MemorySize=1024))) as own:
        before = resident(own.running.process.pid)
        assert own.result() == [403, "AccessDeniedException"]
        assert resident(own.running.process.pid) - before < 40


# with an environment


def test_a_function_of_the_template_runs_here_and_a_deployed_one_there_under_the_callers_own_role(
    project: MakeProject, stack: str, front: Front, account: dict[str, str]
) -> None:
    with served(project(FILES), "-n", stack, environ=account) as own:
        answer = own.result("Caller", invokes("called"))
        assert answer["status"] == 200
        key = json.loads(answer["payload"])["key"]
        front.names()
        answer = own.result("Caller", invokes("deployed-elsewhere"))
        assert answer["status"] == 200
        # What moto says of a function that it does not run.
        assert "Simple Lambda happy path OK" in answer["payload"]
        # Where minutes have gone by the stack has been looked at again.
        (call,) = (call for call in front.calls if call.name.startswith("lambda:"))
        assert call.name == "lambda:POST /2015-03-31/functions/deployed-elsewhere/invocations"
        # The role's, not the user's: both functions have the one role.
        assert (call.key, call.key != account["AWS_ACCESS_KEY_ID"]) == (key, True)
        own.running.has_logged(
            "Caller or Called asked AWS: POST /2015-03-31/functions/deployed-elsewhere/invocations 200"
        )


def test_whatever_else_a_function_asks_lambda_is_asked_of_aws(
    project: MakeProject, stack: str, front: Front, account: dict[str, str]
) -> None:
    with served(project(FILES), "-n", stack, environ=account) as own:
        assert own.result("Caller", asks("GetFunction", FunctionName="deployed-elsewhere"))["name"] == (
            "deployed-elsewhere"
        )
        assert own.result("Caller", asks("ListFunctions"))["status"] == 200
        nowhere = own.result("Caller", asks("GetFunction", FunctionName="nowhere"))
        assert (nowhere["status"], nowhere["error"]) == (404, "ResourceNotFoundException")
        # The name is the template's, the region is another.
        assert "called" not in own.result("Caller", invokes("called", region="us-west-2")).get("payload", "")
        assert front.names()[-4:] == [
            "lambda:GET /2015-03-31/functions/deployed-elsewhere",
            "lambda:GET /2015-03-31/functions",
            "lambda:GET /2015-03-31/functions/nowhere",
            "lambda:POST /2015-03-31/functions/called/invocations",
        ]


def test_nobody_reaches_aws_through_the_endpoint_without_the_functions_secret(
    project: MakeProject, stack: str, front: Front, account: dict[str, str]
) -> None:
    import boto3

    with served(project(FILES), "-n", stack, environ=account) as own:
        key = json.loads(own.result("Caller", invokes("called"))["payload"])["key"]
        front.names()
        thief = boto3.client(
            "lambda",
            endpoint_url=own.url,
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key="guessed",
        )
        with pytest.raises(thief.exceptions.ClientError) as refused:
            thief.get_function(FunctionName="deployed-elsewhere")
        assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
        # Who is no function has what the template has, whoever signs.
        with pytest.raises(own.client.exceptions.ResourceNotFoundException):
            own.client.invoke(FunctionName="deployed-elsewhere")
        # Whether the stack has changed is asked by samlocal itself.
        assert [name for name in front.names() if name.startswith("lambda:")] == []
        thief.close()


def test_an_event_may_have_a_deployed_function_for_its_destination(
    project: MakeProject, stack: str, front: Front, account: dict[str, str]
) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:deployed-elsewhere"
    config = {"DestinationConfig": {"OnSuccess": {"Type": "Lambda", "Destination": arn}}}
    called = kit.function(FunctionName="called", EventInvokeConfig=config, **UNDER_ROLE)
    files = FILES | {"template.json": kit.template(SharedRole=ROLE, Called=called)}
    with served(project(files), "-n", stack, environ=account) as own:
        assert own.invoke("Called", {}, InvocationType="Event")["StatusCode"] == 202
        kit.eventually(lambda: [call for call in front.calls if "deployed-elsewhere/invocations" in call.name])
        assert "not delivered" not in own.running.stderr()
