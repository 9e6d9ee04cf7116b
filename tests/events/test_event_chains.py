"""One event inside another, as AWS hands it on."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.parser.models import S3SqsEventNotificationModel
from events_kit import chained, differences, link

from samlocal.events.flags import FlagsError

NOTIFICATION = {
    "Type": "str",
    "MessageId": "str",
    "TopicArn": "str",
    "Subject?": "str",
    "Message": "str",
    "Timestamp": "str",
    "SignatureVersion": "str",
    "Signature": "str",
    "SigningCertURL": "str",
    "UnsubscribeURL": "str",
}
"""The body in aws-powertools/powertools-lambda-python tests/events/snsSqsEvent.json."""


def test_a_queue_has_a_topics_notification_as_sns_writes_it() -> None:
    event = chained(link("sns notification", message="hello"), link("sqs receive-message"))
    body = event["Records"][0]["body"]
    # SNS writes it with a space before each colon, as that file has it.
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    notification = json.loads(body)
    assert differences(notification, NOTIFICATION) == []
    assert notification["Message"] == "hello"
    assert event["Records"][0]["md5OfBody"] == hashlib.md5(body.encode()).hexdigest()


def test_powertools_finds_the_object_behind_a_topic_and_a_queue() -> None:
    event = chained(link("s3 put", key="a b.txt"), link("sns notification"), link("sqs receive-message"))
    (record,) = SQSEvent(event).records
    assert record.decoded_nested_sns_event.subject == "Amazon S3 Notification"
    s3 = json.loads(record.decoded_nested_sns_event.message)
    assert s3["Records"][0]["s3"]["object"]["key"] == "a+b.txt"


def test_powertools_parses_an_object_in_a_queue() -> None:
    event = chained(link("s3 put", bucket="photos"), link("sqs receive-message"))
    parsed = S3SqsEventNotificationModel.model_validate(event)
    assert parsed.Records[0].body.Records[0].s3.bucket.name == "photos"


def test_raw_message_delivery_leaves_out_the_notification_and_keeps_the_attributes() -> None:
    # SNS developer guide, "Raw message delivery": attributes become those of the SQS message.
    topic = link("sns notification", message="hello", attribute={"colour": "red"}, raw=True)
    (record,) = chained(topic, link("sqs receive-message"))["Records"]
    assert record["body"] == "hello"
    assert record["messageAttributes"]["colour"]["stringValue"] == "red"


def test_an_event_of_a_bus_stands_in_a_queue_as_it_is() -> None:
    rule = link("eventbridge event", detail={"n": 1})
    (record,) = chained(rule, link("sqs receive-message"))["Records"]
    assert json.loads(record["body"])["detail"] == {"n": 1}
    (record,) = chained(rule, link("sns notification"))["Records"]
    assert json.loads(record["Sns"]["Message"])["detail-type"] == "OrderPlaced"
    assert record["Sns"]["Subject"] is None


def test_a_stream_has_what_is_put_into_it_in_base64() -> None:
    (record,) = chained(link("eventbridge event"), link("kinesis get-records"))["Records"]
    assert json.loads(base64.b64decode(record["kinesis"]["data"]))["source"] == "com.example.orders"


def test_each_message_of_a_batch_holds_an_event_of_its_own() -> None:
    records = chained(link("s3 put"), link("sns notification"), link("sqs receive-message", count=3))["Records"]
    notifications = [json.loads(record["body"]) for record in records]
    assert len({notification["MessageId"] for notification in notifications}) == 3
    inner = [json.loads(notification["Message"])["Records"] for notification in notifications]
    assert [len(each) for each in inner] == [1, 1, 1]
    assert len({each[0]["s3"]["object"]["sequencer"] for each in inner}) == 3


def test_a_topics_messages_become_as_many_of_a_queue() -> None:
    records = chained(link("sns notification", message=["one", "two"]), link("sqs receive-message"))["Records"]
    assert [json.loads(record["body"])["Message"] for record in records] == ["one", "two"]


def test_the_region_of_an_event_is_that_of_what_holds_it() -> None:
    event = chained(
        link("s3 put", region="eu-west-1"), link("sns notification"), link("sqs receive-message", account_id="1" * 12)
    )
    (record,) = event["Records"]
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:111111111111:MyQueue"
    assert json.loads(record["body"])["TopicArn"] == "arn:aws:sns:eu-west-1:123456789012:ExampleTopic"


def test_what_holds_an_event_takes_no_other_body() -> None:
    with pytest.raises(FlagsError, match="--body is what holds the event before `in`"):
        chained(link("s3 put"), link("sqs receive-message", body="mine"))


def test_two_numbers_of_one_thing_are_refused() -> None:
    with pytest.raises(FlagsError, match="2 times, and what holds it 3 times"):
        chained(link("sns notification", count=2), link("sqs receive-message", count=3))
