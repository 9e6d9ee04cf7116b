"""Rules of IoT at the local endpoint: AWS's documented SQL, and what reaches the actions.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-reference.html
https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from pushed_kit import ACCOUNT, REGION, Sent, client, function_arn

from samlocal.local.moto.topic_sql import TopicSqlError, filled_in, matches, topic_sql
from samlocal.local.moto.topic_values import UNDEFINED, Message
from samlocal.local.server import LocalServer

RED = {"color": "red", "temperature": 50}
NESTED = {"color": {"red": 255, "green": 0}, "temperature": 50}
DEEP = {"mydata": {"item2": {"0": {"my-key": "myValue"}}}}
LIST = {"lat_long": [47.606, -122.332], "n": None}

# The examples of the documentation's pages on SELECT and on JSON extensions, and those of its tables of operators.
SELECTED: list[tuple[str, Any, Any]] = [
    ("SELECT * FROM 'a/b'", RED, RED),
    ("SELECT color FROM 'a/b'", RED, {"color": "red"}),
    ("SELECT color AS my_color FROM 'a/b'", RED, {"my_color": "red"}),
    ("SELECT color as my_color, temperature as fahrenheit FROM 'a/b'", RED, {"my_color": "red", "fahrenheit": 50}),
    ("SELECT *, 15 as speed FROM 'a/b'", RED, {**RED, "speed": 15}),
    ("SELECT VALUE color FROM 'a/b'", RED, "red"),
    ("SELECT color.red as red_value FROM 'a/b'", NESTED, {"red_value": 255}),
    (
        "SELECT (temperature - 32) * 5 / 9 AS celsius, upper(color) as my_color FROM 'a/b'",
        RED,
        {"celsius": 10, "my_color": "RED"},
    ),
    ("SELECT topic(2) AS second, topic() AS whole FROM 'a/b'", RED, {"second": "b", "whole": "a/b"}),
    ('SELECT get(get(get(mydata,"item2"),"0"),"my-key") AS it FROM \'a/b\'', DEEP, {"it": "myValue"}),
    ("SELECT get(lat_long, 1) AS longitude FROM 'a/b'", LIST, {"longitude": -122.332}),
    ("SELECT none, color FROM 'a/b'", RED, {"color": "red"}),
    ("SELECT n FROM 'a/b'", LIST, {"n": None}),
    ("SELECT concat(color, '-', temperature) AS both FROM 'a/b'", RED, {"both": "red-50"}),
    ("SELECT color + temperature AS both FROM 'a/b'", RED, {"both": "red50"}),
    ("SELECT temperature / 8 AS whole, temperature / 8.0 AS part FROM 'a/b'", RED, {"whole": 6, "part": 6.25}),
    ("SELECT temperature % 8 AS rest, -temperature AS less FROM 'a/b'", RED, {"rest": 2, "less": -50}),
    ("SELECT '5' * 2 AS ten, 'x' * 2 AS none FROM 'a/b'", RED, {"ten": 10}),
    ("SELECT round(2.5) AS up, floor(2.5) AS down, abs(-3) AS plus FROM 'a/b'", RED, {"up": 3, "down": 2, "plus": 3}),
    ("select accountid() as own, clientid() as by from 'a/b'", RED, {"own": ACCOUNT, "by": "n/a"}),
    ("SELECT 'it''s' AS text FROM 'a/b'", RED, {"text": "it's"}),
]

# What stands behind WHERE, and whether the rule is for the message.
WHERE: list[tuple[str, Any, bool]] = [
    ("color = 'red'", RED, True),
    ("color <> 'red'", RED, False),
    ("color = 'red' AND temperature > 50", RED, False),
    ("color = 'red' AND temperature >= 50", RED, True),
    ("color = 'blue' OR temperature < 51", RED, True),
    ("NOT color = 'blue'", RED, True),
    ("NOT (color = 'red' OR temperature = 1)", RED, False),
    ("color.red > color.green", NESTED, True),
    ("temperature = '50'", RED, False),
    ("temperature <> '50'", RED, True),
    ("temperature > '7'", RED, True),
    ("temperature = 50.0", RED, True),
    # What is undefined is neither.
    ("none = 1", RED, False),
    ("none <> 1", RED, False),
    ("NOT none", RED, False),
    ("isundefined(none)", RED, True),
    ("isnull(n)", LIST, True),
    ("color > 5", RED, False),
    ("'true'", RED, True),
    ("color", RED, False),
    ("startswith(topic(), 'a/') AND endswith(color, 'ed')", RED, True),
]


def message(payload: Any) -> Message:
    return Message(topic="a/b", payload=payload, account=ACCOUNT)


@pytest.mark.parametrize(("sql", "payload", "result"), SELECTED, ids=[sql for sql, _, _ in SELECTED])
def test_a_rule_makes_of_a_message_what_the_documentation_says(sql: str, payload: Any, result: Any) -> None:
    assert topic_sql(sql).result(message(payload)) == result


@pytest.mark.parametrize(("condition", "payload", "holds"), WHERE, ids=[condition for condition, _, _ in WHERE])
def test_a_rule_is_for_the_messages_for_which_its_condition_is_true(
    condition: str, payload: Any, holds: bool
) -> None:
    result = topic_sql(f"SELECT * FROM 'a/b' WHERE {condition}").result(message(payload))
    assert (result is not UNDEFINED) is holds


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM topic/#",
        "SELECT * FROM 'a' WHERE",
        "SELECT * FROM 'a' GROUP BY b",
        "SELECT a.b FROM 'a'",
        "SELECT a AS b.c FROM 'a'",
        "SELECT VALUE a, b FROM 'a'",
        "SELECT machinelearning_predict('m', 'r', a) AS p FROM 'a'",
        "SELECT CASE a WHEN 1 THEN 2 END AS b FROM 'a'",
        "SELECT {'a': 1} AS b FROM 'a'",
        "SELECT lower(a, b) AS c FROM 'a'",
        "SELECT (SELECT v FROM e) AS b FROM 'a'",
        "UPDATE 'a'",
    ],
)
def test_sql_that_is_not_understood_is_named_and_never_guessed(sql: str) -> None:
    with pytest.raises(TopicSqlError, match="does not understand"):
        topic_sql(sql)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("#", "$aws/things/x", False),
        ("$aws/things/+/shadow", "$aws/things/x/shadow", True),
    ],
)
def test_topics_are_filtered_as_mqtt_does(topic_filter: str, topic: str, fits: bool) -> None:
    """MQTT 3.1.1, 4.7."""
    assert matches(topic_filter, topic) is fits


def test_a_substitution_template_is_filled_in_of_the_message() -> None:
    """https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html"""
    assert filled_in("device/${topic(2)}/${color.red}", message(NESTED)) == "device/b/255"


def test_what_is_published_reaches_functions_queues_topics_streams_and_tables(server: LocalServer) -> None:
    iot, data, sqs, sns = (client(server, name) for name in ("iot", "iot-data", "sqs", "sns"))
    kinesis, dynamodb = client(server, "kinesis"), client(server, "dynamodb")
    name, sent = f"r{uuid.uuid4().hex}", Sent(server)
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    heard = sqs.create_queue(QueueName=f"{name}-heard")["QueueUrl"]
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-heard"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    kinesis.create_stream(StreamName=name, ShardCount=1)
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "thing", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "thing", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    role = "arn:aws:iam::123456789012:role/r"
    iot.create_topic_rule(
        ruleName=name,
        topicRulePayload={
            "sql": f"SELECT t, topic(2) AS thing FROM '{name}/+' WHERE t > 5",
            "actions": [
                {"lambda": {"functionArn": function_arn("Listener")}},
                {"sqs": {"queueUrl": queue, "roleArn": role}},
                {"sns": {"targetArn": topic, "roleArn": role}},
                {"kinesis": {"streamName": name, "partitionKey": "${topic(2)}", "roleArn": role}},
                {"dynamoDBv2": {"putItem": {"tableName": name}, "roleArn": role}},
                {"s3": {"bucketName": "b", "key": "k", "roleArn": role}},
            ],
        },
    )
    data.publish(topic=f"{name}/lamp", payload=json.dumps({"t": 1}))
    data.publish(topic=f"{name}/lamp/else", payload=json.dumps({"t": 50}))
    data.publish(topic=f"{name}/lamp", payload=b"no JSON")
    data.publish(topic=f"{name}/lamp", payload=json.dumps({"t": 50.5}))
    result = {"t": 50.5, "thing": "lamp"}
    remarks = sent.runner.fetch(wait=0)
    assert [json.loads(each.payload) for each in remarks.invocations] == [result]
    said = " ".join(remarks.remarks)
    assert "is no JSON" in said
    assert "runs no action s3" in said
    for url in (queue, heard):
        assert [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url)["Messages"]] == [result]
    (shard,) = kinesis.list_shards(StreamName=name)["Shards"]
    begin = kinesis.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    (record,) = kinesis.get_records(ShardIterator=begin)["Records"]
    assert (record["PartitionKey"], json.loads(record["Data"])) == ("lamp", result)
    assert dynamodb.scan(TableName=name)["Items"] == [{"thing": {"S": "lamp"}, "t": {"N": "50.5"}}]

    iot.disable_topic_rule(ruleName=name)
    data.publish(topic=f"{name}/lamp", payload=json.dumps({"t": 50}))
    assert sent.all() == []
    with pytest.raises(iot.exceptions.InvalidRequestException, match="does not understand"):
        iot.create_topic_rule(ruleName="other", topicRulePayload={"sql": "SELECT a.b FROM 'c'", "actions": []})
