"""What CloudFormation puts beside inline Python code: answers for custom resources.

Written for samlocal after the interface in CloudFormation's user guide, "cfn-response module".
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(
    event: dict[str, Any],
    context: Any,
    responseStatus: str,  # noqa: N803
    responseData: Any,  # noqa: N803
    physicalResourceId: str | None = None,  # noqa: N803
    noEcho: bool = False,  # noqa: N803
    reason: str | None = None,
) -> None:
    """Sends the answer to the event's ResponseURL. That it cannot be sent is printed, not raised."""
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
            "PhysicalResourceId": physicalResourceId or context.log_stream_name,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    )
    print("Response body:")  # noqa: T201
    print(body)  # noqa: T201
    request = urllib.request.Request(  # noqa: S310
        event["ResponseURL"], data=body.encode(), headers={"content-type": ""}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            print("Status code:", answer.status)  # noqa: T201
    except OSError as error:
        print("send(..) failed executing http.request(..):", error)  # noqa: T201
