"""``samlocal up``: what topics, buckets and rules send reaches functions in their sandboxes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import kit
import pytest
from aws_client import aws_client
from kit import eventually
from pushed_kit import TELLER, named, teller
from up_kit import Queue, Up, up

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

TEMPLATE = kit.template(
    Done={"Type": "AWS::SQS::Queue"},
    Topic={"Type": "AWS::SNS::Topic"},
    Uploads={"Type": "AWS::S3::Bucket"},
    Listener=teller(
        Events={
            "Topic": {"Type": "SNS", "Properties": {"Topic": {"Ref": "Topic"}, "FilterPolicy": {"kind": ["wanted"]}}},
            "Put": {
                "Type": "S3",
                "Properties": {
                    "Bucket": {"Ref": "Uploads"},
                    "Events": "s3:ObjectCreated:*",
                    "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                },
            },
            "Orders": {
                "Type": "EventBridgeRule",
                "Properties": {"Pattern": {"source": ["shop"]}, "InputPath": "$.detail"},
            },
            "Thing": {
                "Type": "IoTRule",
                "Properties": {"Sql": "SELECT *, topic(2) AS thing FROM 'things/+' WHERE t > 5"},
            },
            "Nightly": {
                "Type": "Schedule",
                "Properties": {"Schedule": "cron(0 3 1 1 ? 2199)", "Input": '{"job": "nightly"}'},
            },
        }
    ),
)
FILES = {"template.json": TEMPLATE, "code/app.py": TELLER}

MINUTELY = {"Type": "Schedule", "Properties": {"Schedule": "cron(* * * * ? *)", "Input": '{"job": "minutely"}'}}


@pytest.fixture(scope="module")
def standing(docker: kit.Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One project for all who only send something to it, each of whom hears of all that it has sent."""
    template = json.loads(json.dumps(TEMPLATE))
    clock = teller(Events={"Minutely": MINUTELY})
    clock["Properties"]["Environment"]["Variables"]["DONE"] = {"Ref": "Ticks"}
    template["Resources"] |= {"Ticks": {"Type": "AWS::SQS::Queue"}, "Clock": clock}
    made = kit.make_project(tmp_path_factory.mktemp("pushed"), {**FILES, "template.json": template})
    try:
        with up(made) as own:
            yield own
            assert own.ended().status == 130
    finally:
        made.run("local", "stop")
        docker.remove_all(made)


def heard(done: Queue, count: int, running: kit.Running) -> list[Any]:
    """What the function has told of, as soon as it is so much; nobody hears of it again."""
    eventually(lambda: done.waiting >= count, within=120, told=running.stderr)
    return [json.loads(body) for body in done.bodies()]


def test_a_function_hears_of_topics_buckets_and_rules_and_of_nothing_that_filters_keep_from_it(standing: Up) -> None:
    banner = " ".join(standing.running.stderr().split())
    for event in (
        "Topic (SNS)",
        "Put (S3)",
        "Orders (EventBridgeRule)",
        "Nightly (Schedule)",
        "Thing (IoTRule)",
    ):
        assert f"{event} → Listener" in banner, banner
    done = Queue(standing.client("sqs"), "Done")
    sns, s3, events = (standing.client(name) for name in ("sns", "s3", "events"))
    topic = named([each["TopicArn"] for each in sns.list_topics()["Topics"]], "Topic")
    bucket = named([each["Name"] for each in s3.list_buckets()["Buckets"]], "uploads")
    for kind in ("other", "wanted"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=f"the {kind} one", MessageAttributes=attributes)
    for key in ("elsewhere/a.txt", "in/a b.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    for source in ("warehouse", "shop"):
        events.put_events(Entries=[{"Source": source, "DetailType": "Placed", "Detail": '{"order": 7}'}])
    for degrees in (5, 50):
        standing.client("iot-data").publish(topic="things/lamp", payload=json.dumps({"t": degrees}))
    got = heard(done, 4, standing.running)
    (message,) = (each["Records"][0]["Sns"] for each in got if "Sns" in str(each))
    assert (message["Message"], message["TopicArn"]) == ("the wanted one", topic)
    (record,) = (each["Records"][0] for each in got if "aws:s3" in str(each))
    assert record["s3"]["object"]["key"] == "in/a+b.txt"
    assert {"order": 7} in got
    assert {"t": 50, "thing": "lamp"} in got
    standing.running.has_logged(f"of {topic.rsplit(':', 1)[-1]}")


def test_a_caller_at_the_local_environment_gets_the_functions_answer(standing: Up) -> None:
    client = standing.client("lambda")
    name = named([each["FunctionName"] for each in client.list_functions()["Functions"]], "Listener")
    answered = client.invoke(FunctionName=name, Payload=b'{"n": 1}')
    assert (answered["StatusCode"], answered.get("FunctionError")) == (200, None)
    assert json.load(answered["Payload"]) == {"heard": {"n": 1}}
    failed = client.invoke(FunctionName=name, Payload=b'{"fails": true}')
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorType"] == "ValueError"
    told = heard(Queue(standing.client("sqs"), "Done"), 2, standing.running)
    assert sorted(told, key=str) == [{"fails": True}, {"n": 1}]


def test_events_that_nobody_ran_are_run_by_the_next_who_comes(local: MakeProject) -> None:
    made = local(FILES)
    with up(made) as own:
        own.ended()
        server = own.url

    def client(service: str) -> Any:
        return aws_client(service, server)

    client("events").put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": '{"order": 8}'}])
    name = named([each["FunctionName"] for each in client("lambda").list_functions()["Functions"]], "Listener")
    not_run = client("lambda").invoke(FunctionName=name)
    assert "samlocal up" in json.load(not_run["Payload"])["errorMessage"]
    assert made.run("local", "status", "--output", "json").payload["waiting_events"] == 1
    shown = made.run("local", "status").stdout.decode()
    assert "waiting 1 event for functions\nnobody runs its functions: `samlocal up` does" in shown
    assert "schedule ListenerNightly, cron(0 3 1 1 ? 2199): due 2199-01-01 03:00 UTC" in shown
    with up(made) as own:
        own.running.has_logged("1 event has come while nobody ran functions: run now.")
        assert heard(Queue(own.client("sqs"), "Done"), 1, own.running) == [{"order": 8}]
        own.ended()
    eventually(lambda: made.run("local", "status", "--output", "json").payload["waiting_events"] == 0)


def test_what_cannot_be_delivered_is_said_and_who_kills_the_environment_hears_what_is_gone_with_it(
    local: MakeProject,
) -> None:
    template = json.loads(json.dumps(TEMPLATE))
    elsewhere = {"Arn": "arn:aws:sqs:us-east-1:123456789012:nowhere", "Id": "elsewhere"}
    template["Resources"]["Lost"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["shop"]}, "Targets": [elsewhere]},
    }
    made = local({**FILES, "template.json": template})

    def put(order: int) -> None:
        detail = json.dumps({"order": order})
        client = own.client("events")
        client.put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": detail}])

    with up(made) as own:
        put(1)
        assert heard(Queue(own.client("sqs"), "Done"), 1, own.running) == [{"order": 1}]
        own.running.has_logged("arn:aws:sqs:us-east-1:123456789012:nowhere: ", within=60)
        assert "local environment: not delivered from arn:aws:events:" in own.running.stderr()
        before = made.run("local", "status", "--output", "json").payload["pid"]
        os.kill(before, signal.SIGKILL)
        own.running.has_logged("the local environment has broken down during this run; its log is ", within=60)
        own.running.has_logged("waiting events are gone: it goes on with an empty one.", within=60)

        def is_up() -> bool:
            told = made.run("local", "status", "--output", "json").payload
            own.url = told.get("url", "")
            return told.get("pid") not in (None, before) and told["stacks"] == ["local in us-east-1"]

        eventually(is_up, within=90, told=own.running.stderr)
        put(2)
        assert heard(Queue(own.client("sqs"), "Done"), 1, own.running) == [{"order": 2}]
        assert own.running.stderr().count("has broken down during this run") == 1
        assert own.ended().status == 130


def test_of_two_commands_the_first_runs_events_and_the_second_as_soon_as_that_is_killed(local: MakeProject) -> None:
    made = local(FILES)

    def put(order: int) -> None:
        detail = json.dumps({"order": order})
        first.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": detail}])

    with up(made) as first, up(made) as second:
        done = Queue(first.client("sqs"), "Done")
        second.running.has_logged("another `samlocal up` runs functions", within=60)
        put(1)
        assert heard(done, 1, first.running) == [{"order": 1}]
        first.running.has_logged("of rule/")
        # The environment knows that it is over: nobody is to run it again.
        eventually(lambda: made.run("local", "status", "--output", "json").payload["waiting_events"] == 0)
        assert "of rule/" not in second.running.stderr()
        first.running.process.kill()
        first.running.process.wait()
        # A second to notice it, and one to look.
        second.running.has_logged("the other `samlocal up` has ended")
        put(2)
        assert heard(done, 1, second.running) == [{"order": 2}]
        second.ended()


SLOW = (
    TELLER
    + """
import time

def slow(event, context):
    tell(json.dumps(event))
    time.sleep(30)
"""
)


def test_an_event_that_was_running_when_the_command_was_killed_is_run_again_by_the_next(local: MakeProject) -> None:
    rule = {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["shop"]}, "InputPath": "$.detail"}}
    slow = teller(Handler="app.slow", Events={"Orders": rule})
    slow["Properties"]["Timeout"] = 60
    template = kit.template(Done={"Type": "AWS::SQS::Queue"}, Slow=slow)
    made = local({"template.json": template, "code/app.py": SLOW})
    with up(made) as own:
        own.client("events").put_events(
            Entries=[{"Source": "shop", "DetailType": "Placed", "Detail": '{"order": 9}'}]
        )
        done = Queue(own.client("sqs"), "Done")
        assert heard(done, 1, own.running) == [{"order": 9}]
        own.running.process.kill()
        own.running.process.wait()
    with up(made) as own:
        assert heard(Queue(own.client("sqs"), "Done"), 1, own.running) == [{"order": 9}]
        # Nobody waits for the rest of it.
        own.running.process.kill()
        own.running.process.wait()


def test_a_schedule_is_fired_at_will_by_its_functions_event(standing: Up) -> None:
    made = standing.project
    fired = made.run("local", "fire", "Listener/Nightly").succeeded()
    assert "Listener/Nightly is due" in fired.stderr
    assert heard(Queue(standing.client("sqs"), "Done"), 1, standing.running) == [{"job": "nightly"}]
    unknown = made.run("local", "fire", "Nightlyy").ended(4)
    assert "has no rule or schedule Nightlyy; did you mean Listener/Nightly?" in unknown.stderr
    assert "There are: " in unknown.stderr
    assert "Listener/Nightly" in unknown.stderr.partition("There are: ")[2]


def test_a_schedule_is_due_by_itself(standing: Up) -> None:
    ticks = Queue(standing.client("sqs"), "Ticks")
    eventually(lambda: ticks.waiting >= 1, within=180, told=standing.running.stderr)
    assert set(ticks.bodies()) == {'{"job": "minutely"}'}
