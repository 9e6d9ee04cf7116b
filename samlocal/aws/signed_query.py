"""One call of the query protocol, signed and sent without a client.

A client reads the whole service's model and endpoint rules first, which takes longer than the call. Who has had an
answer from an endpoint before needs neither to ask there again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samlocal.aws.failures import AwsCallError
from samlocal.aws.http import sent

_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_SECONDS = 5


def signed_query(
    credentials: Any,
    endpoint_url: str,
    service: str,
    region: str,
    parameters: Mapping[str, str],
    *,
    verify: str | bool,
    direct: bool,
) -> bytes:
    """What the service answers, as XML; ``credentials`` are botocore's, ``verify`` and ``direct`` ``http.sent``'s.

    Raises AwsCallError where the service refuses, with the HTTP status as its code, and botocore's own errors.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method="POST", url=endpoint_url, data=dict(parameters), headers=_FORM)
    SigV4Auth(credentials, service, region).add_auth(request)
    with sent(request, verify=verify, direct=direct, timeout=_SECONDS) as answer:
        if answer.status != 200:
            action = f"{service}:{parameters['Action']}"
            raise AwsCallError(f"{action}: HTTP {answer.status}.", code=str(answer.status), action=action)
        return answer.content()
