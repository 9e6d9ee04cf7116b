"""``samlocal up``: an application with an API and a queue, by one command."""

from __future__ import annotations

import re
import signal
import urllib.request
from collections.abc import Callable

import kit
import pytest
from aws_client import aws_client
from kit import AwsEndpoint, Docker, eventually
from up_kit import Queue, queue_files, queue_template, up, write_template

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]


def test_one_command_serves_the_api_and_lambda_and_reads_the_queue_and_one_ctrl_c_ends_all(
    local: MakeProject, docker: Docker
) -> None:
    made = local(queue_files())
    with up(made) as own:
        said = own.running.stderr()
        assert re.search(r"Sources +local-Orders-\S+ → Taker", said), said
        api = re.search(r"HTTP API\) is served at (http://\S+)", said)
        endpoint = re.search(r"Lambda is served at (http://\S+),", said)
        assert api, said
        assert endpoint, said
        with urllib.request.urlopen(api[1], timeout=60) as answer:
            assert answer.read() == b"from the API"
        client = aws_client("lambda", endpoint[1])
        assert client.invoke(FunctionName="Web")["StatusCode"] == 200
        orders = Queue(own.client("sqs"), "Orders")
        orders.send("first", "second")
        # A message may come more than once (SQS developer guide, "At-least-once delivery").
        assert set(own.until_said("handled", 2)) == {"first", "second"}
        eventually(lambda: orders.is_empty)
        assert "AWS would not take" not in own.running.stderr()
        ended = own.ended()
    assert ended.status == 130
    assert docker.nothing_left(made)


def test_each_of_many_messages_is_handled_or_in_the_dead_letter_queue_also_behind_a_kill(local: MakeProject) -> None:
    made = local(queue_files(tells=True))
    good = {f"order {number}" for number in range(1, 101) if number % 20}
    bad = {f"bad {number}" for number in range(1, 101) if not number % 20}
    with up(made) as own:
        orders, done = (Queue(own.client("sqs"), name) for name in ("Orders", "Done"))
        orders.send(*sorted(good | bad))
        eventually(lambda: done.waiting >= 20, within=90, told=own.running.stderr)
        own.running.process.kill()
        own.running.process.wait()
    with up(made) as own:
        orders, done, dead = (Queue(own.client("sqs"), name) for name in ("Orders", "Done", "Dead"))
        eventually(lambda: orders.is_empty and dead.waiting == len(bad), within=120, told=own.running.stderr)
        assert own.ended().status == 130
        assert set(done.bodies()) == good
        assert sorted(dead.bodies()) == sorted(bad)


def test_a_saved_template_that_changes_a_mapping_takes_effect(local: MakeProject) -> None:
    made = local(queue_files())
    with up(made) as own:
        orders = Queue(own.client("sqs"), "Orders")
        orders.send("before")
        own.until_said("handled", 1)
        filters = {"Filters": [{"Pattern": '{"body": {"wanted": [true]}}'}]}
        write_template(made, queue_template(FilterCriteria=filters))

        def passed_over() -> bool:
            # What comes before the save is taken up is handled as before.
            if orders.is_empty:
                orders.send("plain", '{"wanted": true}')
            return "filtered" in own.running.stderr()

        eventually(passed_over, within=90, told=own.running.stderr)
        eventually(lambda: orders.is_empty, within=90, told=own.running.stderr)
        eventually(lambda: '{"wanted": true}' in own.said("handled"), told=own.running.stderr)
        write_template(made, queue_template(Enabled=False))
        own.running.has_logged("no longer read: local-Orders-", within=90)
        orders.send("nobody's")
        # A receive that was under way may have it for a moment.
        eventually(lambda: orders.bodies() == ["nobody's"])
        assert "nobody's" not in own.said("handled")


def test_of_two_commands_one_reads_a_source_and_the_other_when_that_has_ended(local: MakeProject) -> None:
    made = local(queue_files())
    with up(made) as first:
        orders = Queue(first.client("sqs"), "Orders")
        orders.send("one")
        first.until_said("handled", 1)
        with up(made) as second:
            second.running.has_logged("Another `samlocal up` reads local-Orders-")
            orders.send("two")
            first.until_said("handled", 2)
            assert first.ended().status == 130
            orders.send("three")
            assert second.until_said("handled", 1) == ["three"]
            assert second.ended().status == 130


def test_what_aws_would_refuse_a_mapping_for_is_said(local: MakeProject) -> None:
    files = queue_files()
    template = files["template.json"]
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    template["Resources"]["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
        },
    }
    template["Resources"]["Taker"]["Properties"] |= {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Timeout": 900}
    with up(local(files)) as own:
        refused = "TakerOrders: AWS would not take this mapping: "
        own.running.has_logged(
            f"{refused}The provided execution role does not have permissions to call sqs:ReceiveMessage", within=60
        )
        own.running.has_logged(f"{refused}Queue visibility timeout: ", within=60)
        # It is read all the same.
        Queue(own.client("sqs"), "Orders").send("one")
        assert own.until_said("handled", 1) == ["one"]
        own.ended()


# What `sam deploy` makes of it, without what would have the endpoint of the test run the function.
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
        }
    },
}
DEPLOYED = {
    "Resources": {
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 600}},
        "Dead": {"Type": "AWS::SQS::Queue"},
        "TakerRole": ROLE,
        "Taker": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Role": {"Fn::GetAtt": ["TakerRole", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): return None"},
            },
        },
    }
}


def test_in_a_deployed_environment_no_source_is_read_that_is_not_named(
    project: MakeProject, aws_server: AwsEndpoint
) -> None:
    url = aws_server.deploy("up-deployed", DEPLOYED)["Orders"]
    made = project(queue_files(), **aws_server.environ)
    own = ("up", "-n", "up-deployed", "--port", "0", "--lambda-port", "0")
    with aws_server.client("sqs") as sqs:
        sqs.send_message(QueueUrl=url, MessageBody="others")
        with made.start(*own) as running:
            running.has_logged("Lambda is served at")
            said = " ".join(running.stderr().split())
            assert "takes its messages from others; --source Taker reads it" in said
            running.signalled(signal.SIGINT).outcome()
        (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    with made.start(*own, "--source", "Taker") as running:
        running.has_logged("handled others", within=90)
        running.signalled(signal.SIGINT).outcome()
