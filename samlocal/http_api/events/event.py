"""The event of a request, whatever stands in front of the function."""

from __future__ import annotations

from typing import assert_never

import msgspec

from samlocal.function.limits import REQUEST_BYTES
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import proxy_v1, proxy_v2
from samlocal.http_api.events.load_balancer import load_balancer_event
from samlocal.http_api.model import Api, ApiKind, HttpRequest, LambdaIntegration, Matched, PayloadFormat

_MB = 1024 * 1024

BODY_BYTES = {
    ApiKind.REST: 10 * _MB,
    ApiKind.HTTP: 10 * _MB,
    ApiKind.FUNCTION_URL: 6 * _MB,
    ApiKind.ALB: 1 * _MB,
    ApiKind.WEBSOCKET: 128 * 1024,
}
"""What of a body each takes; a message's payload of a WebSocket API.

Sources: API Gateway developer guide, "Quotas" (10 MB, 128 KB); Lambda developer guide, "Quotas" (6 MB); ELB user
guide, "Lambda functions as targets" (1 MB).
"""


class TooLargeError(Exception):
    """The request, or the event made of it, is larger than what AWS takes."""


def event(api: Api, matched: Matched, request: HttpRequest, caller: Caller = ANYBODY) -> bytes:
    """The event as JSON. Raises TooLargeError, UnsupportedEncodingError."""
    if len(request.body) > BODY_BYTES[api.kind]:
        raise TooLargeError
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
