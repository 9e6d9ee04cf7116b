"""``samlocal up`` as a process, and boto3's clients of its local environment."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import kit
from aws_client import aws_client
from kit import Running, eventually
from queue_kit import counted, taken

TELL = """
import json, os, urllib.request

def tell(text):
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
        "Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/sqs/aws4_request, "
        "SignedHeaders=host, Signature=none",
    }
    data = json.dumps({"QueueUrl": os.environ["DONE"], "MessageBody": text}).encode()
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], data, headers)).read()
"""
"""Of a function: tells the queue ``DONE``. What a test has to know of is there before the answer is: a log is not."""

HANDLER = (
    TELL
    + """
import base64

def handler(event, context):
    failed = []
    for record in event["Records"]:
        if "body" in record:
            text, name = record["body"], record["messageId"]
        elif "kinesis" in record:
            text, name = base64.b64decode(record["kinesis"]["data"]).decode(), record["kinesis"]["sequenceNumber"]
        else:
            text, name = json.dumps(record["dynamodb"]["Keys"]), record["dynamodb"]["SequenceNumber"]
        if "bad" in text:
            print("failed", text)
            failed.append({"itemIdentifier": name})
        else:
            print("handled", text)
            if "DONE" in os.environ:
                tell(text)
    return {"batchItemFailures": failed}
"""
)
"""Says what it handles, also to the queue ``DONE``; whatever has ``bad`` in it fails."""


class Up:
    """A project that is up."""

    def __init__(self, project: kit.Project, running: Running) -> None:
        self.project = project
        self.running = running
        told = project.run("local", "status", "--output", "json").payload
        self.url = told["url"]

    def client(self, service: str) -> Any:
        return aws_client(service, self.url)

    def said(self, word: str) -> list[str]:
        """What the function says behind that word, each as often as it does."""
        return re.findall(rf"\b{word} (.+)$", self.running.stderr(), re.MULTILINE)

    def until_said(self, word: str, count: int) -> list[str]:
        """Waits until it has said so of so many different ones."""
        eventually(lambda: len(set(self.said(word))) >= count, within=90, told=self.running.stderr)
        return self.said(word)

    def ended(self) -> kit.Outcome:
        """By Ctrl-C."""
        return self.running.signalled(signal.SIGINT).outcome()


@contextlib.contextmanager
def up(project: kit.Project, *args: str) -> Iterator[Up]:
    with project.start("up", "--port", "0", "--lambda-port", "0", *args) as running:
        running.has_logged("Lambda is served at", within=90)
        yield Up(project, running)


class Queue:
    """By the beginning of its name, which the stack has made longer."""

    def __init__(self, sqs: Any, logical_id: str) -> None:
        self.sqs = sqs
        (self.url,) = (url for url in sqs.list_queues()["QueueUrls"] if f"/local-{logical_id}-" in url)

    def send(self, *bodies: str) -> None:
        for first in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[first : first + 10])]
            self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    @property
    def waiting(self) -> int:
        return counted(self.sqs, self.url)[0]

    @property
    def is_empty(self) -> bool:
        return counted(self.sqs, self.url) == (0, 0)

    def bodies(self) -> list[str]:
        """Of all that wait; they are gone then."""
        return taken(self.sqs, self.url)


def queue_template(*, tells: bool = False, **event: Any) -> dict[str, Any]:
    """A function with an API and a queue, whose messages go to the dead letters after their third failure.

    ``tells`` has it tell the queue ``Done`` of each that it handles.
    """
    properties = {
        "Queue": {"Fn::GetAtt": ["Orders", "Arn"]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        **event,
    }
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3}
    told = {"Done": {"Type": "AWS::SQS::Queue"}} if tells else {}
    variables = {"Environment": {"Variables": {"DONE": {"Ref": "Done"}}}} if tells else {}
    return kit.template(
        **told,
        Dead={"Type": "AWS::SQS::Queue"},
        Orders={
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": 12, "RedrivePolicy": redrive},
        },
        Taker=kit.function(Events={"Orders": {"Type": "SQS", "Properties": properties}}, Timeout=5, **variables),
        Web=kit.function(
            Handler="web.handler", Events={"Get": {"Type": "HttpApi", "Properties": {"Path": "/", "Method": "get"}}}
        ),
    )


WEB = "def handler(event, context): return {'statusCode': 200, 'body': 'from the API'}\n"


def queue_files(*, tells: bool = False, **event: Any) -> dict[str, Any]:
    return {"template.json": queue_template(tells=tells, **event), "code/app.py": HANDLER, "code/web.py": WEB}


def write_template(project: kit.Project, template: dict[str, Any]) -> None:
    (project.folder / "template.json").write_text(json.dumps(template), encoding="utf-8")
