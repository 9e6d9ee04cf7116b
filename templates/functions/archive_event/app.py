"""What is in the queue becomes an object in the archive: one for each event."""

import json
import logging
import os
from functools import cache

logger = logging.getLogger(__name__)
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


@cache
def s3():
    import boto3

    return boto3.client("s3")


def handler(event, context):
    failed = []
    for record in event["Records"]:
        try:
            archive(json.loads(record["body"]))
        except Exception:
            logger.exception("not archived: %s", record["messageId"])
            # The others of the batch are done; this one comes again.
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def archive(message):
    key = f"events/{message['id']}.json"
    logger.info("archiving %s", key)
    s3().put_object(Bucket=os.environ["BUCKET_NAME"], Key=key, Body=json.dumps(message["item"]).encode())
