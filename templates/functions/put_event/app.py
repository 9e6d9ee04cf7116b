"""PUT /events/{id}: writes one event to DynamoDB, new or in place of the old one."""

import json
import logging
import os
from decimal import Decimal
from functools import cache

from events_api import WELCOME, response

# A logger of its own: LOG_LEVEL is for this function's words, not for boto3's.
logger = logging.getLogger(__name__)
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


@cache
def table():
    import boto3

    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, context):
    event_id = event["pathParameters"]["id"]
    if event_id == WELCOME["id"]:
        return response(409, {"message": "The event 'welcome' comes with the application and cannot be replaced."})
    try:
        # DynamoDB takes no floats.
        body = json.loads(event.get("body") or "", parse_float=Decimal)
    except json.JSONDecodeError as error:
        return response(400, {"message": f"The body is not JSON: {error}."})
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        return response(400, {"message": "The body is an object with at least a `name`."})

    item = {**body, "id": event_id}
    logger.info("writing %s to %s", event_id, table().name)
    table().put_item(Item=item)
    return response(200, {"item": item, "table": table().name})
