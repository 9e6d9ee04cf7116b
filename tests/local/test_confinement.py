"""What nobody can make the local endpoint's process do."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from kit import Docker, Project, function, template

from samlocal.local.server import process_environment

ROOT = Path(__file__).parents[2]

# What a program of an attacker would try; `PORT` is the endpoint's own.
ATTEMPTS = {
    "a unix socket": "s = socket.socket(socket.AF_UNIX); s.connect(PATH)",
    "a unix socket, asked for its error": "s = socket.socket(socket.AF_UNIX); s.connect_ex(PATH)",
    "the bare socket": "s = _socket.socket(_socket.AF_UNIX); s.connect(PATH)",
    "another port": "socket.create_connection(('127.0.0.1', OTHER))",
    "another host": "socket.create_connection(('192.0.2.1', PORT))",
    "a name": "socket.getaddrinfo('example.com', 80)",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', OTHER))",
    "a datagram to a path": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendmsg([b''], [], 0, PATH)",
    "a program": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a pipe": "os.popen('true').read()",
    "a fork": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "a spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "docker": "import docker",
    "a part of docker": "import docker.errors",
    "docker by name": "importlib.import_module('docker')",
    "a user's file": "open(FILE).read()",
    "a user's file, by its address": "urllib.request.urlopen('file://' + FILE)",
    "a user's file through a link": "open(LINK).read()",
    "a user's file, bare": "os.open(FILE, os.O_RDONLY)",
    "another file's content": "open(FILE, 'w')",
    "a new file": "open(FILE + '.new', 'w')",
    "a new file among the program's": "open(os.path.join(os.path.dirname(json.__file__), 'planted.py'), 'w')",
    "a user's folder": "os.listdir(os.path.dirname(FILE))",
    "an end of a file": "os.remove(FILE)",
    "another name": "os.rename(FILE, FILE + '.new')",
    "another mode": "os.chmod(FILE, 0o777)",
    "a link": "os.symlink(FILE, FILE + '.link')",
    "a database": "sqlite3.connect(FILE + '.db')",
}

PROGRAM = """
import _socket, importlib, json, os, pathlib, socket, sqlite3, subprocess, sys, tempfile, urllib.request
import docker.errors  # there already: that must not help
from samlocal.local.moto.confinement import confine

PATH, OTHER, attempts, FILE, OWN = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4], sys.argv[5]
LINK = os.path.join(OWN, "link")
os.symlink(FILE, LINK)
own = socket.create_server(("127.0.0.1", 0))
PORT = own.getsockname()[1]
confine(PORT, own=pathlib.Path(OWN))
told = {}
for name, code in attempts.items():
    try:
        exec(code)
        told[name] = "done"
    except Exception as error:
        told[name] = str(error)
socket.create_connection(("localhost", PORT)).close()
with open(os.path.join(OWN, "state"), "w") as state:
    state.write("mine")
os.remove(state.name)
with tempfile.TemporaryFile() as large, tempfile.NamedTemporaryFile() as named:
    large.write(b"rolled over")
import wave  # a part of the program that nothing has needed yet
print(json.dumps(told))
"""


def test_the_process_reaches_itself_alone_and_starts_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "engine.sock")
    file, own = tmp_path / "users", tmp_path / "own"
    file.write_text("users")
    own.mkdir()
    with socket.socket(socket.AF_UNIX) as engine, socket.create_server(("127.0.0.1", 0)) as other:
        engine.bind(path)
        engine.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, path, port, json.dumps(ATTEMPTS), str(file), str(own)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    told = json.loads(done.stdout)
    assert {name for name, said in told.items() if "samlocal's local environment " not in said} == set()
    assert file.read_text() == "users"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["engine.sock", "own", "users"]


def test_the_process_is_not_told_where_the_engine_is() -> None:
    given = process_environment({"PATH": "/bin", "DOCKER_HOST": "tcp://127.0.0.1:2375", "DOCKER_CONTEXT": "x"})
    assert {name for name in given if "DOCKER" in name} == set()


def test_a_template_is_data_and_calls_nothing(client: Callable[[str], Any], tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    call = "!!python/object/apply:pathlib.Path"
    tag = f"{call}.touch [{call} [{json.dumps(str(planted))}]]"
    body = f"Description: {tag}\nResources: {{Queue: {{Type: AWS::SQS::Queue}}}}\n"
    cloudformation = client("cloudformation")

    with contextlib.suppress(ClientError, ResponseParserError):
        cloudformation.create_stack(StackName="calls", TemplateBody=body)
    with contextlib.suppress(ClientError, ResponseParserError):
        cloudformation.create_change_set(
            StackName="calls-too", ChangeSetName="set", ChangeSetType="CREATE", TemplateBody=body
        )
    with contextlib.suppress(ClientError, ResponseParserError):
        cloudformation.validate_template(TemplateBody=body)
    plain = "Resources: {Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub 'q-${AWS::StackName}'}}}"
    cloudformation.create_stack(StackName="plain", TemplateBody=plain)

    assert not planted.exists()
    assert client("sqs").get_queue_url(QueueName="q-plain")["QueueUrl"]


def test_a_document_that_names_a_file_does_not_get_it(client: Callable[[str], Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("type: hunter2")
    content = {"application/json": {"schema": {"$ref": secret.as_uri()}}}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "reads", "version": "1"},
        "paths": {"/": {"get": {"responses": {"200": {"description": "", "content": content}}}}},
    }

    with pytest.raises(ClientError) as refused:
        client("apigateway").import_rest_api(body=json.dumps(document).encode(), failOnWarnings=True)

    assert "hunter2" not in str(refused.value)


def test_a_large_object_is_kept_as_a_small_one_is(client: Callable[[str], Any]) -> None:
    # moto puts more than 16 MB into a temporary file.
    s3, large = client("s3"), b"x" * (17 << 20)
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="large", Key="key", Body=large)
    assert s3.get_object(Bucket="large", Key="key")["Body"].read() == large


def test_a_subscriber_by_http_is_not_called_and_the_others_are(client: Callable[[str], Any]) -> None:
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="called")["TopicArn"]
    queue = sqs.create_queue(QueueName="called")["QueueUrl"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.5)
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{listening.getsockname()[1]}/")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:called")
        sns.publish(TopicArn=topic, Message="hello")
        with pytest.raises(TimeoutError):
            listening.accept()
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello"


HOSTILE = """
import boto3, json
from botocore.exceptions import ClientError

def attempt(call, **given):
    try:
        return json.dumps(call(**given), default=str)
    except ClientError as error:
        return str(error)

def handler(event, context):
    iam, ec2, batch = boto3.client("iam"), boto3.client("ec2"), boto3.client("batch")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    profile = iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Arn"]
    environment = batch.create_compute_environment(
        computeEnvironmentName="env", type="MANAGED", state="ENABLED", serviceRole=role,
        computeResources={"type": "EC2", "minvCpus": 0, "maxvCpus": 1, "instanceTypes": ["m5.large"],
                          "instanceRole": profile, "subnets": [subnet["SubnetId"]],
                          "securityGroupIds": [group["SecurityGroups"][0]["GroupId"]]},
    )["computeEnvironmentArn"]
    order = [{"order": 1, "computeEnvironment": environment}]
    queue = batch.create_job_queue(jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=order)
    container = {
        "image": event["image"], "vcpus": 1, "memory": 128, "privileged": True,
        "command": ["sh", "-c", "echo owned > /host/planted"],
        "volumes": [{"name": "v", "host": {"sourcePath": event["folder"]}}],
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/host"}],
    }
    batch.register_job_definition(jobDefinitionName="job", type="container", containerProperties=container)
    ecs, codebuild = boto3.client("ecs"), boto3.client("codebuild")
    codebuild.create_project(
        name="project", source={"type": "S3", "location": "bucket/a.zip"}, artifacts={"type": "NO_ARTIFACTS"},
        serviceRole=role,
        environment={"type": "LINUX_CONTAINER", "image": event["image"], "computeType": "BUILD_GENERAL1_SMALL"})
    ecs.create_cluster(clusterName="cluster")
    return {
        "batch": attempt(batch.submit_job, jobName="job", jobQueue=queue["jobQueueArn"], jobDefinition="job"),
        "codebuild": attempt(codebuild.start_build, projectName="project"),
        "ecs": attempt(ecs.run_task, cluster="cluster", taskDefinition="task"),
        "lambda": boto3.client("lambda").invoke(FunctionName=event["function"])["Payload"].read().decode(),
    }
"""


@pytest.mark.docker
def test_a_hostile_function_starts_no_container(local: Callable[..., Project], docker: Docker) -> None:
    project = local(
        {"template.json": template(Fn=function(FunctionName="hostile", Timeout=60)), "code/app.py": HOSTILE}
    )
    host = project.folder / "host"
    host.mkdir()
    host.chmod(0o777)
    image = "samlocal/lambda-python:3.11"
    event = {"image": image, "folder": str(host), "function": "hostile"}
    answer = project.invoke("Fn", "-e", "local", event=event).succeeded().payload

    for service in ("batch", "codebuild", "ecs"):
        assert "samlocal's local environment runs no containers and no builds" in answer[service]
    assert "does not run them by itself" in answer["lambda"]
    assert list(host.iterdir()) == []
    assert docker.nothing_left(project)
