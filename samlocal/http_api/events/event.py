"""The event of a request, whatever stands in front of the function."""

from __future__ import annotations

from typing import assert_never

import msgspec

from samlocal.function.limits import REQUEST_BYTES
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import proxy_v1, proxy_v2
from samlocal.http_api.events.body import REST_BYTES, TooLargeError
from samlocal.http_api.events.load_balancer import load_balancer_event
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.integration import LambdaIntegration, PayloadFormat
from samlocal.http_api.model import Api, ApiKind

_MB = 1024 * 1024

BODY_BYTES = {
    ApiKind.REST: REST_BYTES,
    ApiKind.HTTP: 10 * _MB,
    ApiKind.FUNCTION_URL: 6 * _MB,
    ApiKind.ALB: 1 * _MB,
}
"""What of a body each takes, before anything is made of it.

Sources: API Gateway developer guide, "Quotas" (10 MB); Lambda developer guide, "Quotas" (6 MB); ELB user guide,
"Lambda functions as targets" (1 MB).
"""


def event(api: Api, matched: Matched, request: HttpRequest, caller: Caller = ANYBODY) -> bytes:
    """The event as JSON. Raises BodyError: also for what is more than Lambda takes."""
    data = msgspec.json.encode(_event(api, matched, request, caller))
    if len(data) > REQUEST_BYTES:
        raise TooLargeError
    return data


def _event(api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> dict[str, object]:
    match api.kind:
        case ApiKind.REST:
            return proxy_v1.rest_event(api, matched, request, caller)
        case ApiKind.HTTP:
            integration = matched.route.integration
            if isinstance(integration, LambdaIntegration) and integration.payload_format is PayloadFormat.V2:
                return proxy_v2.http_event(api, matched, request, caller)
            return proxy_v1.http_event(api, matched, request, caller)
        case ApiKind.FUNCTION_URL:
            return proxy_v2.url_event(api, matched, request)
        case ApiKind.ALB:
            return load_balancer_event(api, matched, request)
        case ApiKind.WEBSOCKET:
            raise ValueError("a WebSocket API has connections and messages, not requests")
        case _:
            assert_never(api.kind)
