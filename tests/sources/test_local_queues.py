"""Queues of the local endpoint: they keep what they are given until somebody reads it, whoever else asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kit import eventually

Client = Callable[[str], Any]

MAPPED = {
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "mapped"}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "mapped",
                "Runtime": "python3.11",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): return None"},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": "Fn"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    }
}


def test_a_mapped_queue_gives_its_messages_to_whoever_reads_it_and_to_nobody_before(client: Client) -> None:
    client("cloudformation").create_stack(StackName="mapped", TemplateBody=json.dumps(MAPPED))
    (mapping,) = client("lambda").list_event_source_mappings(FunctionName="mapped")["EventSourceMappings"]
    assert mapping["State"] == "Enabled"
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="mapped")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="mine")
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Body"] == "mine"
    # Nobody has received it before.
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_each_message_reaches_one_reader_while_others_send_and_delete(client: Client) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="busy", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    wanted = {f"{sender}-{number}" for sender in range(4) for number in range(60)}
    seen: list[str] = []
    over = threading.Event()

    def send(sender: int) -> None:
        for number in range(60):
            sqs.send_message(QueueUrl=url, MessageBody=f"{sender}-{number}")

    def read() -> None:
        while not over.is_set():
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5).get("Messages", ()):
                seen.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        try:
            for sender in [threads.submit(send, each) for each in range(4)]:
                sender.result(timeout=60)
            eventually(lambda: len(seen) >= len(wanted), within=120, told=lambda: len(seen))
        finally:
            over.set()
        for reader in readers:
            reader.result(timeout=60)
    assert sorted(seen) == sorted(wanted)


def test_who_waits_for_a_message_gets_it_when_it_comes(client: Client) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="waited-for")["QueueUrl"]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=url, MessageBody="here")
        (message,) = waiting.result(timeout=60)["Messages"]
    assert message["Body"] == "here"
