"""What the Python functions of the events API share."""

import json
from datetime import date, datetime
from decimal import Decimal

# The one event that is there before anybody puts one. It comes with the code, so it is answered without DynamoDB:
# a first call works before anything is deployed, and says so with `"source": "built-in"`.
WELCOME = {
    "id": "welcome",
    "name": "Welcome",
    "description": "Hello from the sample application of samlocal.",
}


def response(status, body):
    """The answer that API Gateway's proxy integration expects of a function."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body, default=_plain),
    }


def _plain(value):
    # DynamoDB's numbers arrive as Decimal, which json does not know.
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
