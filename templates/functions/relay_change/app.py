"""Changes of the events table go to a queue: what happens to an event later needs nobody to wait for it."""

import json
import logging
import os
from functools import cache

logger = logging.getLogger(__name__)
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


@cache
def sqs():
    import boto3

    return boto3.client("sqs")


def handler(event, context):
    for record in event["Records"]:
        # DynamoDB's own form, {"name": {"S": "A talk"}}: what reads the queue knows it.
        event_id = record["dynamodb"]["Keys"]["id"]["S"]
        logger.info("relaying %s", event_id)
        message = {"id": event_id, "item": record["dynamodb"]["NewImage"]}
        sqs().send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(message))
