"""Tells a queue of each message that it handles, before it answers; one of so many fails."""

import json
import os
import urllib.request

HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/sqs/aws4_request, "
    "SignedHeaders=host, Signature=none",
}


def handler(event, _):
    good, failed = [], []
    for record in event["Records"]:
        if record["body"].startswith("bad"):
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            good.append(record["body"])
    if good:
        tell(good)
    return {"batchItemFailures": failed}


def tell(bodies):
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    data = json.dumps({"QueueUrl": os.environ["DONE"], "Entries": entries}).encode()
    headers = {**HEADERS, "X-Amz-Target": "AmazonSQS.SendMessageBatch"}
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], data, headers)).read()
