"""``samlocal up``: functions that send themselves what they get, by way of a queue, a topic and a bucket.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import eventually
from pushed_kit import named
from up_kit import Queue, up

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

# What AWS's SDKs do: the trace header goes with each request.
CODE = """
import json, os, urllib.parse, urllib.request

def call(service, headers, data, path="", method="POST"):
    headers |= {
        "Authorization": f"AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host, Signature=none",
        "X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"],
    }
    url = os.environ["AWS_ENDPOINT_URL"] + path
    urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)).read()

def send(url, text):
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
    call("sqs", headers, json.dumps({"QueueUrl": url, "MessageBody": text}).encode())

def handler(event, context):
    (record,) = event["Records"]
    if "body" in record:
        print("round of the queue")
        send(os.environ["ROUND"], record["body"])
    elif "Sns" in record:
        print("round of the topic")
        asked = {"Action": "Publish", "TopicArn": record["Sns"]["TopicArn"], "Message": "again"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        call("sns", headers, urllib.parse.urlencode(asked).encode())
    else:
        print("round of the bucket")
        call("s3", {}, b"again", f"/{record['s3']['bucket']['name']}/again.txt", "PUT")
"""


def looping(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    return kit.function(
        Timeout=2,
        Events={"Loop": event},
        Environment={"Variables": {"ROUND": {"Ref": "Round"}}},
        DeadLetterQueue={"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["Lost", "Arn"]}},
        **more,
    )


TEMPLATE = kit.template(
    Lost={"Type": "AWS::SQS::Queue"},
    Dead={"Type": "AWS::SQS::Queue"},
    Round={
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "VisibilityTimeout": 10,
            "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 1},
        },
    },
    Topic={"Type": "AWS::SNS::Topic"},
    Bucket={"Type": "AWS::S3::Bucket"},
    OfQueue=looping({"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Round", "Arn"]}}}),
    OfTopic=looping({"Type": "SNS", "Properties": {"Topic": {"Ref": "Topic"}}}),
    OfBucket=looping(
        {"Type": "S3", "Properties": {"Bucket": {"Ref": "Bucket"}, "Events": "s3:ObjectCreated:*"}},
    ),
)


def test_a_loop_of_a_queue_a_topic_and_a_bucket_ends_after_16_times_and_is_said(local: MakeProject) -> None:
    with up(local({"template.json": TEMPLATE, "code/app.py": CODE})) as own:
        sqs, sns, s3 = (own.client(name) for name in ("sqs", "sns", "s3"))
        Queue(sqs, "Round").send("round")
        sns.publish(TopicArn=named([each["TopicArn"] for each in sns.list_topics()["Topics"]], "Topic"), Message="1")
        s3.put_object(Bucket=named([b["Name"] for b in s3.list_buckets()["Buckets"]], "bucket"), Key="1", Body=b"1")
        for name in ("OfQueue", "OfTopic", "OfBucket"):
            own.running.has_logged(f"{name} has invoked itself 16 times in one chain: an event of it is", within=90)
        dead, lost = Queue(sqs, "Dead"), Queue(sqs, "Lost")
        eventually(lambda: dead.waiting == 1 and lost.waiting == 2, within=60, told=own.running.stderr)
        assert dead.bodies() == ["round"]
        own.ended()
        rounds = Counter(own.said("round of the"))
    assert rounds == {"queue": 16, "topic": 16, "bucket": 16}
