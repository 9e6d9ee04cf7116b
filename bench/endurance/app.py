"""Answers with its event's number, unless the event names a fault: then it crashes, hangs or raises."""

import json
import os
import time


def handler(event, context):
    event = json.loads(event["body"]) if "body" in event else event
    number = event["number"]
    print("event", number)
    match event.get("fault"):
        case "crash":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "raise":
            raise ValueError(f"fault of {number}")
        case "key":
            return {"key": os.environ["AWS_ACCESS_KEY_ID"]}
    return {"number": number, "request_id": context.aws_request_id}


def take(event, _):
    print("messages", len(event["Records"]))
