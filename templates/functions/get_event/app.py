"""GET /events/{id}: reads one event from DynamoDB."""

import logging
import os
from functools import cache

from events_api import WELCOME, response

# A logger of its own: LOG_LEVEL is for this function's words, not for boto3's.
logger = logging.getLogger(__name__)
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


# Made at the first call that needs them and kept for the next: a warm function does not pay for them again, and a call
# that needs no AWS never asks for credentials.
@cache
def table():
    import boto3

    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


@cache
def role():
    """The ARN that this function acts as. A real service would keep it to itself; the sample shows it to its reader."""
    import boto3

    return boto3.client("sts").get_caller_identity()["Arn"]


def handler(event, context):
    event_id = event["pathParameters"]["id"]
    if event_id == WELCOME["id"]:
        return response(200, {"item": WELCOME, "source": "built-in"})

    logger.info("reading %s from %s", event_id, table().name)
    item = table().get_item(Key={"id": event_id}).get("Item")
    if item is None:
        return response(404, {"message": f"There is no event {event_id!r} in the table {table().name}."})
    return response(200, {"item": item, "table": table().name, "role": role()})
