"""Answers with its event's number, unless the event names a fault: then it crashes, hangs or raises."""

import os
import time


def handler(event, context):
    number = event["number"]
    print("event", number)
    match event.get("fault"):
        case "crash":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "raise":
            raise ValueError(f"fault of {number}")
    return {"number": number, "request_id": context.aws_request_id}
