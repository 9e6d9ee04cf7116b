"""What the environment on this machine sends to functions, as its process has it for who runs them.

The judges of an event's keys and types are the files of ``samlocal event generate``, which cite AWS's documentation
and events recorded of AWS.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from pushed_kit import ACCOUNT, REGION, Sent, client, function_arn, generated, named, shape

from samlocal.aws import Aws
from samlocal.local.deploy import deploy
from samlocal.local.invocation import Answered
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer
from samlocal.template.reader import read

Client = Callable[[str], Any]


@pytest.fixture
def sent(server: LocalServer) -> Sent:
    return Sent(server)


def new(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


# topics


class Topic:
    def __init__(self, sns: Any, **subscription: Any) -> None:
        self.sns = sns
        self.arn = sns.create_topic(Name=new("topic"))["TopicArn"]
        self.function = new("fn")
        given = {name: each if isinstance(each, str) else json.dumps(each) for name, each in subscription.items()}
        sns.subscribe(TopicArn=self.arn, Protocol="lambda", Endpoint=function_arn(self.function), Attributes=given)

    def publish(self, message: str = "hello", **more: Any) -> None:
        self.sns.publish(TopicArn=self.arn, Message=message, **more)


def attributes(**given: Any) -> dict[str, Any]:
    made = {}
    for name, value in given.items():
        match value:
            case list():
                made[name] = {"DataType": "String.Array", "StringValue": json.dumps(value)}
            case int():
                made[name] = {"DataType": "Number", "StringValue": str(value)}
            case bytes():
                made[name] = {"DataType": "Binary", "BinaryValue": value}
            case _:
                made[name] = {"DataType": "String", "StringValue": value}
    return {"MessageAttributes": made}


def test_a_message_of_a_topic_is_the_event_that_sns_makes_of_it(client: Client, sent: Sent) -> None:
    topic = Topic(client("sns"))
    topic.publish("the text", Subject="About", **attributes(kind="a", count=3, raw=b"\x00\x01"))
    (event,) = sent.to(topic.function)
    judge = generated("sns", "notification", topic_arn=[topic.arn])
    found = event["Records"][0]["Sns"].pop("MessageAttributes")
    judge["Records"][0]["Sns"].pop("MessageAttributes")
    assert shape(event) == shape(judge)
    assert found == {
        "kind": {"Type": "String", "Value": "a"},
        "count": {"Type": "Number", "Value": "3"},
        "raw": {"Type": "Binary", "Value": base64.b64encode(b"\x00\x01").decode()},
    }
    record = event["Records"][0]
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("the text", "About")
    assert record["EventSubscriptionArn"].startswith(f"{topic.arn}:")
    topic.publish("without a subject")
    assert sent.to(topic.function)[0]["Records"][0]["Sns"]["Subject"] is None


# https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html, numeric-value-matching.html,
# attribute-key-matching.html, and-or-logic.html
FILTERS = [
    ({"store": ["example_corp"]}, {"store": "example_corp"}, True),
    ({"store": ["example_corp"]}, {"store": "other"}, False),
    ({"store": ["example_corp"]}, {}, False),
    ({"store": [{"prefix": "exa"}]}, {"store": "example"}, True),
    ({"store": [{"suffix": "ple"}]}, {"store": "example"}, True),
    ({"store": [{"anything-but": ["a", "b"]}]}, {"store": "a"}, False),
    ({"store": [{"anything-but": ["a", "b"]}]}, {"store": "c"}, True),
    ({"store": [{"anything-but": {"prefix": "ex"}}]}, {"store": "example"}, False),
    ({"store": [{"equals-ignore-case": "A"}]}, {"store": "a"}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.9"}, True),
    ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.1.9"}, False),
    ({"price": [{"numeric": [">", 5, "<=", 10]}]}, {"price": 10}, True),
    ({"price": [{"numeric": [">", 5, "<=", 10]}]}, {"price": 5}, False),
    ({"price": [301]}, {"price": 301}, True),
    ({"store": [{"exists": True}]}, {"store": "x"}, True),
    ({"store": [{"exists": False}]}, {"store": "x"}, False),
    ({"store": [{"exists": False}]}, {"other": "x"}, True),
    ({"interests": ["rugby"]}, {"interests": ["soccer", "rugby"]}, True),
    ({"interests": ["rugby"]}, {"interests": ["soccer"]}, False),
    ({"a": ["1"], "b": ["2"]}, {"a": "1"}, False),
    ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, True),
    ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "3"}, False),
]


@pytest.mark.parametrize(("policy", "given", "passes"), FILTERS, ids=json.dumps)
def test_a_filter_policy_lets_through_what_sns_documents(
    client: Client, sent: Sent, policy: Any, given: dict[str, Any], passes: bool
) -> None:
    topic = Topic(client("sns"), FilterPolicy=policy)
    topic.publish(**(attributes(**given) if given else {}))
    assert len(sent.to(topic.function)) == passes


# https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html: FilterPolicyScope MessageBody
BODIES = [
    ({"store": ["a"]}, {"store": "a"}, True),
    ({"store": ["a"]}, {"store": "b"}, False),
    ({"order": {"total": [{"numeric": [">=", 10]}]}}, {"order": {"total": 12}}, True),
    ({"order": {"total": [{"numeric": [">=", 10]}]}}, {"order": {"total": 2}}, False),
    ({"tags": ["x"]}, {"tags": ["w", "x"]}, True),
    ({"items": {"kind": ["x"]}}, {"items": [{"kind": "w"}, {"kind": "x"}]}, True),
]


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ({"a": []}, "MessageAttributes"),
        ({"a": [{"prefix": 7}]}, "MessageAttributes"),
        ({"a": {"b": ["c"]}}, "MessageAttributes"),
        ({"a": "text"}, "MessageBody"),
    ],
    ids=json.dumps,
)
def test_a_filter_policy_that_sns_refuses_is_refused(client: Client, policy: Any, scope: str) -> None:
    sns = client("sns")
    with pytest.raises(sns.exceptions.InvalidParameterException):
        Topic(sns, FilterPolicy=policy, FilterPolicyScope=scope)


@pytest.mark.parametrize(("policy", "body", "passes"), BODIES, ids=json.dumps)
def test_a_filter_policy_may_be_of_the_messages_body(
    client: Client, sent: Sent, policy: Any, body: Any, passes: bool
) -> None:
    topic = Topic(client("sns"), FilterPolicy=policy, FilterPolicyScope="MessageBody")
    topic.publish(json.dumps(body))
    assert len(sent.to(topic.function)) == passes


# buckets


def bucket(s3: Any, *, versions: bool = False, **configuration: Any) -> str:
    name = new("bucket")
    s3.create_bucket(Bucket=name)
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)
    return name


def for_function(function: str, *events: str, rules: dict[str, str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"LambdaFunctionArn": function_arn(function), "Events": list(events), "Id": "the-id"}
    if rules:
        made["Filter"] = {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules.items()]}}
    return {"LambdaFunctionConfigurations": [made]}


@pytest.mark.parametrize("versions", [False, True])
def test_an_object_that_is_put_and_deleted_is_the_events_that_s3_makes_of_it(
    client: Client, sent: Sent, versions: bool
) -> None:
    function, s3 = new("fn"), client("s3")
    name = bucket(s3, versions=versions, **for_function(function, "s3:ObjectCreated:*", "s3:ObjectRemoved:*"))
    s3.put_object(Bucket=name, Key="red flower/ü.jpg", Body=b"12345")
    s3.delete_object(Bucket=name, Key="red flower/ü.jpg")
    put, gone = sent.to(function)
    version = {"version_id": ["v"]} if versions else {}
    assert shape(put) == shape(generated("s3", "put", bucket=[name], **version))
    assert shape(gone) == shape(generated("s3", "delete-marker" if versions else "delete", bucket=[name], **version))
    record = put["Records"][0]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["configurationId"] == "the-id"
    assert record["s3"]["bucket"] == record["s3"]["bucket"] | {"name": name, "arn": f"arn:aws:s3:::{name}"}
    # "The s3 key provides information about the bucket and object …": the key is URL-encoded.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    assert record["s3"]["object"]["key"] == "red+flower/%C3%BC.jpg"
    assert record["s3"]["object"]["size"] == 5
    removed = "ObjectRemoved:DeleteMarkerCreated" if versions else "ObjectRemoved:Delete"
    assert gone["Records"][0]["eventName"] == removed
    assert gone["Records"][0]["s3"]["object"]["sequencer"] > record["s3"]["object"]["sequencer"]


@pytest.mark.parametrize(
    ("rules", "key", "passes"),
    [
        ({"prefix": "in/"}, "in/a.txt", True),
        ({"prefix": "in/"}, "out/a.txt", False),
        ({"suffix": ".jpg"}, "in/a.jpg", True),
        ({"suffix": ".jpg"}, "in/a.png", False),
        ({"prefix": "in/", "suffix": ".jpg"}, "in/a.jpg", True),
        ({"prefix": "in/", "suffix": ".jpg"}, "in/a.png", False),
    ],
)
def test_a_notification_is_of_the_keys_that_its_filter_names(
    client: Client, sent: Sent, rules: dict[str, str], key: str, passes: bool
) -> None:
    function, s3 = new("fn"), client("s3")
    name = bucket(s3, **for_function(function, "s3:ObjectCreated:*", rules=rules))
    s3.put_object(Bucket=name, Key=key, Body=b"1")
    assert len(sent.to(function)) == passes


def test_a_notification_goes_to_queues_and_topics_too(client: Client, sent: Sent) -> None:
    s3, sqs = client("s3"), client("sqs")
    topic = Topic(client("sns"))
    queue = sqs.create_queue(QueueName=new("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    name = bucket(
        s3,
        QueueConfigurations=[{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}],
        TopicConfigurations=[{"TopicArn": topic.arn, "Events": ["s3:ObjectCreated:*"]}],
    )
    # S3 tells of itself where it is configured.
    sqs.purge_queue(QueueUrl=queue)
    sent.all()
    s3.put_object(Bucket=name, Key="a", Body=b"1")
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["Records"][0]["eventName"] == "ObjectCreated:Put"
    (event,) = sent.to(topic.function)
    assert event["Records"][0]["Sns"]["Subject"] == "Amazon S3 Notification"
    assert json.loads(event["Records"][0]["Sns"]["Message"])["Records"][0]["s3"]["object"]["key"] == "a"


# rules


class Rule:
    def __init__(self, events: Any, pattern: Any, *, bus: str = "default", **target: Any) -> None:
        self.function = new("fn")
        self.name = new("rule")
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern), EventBusName=bus)
        made = {"Id": "1", "Arn": function_arn(self.function), **target}
        events.put_targets(Rule=self.name, EventBusName=bus, Targets=[made])


def put(events: Any, source: str, detail: Any = None, **more: Any) -> None:
    entry = {"Source": source, "DetailType": "Placed", "Detail": json.dumps(detail or {}), **more}
    (said,) = events.put_events(Entries=[entry])["Entries"]
    assert "ErrorCode" not in said


def test_an_event_of_a_bus_is_what_eventbridge_documents(client: Client, sent: Sent) -> None:
    events, source = client("events"), new("shop")
    rule = Rule(events, {"source": [source]})
    put(events, source, {"total": 25}, Resources=["arn:aws:x:::y"])
    put(events, new("other"), {"total": 25})
    (event,) = sent.to(rule.function)
    assert shape(event) == shape(generated("eventbridge", "event", detail=[{"total": 1}], resources=[["r"]]))
    assert (event["source"], event["detail"], event["region"], event["account"]) == (
        source,
        {"total": 25},
        REGION,
        ACCOUNT,
    )


# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
PATTERNS = [
    ({"detail": {"state": ["running", "stopped"]}}, {"state": "running"}, True),
    ({"detail": {"state": [{"anything-but": ["running"]}]}}, {"state": "running"}, False),
    ({"detail": {"name": [{"prefix": {"equals-ignore-case": "EX"}}]}}, {"name": "example"}, True),
    ({"detail": {"name": [{"wildcard": "a*c"}]}}, {"name": "abc"}, True),
    ({"detail": {"n": [{"numeric": [">", 0, "<=", 5]}]}}, {"n": 6}, False),
    ({"detail": {"x": [{"exists": False}]}}, {"y": 1}, True),
    ({"detail": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"b": 2}, True),
    ({"detail": {"tags": ["x"]}}, {"tags": ["w", "x"]}, True),
]


@pytest.mark.parametrize(("pattern", "detail", "passes"), PATTERNS, ids=json.dumps)
def test_a_rule_is_for_the_events_that_its_pattern_names(
    client: Client, sent: Sent, pattern: Any, detail: Any, passes: bool
) -> None:
    events, source = client("events"), new("shop")
    rule = Rule(events, {"source": [source], **pattern})
    put(events, source, detail)
    assert len(sent.to(rule.function)) == passes


def test_a_disabled_rule_and_a_schedule_hear_of_no_event(client: Client, sent: Sent) -> None:
    events, source = client("events"), new("shop")
    rule = Rule(events, {"source": [source]})
    events.disable_rule(Name=rule.name)
    scheduled = new("fn")
    events.put_rule(Name=scheduled, ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=scheduled, Targets=[{"Id": "1", "Arn": function_arn(scheduled)}])
    put(events, source)
    assert sent.all() == []


def test_a_rules_target_may_be_a_queue_a_topic_a_log_group_or_another_bus(client: Client, sent: Sent) -> None:
    events, sqs, logs, source = client("events"), client("sqs"), client("logs"), new("shop")
    bus = events.create_event_bus(Name=new("bus"))["EventBusArn"]
    behind = Rule(events, {"source": [source]}, bus=bus.rsplit("/", 1)[-1])
    queue = sqs.create_queue(QueueName=new("queue"))["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = Topic(client("sns"))
    group = f"/aws/events/{new('group')}"
    logs.create_log_group(logGroupName=group)
    rule = Rule(events, {"source": [source]})
    targets = [bus, queue_arn, topic.arn, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"]
    events.put_targets(Rule=rule.name, Targets=[{"Id": str(n), "Arn": arn} for n, arn in enumerate(targets, 2)])
    put(events, source, {"n": 1})
    assert [each["source"] for each in sent.to(behind.function)] == [source]
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    (logged,) = logs.filter_log_events(logGroupName=group)["events"]
    assert json.loads(logged["message"])["detail"] == {"n": 1}


def test_what_a_target_does_not_take_goes_to_its_dead_letters_with_where_it_was_for(client: Client) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html: the event itself, and attributes."""
    events, sqs, name = client("events"), client("sqs"), new("dead")
    dead = sqs.create_queue(QueueName=name)["QueueUrl"]
    nowhere = f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere"
    config = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    target = {"Id": "1", "Arn": nowhere, "DeadLetterConfig": config, "Input": '{"a": 1}'}
    events.put_targets(Rule=name, Targets=[target])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": '{"n": 1}'}])
    (message,) = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["All"])["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail"]) == (name, {"n": 1})
    told = {key: each["StringValue"] for key, each in message["MessageAttributes"].items()}
    assert (told["RULE_ARN"], told["TARGET_ARN"]) == (rule, nowhere)
    assert "does not exist" in told["ERROR_MESSAGE"]


def test_the_events_of_a_bucket_reach_the_rules_as_s3_documents(client: Client, sent: Sent) -> None:
    events, s3 = client("events"), client("s3")
    name = bucket(s3, EventBridgeConfiguration={})
    rule = Rule(events, {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}})
    s3.put_object(Bucket=name, Key="a b.txt", Body=b"123")
    s3.delete_object(Bucket=name, Key="a b.txt")
    made, gone = sent.to(rule.function)
    assert shape(made) == shape(generated("eventbridge", "s3-object-created", bucket=[name]))
    assert shape(gone) == shape(generated("eventbridge", "s3-object-deleted", bucket=[name]))
    # The key is as it is, not encoded.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    assert (made["detail-type"], made["detail"]["object"]["key"]) == ("Object Created", "a b.txt")
    assert (gone["detail-type"], gone["detail"]["deletion-type"]) == ("Object Deleted", "Permanently Deleted")


# log groups


def test_a_subscriber_of_a_log_group_gets_its_events_packed_as_cloudwatch_packs_them(
    client: Client, sent: Sent
) -> None:
    logs, group, function = client("logs"), new("/group"), new("fn")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    client("lambda")
    logs.put_subscription_filter(
        logGroupName=group, filterName="the-filter", filterPattern="", destinationArn=existing(client, function)
    )
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group, logStreamName="stream", logEvents=[{"timestamp": now, "message": "ERROR one"}]
    )
    (event,) = sent.to(function)
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    (line,) = data.pop("logEvents")
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "stream",
        "subscriptionFilters": ["the-filter"],
    }
    assert set(line) == {"id", "timestamp", "message"}
    assert (line["timestamp"], line["message"]) == (now, "ERROR one")


def test_a_subscriber_gets_only_what_its_pattern_lets_through(client: Client, sent: Sent) -> None:
    logs, group, function = client("logs"), new("/group"), new("fn")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="stream")
    logs.put_subscription_filter(
        logGroupName=group,
        filterName="errors",
        filterPattern='{ $.level = "ERROR" }',
        destinationArn=existing(client, function),
    )
    now = int(time.time() * 1000)
    for messages in (['{"level": "INFO"}'], ['{"level": "INFO"}', '{"level": "ERROR"}', "ERROR"]):
        events = [{"timestamp": now, "message": message} for message in messages]
        logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=events)
    (event,) = sent.to(function)
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [each["message"] for each in data["logEvents"]] == ['{"level": "ERROR"}']


def existing(client: Client, name: str) -> str:
    """A function that is there: some services look for it."""
    role = {"Version": "2012-10-17", "Statement": []}
    arn = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role))["Role"]["Arn"]
    made = client("lambda").create_function(
        FunctionName=name, Role=arn, Runtime="python3.11", Handler="app.handler", Code={"ZipFile": b""}
    )
    return str(made["FunctionArn"])


# secrets


def test_the_rotation_of_a_secret_asks_its_function_for_each_step(server: LocalServer, client: Client) -> None:
    name, secrets = new("fn"), client("secretsmanager")
    arn = existing(client, name)
    secret = secrets.create_secret(Name=new("secret"), SecretString="old")
    runner, events, ends = Runner(server), [], threading.Event()
    runner.fetch(wait=0)

    def run() -> None:
        while not ends.is_set():
            for each in runner.fetch(wait=0.2).invocations:
                events.append((each.waits, json.loads(each.payload)))
                runner.over(each.id, Answered(status=200, payload=b"null"))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        secrets.rotate_secret(
            SecretId=secret["ARN"], RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 7}
        )
    finally:
        ends.set()
        thread.join()
        runner.leave()
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
    assert [event["Step"] for _, event in events] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert all(waits for waits, _ in events)
    assert shape(events[0][1]) == shape(generated("secretsmanager", "rotation"))
    assert events[0][1]["SecretId"] == secret["ARN"]


# callers


def test_a_caller_of_a_function_is_answered_by_who_runs_it_and_has_its_events_queued(
    client: Client, sent: Sent
) -> None:
    name, lambda_ = new("fn"), client("lambda")
    existing(client, name)
    assert lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')["StatusCode"] == 202
    (queued,) = sent.all()
    assert (queued.function, queued.payload, queued.waits) == (name, b'{"n": 1}', False)
    assert lambda_.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.invoke(FunctionName=new("nobody"))
    assert sent.all() == []


# a template's


def test_what_a_template_says_of_its_functions_events_is_what_they_get(
    server: LocalServer, aws: Aws, tmp_path: Any
) -> None:
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "index.handler",
            "InlineCode": "",
            "AutoPublishAlias": "live",
            "Events": {
                "Topic": {
                    "Type": "SNS",
                    "Properties": {"Topic": {"Ref": "Topic"}, "FilterPolicy": {"kind": ["wanted"]}},
                },
                "Put": {
                    "Type": "S3",
                    "Properties": {
                        "Bucket": {"Ref": "Uploads"},
                        "Events": ["s3:ObjectCreated:*"],
                        "Filter": {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".csv"}]}},
                    },
                },
                "Rule": {
                    "Type": "EventBridgeRule",
                    "Properties": {"Pattern": {"source": ["template-shop"]}, "Input": '{"constant": true}'},
                },
                "Lines": {
                    "Type": "CloudWatchLogs",
                    "Properties": {"LogGroupName": {"Ref": "Group"}, "FilterPattern": ""},
                },
            },
        },
    }
    resources = {
        "Fn": function,
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Uploads": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}},
        },
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    deployed = deploy(read(file), stack_name=new("pushed"), aws=aws, parameters={}, with_code=False)
    assert [each.note for each in deployed.resources if not each.made] == []
    own = {each.logical_id: each for each in deployed.resources}
    assert own
    sent = Sent(server)
    sns, s3, events, logs = (client(server, name) for name in ("sns", "s3", "events", "logs"))
    stack = deployed.stack_name
    topic = named([each["TopicArn"] for each in sns.list_topics()["Topics"]], f"{stack}-Topic")
    uploads = named([each["Name"] for each in s3.list_buckets()["Buckets"]], f"{stack}-uploads")
    group = named([each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]], f"{stack}-Group")
    sns.publish(TopicArn=topic, Message="no")
    sns.publish(TopicArn=topic, Message="yes", **attributes(kind="wanted"))
    s3.put_object(Bucket=uploads, Key="a.csv", Body=b"1")
    s3.put_object(Bucket=uploads, Key="a.txt", Body=b"1")
    put(events, "template-shop")
    now = int(time.time() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "m"}])
    got = sent.all()
    assert [json.loads(each.payload).get("constant") for each in got] == [None, None, True, None]
    # By the alias that AutoPublishAlias makes: the working copy is behind it.
    assert {each.function.rsplit(":", 1)[-1] for each in got} == {"live"}
    bridged = s3.get_bucket_notification_configuration(Bucket=uploads)
    assert bridged["LambdaFunctionConfigurations"][0]["Filter"]["Key"]["FilterRules"] == [
        {"Name": "suffix", "Value": ".csv"}
    ]
