"""``samlocal event generate`` and ``event list``, as a user has them."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from kit import AwsEndpoint, Outcome, Project, function, template, write

MakeProject = Callable[..., Project]


@pytest.fixture
def run(project: MakeProject) -> Callable[..., Outcome]:
    made = project({"order.json": '{"id": 7}', "template.yaml": "not: [read"})
    return lambda *args, **more: made.run("event", *args, **more)


Run = Callable[..., Outcome]


def test_an_event_stands_alone_on_standard_output(run: Run) -> None:
    outcome = run("generate", "s3", "put", "--bucket", "photos", "--key", "cat.jpg").succeeded()
    assert outcome.payload["Records"][0]["s3"]["bucket"]["name"] == "photos"
    assert outcome.stderr == ""


def test_it_needs_no_template_and_minds_none_that_is_broken(run: Run) -> None:
    run("generate", "sqs", "receive-message").succeeded()


def test_ids_and_times_are_new_each_time_unless_they_are_fixed(run: Run) -> None:
    fixed = ("generate", "sqs", "receive-message", "--seed", "3", "--at", "2026-01-31T12:00:00Z")
    assert run(*fixed).stdout == run(*fixed).stdout
    assert run(*fixed[:3]).stdout != run(*fixed[:3]).stdout


def test_a_value_may_stand_in_a_file(run: Run) -> None:
    (record,) = run("generate", "sqs", "receive-message", "--body", "file://order.json").payload["Records"]
    assert record["body"] == '{"id": 7}'
    outcome = run("generate", "sqs", "receive-message", "--body", "file://gone.json").ended(2)
    assert "gone.json cannot be read: No such file or directory." in outcome.stderr


def test_a_file_without_an_end_is_not_read_for_ever(run: Run) -> None:
    outcome = run("generate", "sqs", "receive-message", "--body", "file:///dev/zero").ended(2)
    assert "/dev/zero has more than 16 MB; an event has 6 MB at most." in outcome.stderr


def test_a_batch_has_no_more_records_than_lambda_gives_a_function(run: Run) -> None:
    outcome = run("generate", "sqs", "receive-message", "--count", "10001").ended(2)
    assert "10001 is not in the range 1<=x<=10000" in outcome.stderr


def test_an_event_is_put_into_others_by_in(run: Run) -> None:
    outcome = run("generate", "s3", "put", "--key", "a.txt", "in", "sns", "--topic", "Uploads", "in", "sqs")
    (record,) = outcome.payload["Records"]
    notification = json.loads(record["body"])
    assert notification["TopicArn"].endswith(":Uploads")
    assert json.loads(notification["Message"])["Records"][0]["s3"]["object"]["key"] == "a.txt"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sq3",), "There is no service sq3; did you mean s3? `samlocal event list` shows all."),
        (("sqs", "recieve-message"), "sqs has no event recieve-message; did you mean receive-message? It has"),
        (("s3", "put", "--bukcet", "x"), "--bucket"),
        (("s3", "put", "--size", "big"), "Invalid value for '--size': 'big' is not a valid integer."),
        (("s3", "put", "sns"), "sns is neither a flag nor `in`."),
        (("s3", "put", "in"), "`in` what? Write `in` and one of"),
        (("s3", "put", "in", "sqss"), "There is no service sqss; did you mean sqs?"),
        (("s3", "put", "in", "s3"), "No event goes into s3. One goes into"),
        (("s3", "put", "in", "sqs", "--body", "x"), "--body is what holds the event before `in`."),
        (("dynamodb", "insert", "--keys", '{"id": }'), "it is not JSON: Expecting value at 1:8"),
        (("dynamodb", "insert", "--keys", "[1]"), 'it is no JSON object, such as {"id": 1}: [1]'),
        (("eventbridge", "event", "--detail", "NaN"), "it is not JSON: NaN is none of its values."),
        (("eventbridge", "event", "--resources", "{}"), 'it is no JSON list, such as ["a", "b"]: {}'),
        (("s3", "put", "--at", "1e18"), "'1e18' is no time."),
        (("s3", "put", "--key", "\udcff"), "Invalid value for '--key': it is not UTF-8."),
        (("sqs", "receive-message", "--attribute", "x"), "'x' is not NAME=VALUE."),
        (("sqs", "receive-message", "--at", "soon"), "'soon' is no time. Write 2026-01-31T12:00:00Z"),
        (("sqs", "receive-message", "--count", "0"), "0 is not in the range 1<=x<=10000"),
        (("sqs", "receive-message", "--body", "a", "--body", "b", "--count", "3"), "--body is given 2 times for 3"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(run: Run, args: tuple[str, ...], said: str) -> None:
    outcome = run("generate", *args).ended(2)
    assert said in outcome.stderr
    assert outcome.stdout == b""


def test_help_shows_an_events_flags_with_their_defaults(run: Run) -> None:
    shown = run("generate", "sqs", "receive-message", "--help").stdout.decode()
    assert "--queue-name TEXT" in shown
    assert "[default: MyQueue]" in shown
    assert "https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html" in shown
    services = run("generate", "--help").stdout.decode()
    assert "receive-message" in services


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("generate", "--help"),
        ("generate", "s3", "--help"),
        ("generate", "s3", "put", "--help"),
        ("generate", "apigateway", "websocket-disconnect", "--help"),
        ("generate", "--for", "Fn", "--help"),
        ("list", "--help"),
    ],
)
def test_help_fits_into_80_columns(run: Run, args: tuple[str, ...]) -> None:
    lines = run(*args).succeeded().stdout.decode().splitlines()
    assert [line for line in lines if len(line) > 80 and "://" not in line] == []


def test_the_list_has_every_event(run: Run) -> None:
    shown = run("list").succeeded().stdout.decode()
    listed: list[dict[str, Any]] = run("list", "--output", "json").payload
    assert [line.split()[:2] for line in shown.splitlines()[1:] if line] == [
        [each["service"], each["type"]] for each in listed
    ]
    assert {"sqs", "sns", "s3", "dynamodb", "kinesis", "eventbridge"} <= {each["service"] for each in listed}
    assert all(each["sources"] for each in listed)
    of_one = run("list", "sns", "--output", "json").payload
    assert [each["type"] for each in of_one] == ["notification"]
    assert "There is no service sn; did you mean sns?" in run("list", "sn").ended(2).stderr


def test_what_invokes_functions_imports_nothing_of_it(project: MakeProject) -> None:
    made = project({"see.py": "import sys, samlocal.cli.invoke; print('samlocal.events' in sys.modules)"})
    done = subprocess.run(
        [sys.executable, "see.py"], cwd=made.folder, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"


QUEUE = {
    "Orders": {"Type": "AWS::SQS::Queue"},
    "Fn": function(Events={"It": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Orders", "Arn"]}}}}),
}


def test_an_event_for_a_function_says_which_values_are_placeholders(project: MakeProject) -> None:
    made = project({"template.json": template(**QUEUE)})
    outcome = made.run("event", "generate", "--for", "Fn", "--region", "eu-west-1").succeeded()
    (record,) = outcome.payload["Records"]
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:123456789012:Orders"
    (line,) = outcome.lines
    said = "samlocal: placeholders of It, as no environment is named: --queue-arn (!GetAtt Orders.Arn), --account-id."
    assert line == f"{said} Give -e ENV, or the flags."


def test_flags_of_the_event_follow_and_go_over_the_templates(project: MakeProject) -> None:
    made = project({"template.json": template(**QUEUE)})
    event = ("event", "generate", "--for", "Fn")
    records = made.run(*event, "--body", "a", "--body", "b", "--queue-name", "Mine").payload["Records"]
    assert [record["body"] for record in records] == ["a", "b"]
    assert records[0]["eventSourceARN"].endswith(":Mine")
    assert "'--body'" in made.run(*event, "--boddy", "x").ended(2).stderr
    assert "Fn has no source Itt; did you mean It?" in made.run(*event, "--source", "Itt").ended(10).stderr
    assert (
        "there is no function Fm; did you mean Fn?" in made.run("event", "generate", "--for", "Fm").ended(11).stderr
    )


def test_an_event_for_a_function_has_the_deployed_names(project: MakeProject, aws_server: AwsEndpoint) -> None:
    name = f"events-{uuid.uuid4().hex[:8]}"
    deployed = aws_server.deploy(name, {"Resources": {"Orders": {"Type": "AWS::SQS::Queue"}}})
    made = project({"template.json": template(**QUEUE)}, **aws_server.environ)
    outcome = made.run("event", "generate", "--for", "Fn", "-n", name).succeeded()
    (record,) = outcome.payload["Records"]
    queue = deployed["Orders"].rpartition("/")[2]
    assert record["eventSourceARN"] == f"arn:aws:sqs:{aws_server.region}:123456789012:{queue}"
    assert "placeholder" not in outcome.stderr

    properties = {"Queue": {"Fn::GetAtt": ["New", "Arn"]}}
    new = template(New=QUEUE["Orders"], Fn=function(Events={"It": {"Type": "SQS", "Properties": properties}}))
    write(made.folder / "new.json", new)
    outcome = made.run("event", "generate", "--for", "Fn", "-n", name, "-t", "new.json").succeeded()
    assert f"--queue-arn is a placeholder: !GetAtt New.Arn: the stack {name} has no resource New." in outcome.stderr
    assert outcome.payload["Records"][0]["eventSourceARN"].endswith(":New")


FED = {
    **QUEUE,
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "Protocol": "sqs",
            "TopicArn": {"Ref": "Topic"},
            "Endpoint": {"Fn::GetAtt": ["Orders", "Arn"]},
        },
    },
    "Uploads": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "NotificationConfiguration": {
                "TopicConfigurations": [{"Topic": {"Ref": "Topic"}, "Event": "s3:ObjectCreated:*"}]
            }
        },
    },
}


def test_what_the_template_puts_into_a_queue_is_in_its_message(project: MakeProject) -> None:
    made = project({"template.json": template(**FED)})
    outcome = made.run("event", "generate", "--for", "Fn").succeeded()
    notification = json.loads(outcome.payload["Records"][0]["body"])
    assert notification["TopicArn"].endswith(":Topic")
    assert json.loads(notification["Message"])["Records"][0]["s3"]["bucket"]["name"] == "uploads"
    assert "Orders gets what Subscription sends, which is inside. --body puts something else there." in outcome.stderr
    assert "placeholders of Uploads, as no environment is named: --bucket (!Ref Uploads)" in outcome.stderr


def test_another_message_may_be_put_there(project: MakeProject) -> None:
    made = project({"template.json": template(**FED)})
    outcome = made.run("event", "generate", "--for", "Fn", "--body", "mine").succeeded()
    assert outcome.payload["Records"][0]["body"] == "mine"
    assert "Uploads" not in outcome.stderr


@pytest.mark.docker
def test_a_generated_event_goes_through_a_pipe_into_its_function(project: MakeProject) -> None:
    source = "def handler(event, context): return event['Records'][0]['body']\n"
    made = project({"template.json": template(**QUEUE), "code/app.py": source})
    event = made.run("event", "generate", "--for", "Fn", "--body", "hello").succeeded()
    assert made.run("invoke", "Fn", "--event", "-", stdin=event.stdout).payload == "hello"
