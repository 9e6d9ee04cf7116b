"""Tells of each event that has come into the archive; here, its log is who is told."""

import json
import logging
import os
from urllib.parse import unquote_plus

logger = logging.getLogger(__name__)
logger.setLevel(os.environ.get("LOG_LEVEL", "INFO"))


def handler(event, context):
    for message in event["Records"]:
        # S3's own notification, as SNS passes it on.
        for record in json.loads(message["Sns"]["Message"]).get("Records", ()):
            logger.info("archived: %s", unquote_plus(record["s3"]["object"]["key"]))
