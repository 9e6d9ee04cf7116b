"""What flags do to an event, and how values are written in it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from random import Random

import pytest
from events_kit import AT, chained, kind_of, link, made
from moto.sqs.models import Message

from samlocal.events.flags import FlagsError
from samlocal.events.generation import Link, generate


def test_an_arn_says_region_account_and_name() -> None:
    (record,) = made("sqs receive-message", queue_arn="arn:aws-cn:sqs:cn-north-1:111122223333:Orders")["Records"]
    assert record["awsRegion"] == "cn-north-1"
    (record,) = made("dynamodb update", stream_arn="arn:aws:dynamodb:eu-west-1:111122223333:table/T")["Records"]
    assert record["awsRegion"] == "eu-west-1"
    bucket = made("s3 put", bucket_arn="arn:aws:s3:::photos")["Records"][0]["s3"]["bucket"]
    assert bucket["name"] == "photos"


def test_an_arn_and_a_name_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(FlagsError, match="--queue-arn arn:aws:sqs:us-east-1:1:Orders and --queue-name Other"):
        made("sqs receive-message", queue_arn="arn:aws:sqs:us-east-1:1:Orders", queue_name="Other")


def test_a_flag_that_is_given_several_times_makes_as_many_records() -> None:
    records = made("sqs receive-message", body=["one", "two"], receive_count=4)["Records"]
    assert [record["body"] for record in records] == ["one", "two"]
    assert [record["attributes"]["ApproximateReceiveCount"] for record in records] == ["4", "4"]
    assert len({record["messageId"] for record in records}) == 2


def test_flags_for_other_numbers_of_records_are_refused() -> None:
    with pytest.raises(FlagsError, match="--body is given 2 times for 3 records"):
        made("sqs receive-message", body=["one", "two"], message_id=["1", "2", "3"])
    with pytest.raises(FlagsError, match="--body is given 2 times for 5 records"):
        made("sqs receive-message", body=["one", "two"], count=5)


def test_records_of_a_stream_follow_one_another() -> None:
    records = made("kinesis get-records", count=12)["Records"]
    numbers = [int(record["kinesis"]["sequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))
    # The id is the shard's and the number's (Lambda developer guide, "Using Lambda with Kinesis").
    assert all(record["eventID"].endswith(record["kinesis"]["sequenceNumber"]) for record in records)


def test_a_body_has_its_md5() -> None:
    (record,) = made("sqs receive-message", body="Grüße")["Records"]
    assert record["md5OfBody"] == hashlib.md5("Grüße".encode()).hexdigest()


def test_attributes_have_their_md5() -> None:
    # moto's is the judge; that it is there where attributes are is of events that AWS made.
    (record,) = made("sqs receive-message", attribute={"zone": "b", "colour": "Grün"})["Records"]
    message = Message("id", "body")
    message.message_attributes = {
        name: {"DataType": "String", "StringValue": value} for name, value in (("zone", "b"), ("colour", "Grün"))
    }
    assert record["md5OfMessageAttributes"] == message.attribute_md5
    assert "md5OfMessageAttributes" not in made("sqs receive-message")["Records"][0]


def test_the_key_of_an_object_is_encoded_as_s3_does() -> None:
    # S3 user guide, "Event message structure": the key is URL encoded, a space is a plus.
    (record,) = made("s3 put", key="logs/year=2026/red flower.jpg")["Records"]
    assert record["s3"]["object"]["key"] == "logs/year%3D2026/red+flower.jpg"


def test_data_is_in_base64() -> None:
    (record,) = made("kinesis get-records", data="hello")["Records"]
    assert record["kinesis"]["data"] == base64.b64encode(b"hello").decode()


def test_plain_json_becomes_dynamodbs_and_dynamodbs_stays() -> None:
    plain = {"id": "a", "n": 5, "ok": True, "none": None, "tags": ["x", 1], "more": {"deep": 1.5}}
    (record,) = made("dynamodb insert", keys={"id": {"S": "a"}}, new_image=plain)["Records"]
    assert record["dynamodb"]["Keys"] == {"id": {"S": "a"}}
    assert record["dynamodb"]["NewImage"] == {
        "id": {"S": "a"},
        "n": {"N": "5"},
        "ok": {"BOOL": True},
        "none": {"NULL": True},
        "tags": {"L": [{"S": "x"}, {"N": "1"}]},
        "more": {"M": {"deep": {"N": "1.5"}}},
    }


def test_the_size_of_a_change_is_that_of_its_keys_and_images() -> None:
    # The figures of the example in the Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB".
    sizes = [made(f"dynamodb {name}")["Records"][0]["dynamodb"]["SizeBytes"] for name in ("update", "remove")]
    assert sizes == [59, 26]
    (record,) = made("dynamodb insert", new_image={"Id": 101, "Message": "New item!"})["Records"]
    assert record["dynamodb"]["SizeBytes"] == 26


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("KEYS_ONLY", set()),
    ],
)
def test_a_stream_has_the_images_of_its_view(view: str, images: set[str]) -> None:
    # DynamoDB API reference, StreamSpecification.
    (record,) = made("dynamodb update", view_type=view)["Records"]
    assert {"NewImage", "OldImage"} & record["dynamodb"].keys() == images


def test_a_moment_is_written_as_each_service_has_it() -> None:
    def time_of(name: str, *way: str) -> object:
        found = made(name, at=AT)
        found = found["Records"][0] if "Records" in found else found
        for each in way:
            found = found[each]
        return found

    assert time_of("s3 put", "eventTime") == "2026-01-01T00:00:00.123Z"
    assert time_of("sqs receive-message", "attributes", "SentTimestamp") == "1767225600123"
    assert time_of("kinesis get-records", "kinesis", "approximateArrivalTimestamp") == 1767225600.123
    assert time_of("dynamodb update", "dynamodb", "ApproximateCreationDateTime") == 1767225600
    assert time_of("eventbridge event", "time") == "2026-01-01T00:00:00Z"


def test_lines_of_a_log_are_compressed_and_in_base64() -> None:
    # CloudWatch Logs user guide, "Subscription filters with AWS Lambda": base64 of gzip of this document.
    data = made("cloudwatch logs", message=["one", "two"], log_group="/aws/lambda/x")["awslogs"]["data"]
    lines = json.loads(gzip.decompress(base64.b64decode(data)))
    assert lines.pop("logStream").startswith("2026/01/01/[$LATEST]")
    assert [event.keys() for event in lines["logEvents"]] == [{"id", "timestamp", "message"}] * 2
    assert [event["message"] for event in lines.pop("logEvents")] == ["one", "two"]
    assert lines == {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/x",
        "subscriptionFilters": ["example-filter"],
    }


def test_a_stream_has_lines_of_a_log_compressed_alone() -> None:
    # The same guide, "Subscription filters with Kinesis Data Streams".
    event = chained(link("cloudwatch logs", message="hello"), link("kinesis get-records"))
    lines = json.loads(gzip.decompress(base64.b64decode(event["Records"][0]["kinesis"]["data"])))
    assert lines["logEvents"][0]["message"] == "hello"


@pytest.mark.parametrize(
    ("name", "message_type", "members"),
    [
        (
            "item-change-notification",
            "ConfigurationItemChangeNotification",
            {"configurationItemDiff", "configurationItem"},
        ),
        (
            "oversized-item-change-notification",
            "OversizedConfigurationItemChangeNotification",
            {"configurationItemSummary"},
        ),
        ("periodic-rule", "ScheduledNotification", {"awsAccountId"}),
    ],
)
def test_a_rule_of_config_has_what_invokes_it_as_json_text(name: str, message_type: str, members: set[str]) -> None:
    # Config developer guide, "Example events for AWS Config rules".
    event = made(f"config {name}", parameters={"limit": "5"})
    invoking = json.loads(event["invokingEvent"])
    assert invoking["messageType"] == message_type
    assert invoking.keys() == members | {"messageType", "notificationCreationTime", "recordVersion"}
    assert json.loads(event["ruleParameters"]) == {"limit": "5"}


def test_a_header_of_kafka_is_a_list_of_bytes() -> None:
    event = made("kafka msk", topic="orders", partition_number=3, header={"trace": "ab"}, count=2)
    first, second = event["records"]["orders-3"]
    assert first["headers"] == [{"trace": [97, 98]}]
    assert [first["offset"], second["offset"]] == [0, 1]


def test_several_values_of_one_header_stand_together() -> None:
    kind = kind_of("vpc-lattice request")
    pairs = {"header": [[("x", "1"), ("x", "2")]], "query": [[("a", "1"), ("a", "2")]]}
    event = generate([Link(kind=kind, given=pairs)], Random(1), now=AT)
    assert event["headers"]["x"] == ["1", "2"]
    assert event["queryStringParameters"] == {"a": ["1", "2"]}
    assert event["path"] == "/path/to/resource?a=1&a=2"


def test_the_properties_of_a_custom_resource_stand_beside_its_service_token() -> None:
    event = made("cloudformation create-request", properties={"Size": 3})
    assert event["ResourceProperties"] == {"ServiceToken": event["ServiceToken"], "Size": 3}


def test_a_batch_of_fields_is_a_list() -> None:
    events = made("appsync batch-resolver", count=3)
    assert [event["source"] for event in events] == [{"id": "0"}, {"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize(
    ("region", "partition", "host"),
    [("cn-north-1", "aws-cn", "amazonaws.com.cn"), ("us-gov-west-1", "aws-us-gov", "amazonaws.com")],
)
def test_the_partition_is_the_regions(region: str, partition: str, host: str) -> None:
    assert made("sqs receive-message", region=region)["Records"][0]["eventSourceARN"].startswith(f"arn:{partition}:")
    assert made("apigateway aws-proxy", region=region)["headers"]["Host"].endswith(f".{region}.{host}")


def test_a_path_is_made_of_the_resource_and_its_parameters() -> None:
    event = made("apigateway aws-proxy", resource="/orders/{id}", path_parameter={"id": "7"})
    assert (event["path"], event["pathParameters"]) == ("/orders/7", {"id": "7"})
    with pytest.raises(FlagsError, match="--path /else is none of --resource /orders/"):
        made("apigateway aws-proxy", resource="/orders/{id}", path="/else")
    with pytest.raises(FlagsError, match="--resource orders is no route's path"):
        made("apigateway aws-proxy", resource="orders")


@pytest.mark.parametrize(
    "name", ["apigateway aws-proxy", "apigateway http-api-proxy", "alb request", "lambda-url request"]
)
def test_a_body_is_in_base64_where_that_is_asked_for(name: str) -> None:
    event = made(name, body="hello", base64=True)
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"hello"
