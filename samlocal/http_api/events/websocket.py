"""What the functions of a WebSocket API get, of a connection and of what comes over it.

Sources: API Gateway developer guide, "Set up a WebSocket API integration request in API Gateway" and "Manage
connected users and client apps"; aws-powertools/powertools-lambda-python, ``apiGatewayWebSocketApi*.json``, recorded
on AWS.
"""

from __future__ import annotations

import base64

from msgspec import Struct

from samlocal.http_api import identifiers
from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import headers, query
from samlocal.http_api.events.moment import clf_time, epoch_ms
from samlocal.http_api.events.proxy_v1 import lambda_authorizer
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Api

Json = dict[str, object]

CONNECT = "$connect"
DISCONNECT = "$disconnect"

REASONS = {
    1000: "",
    1001: "Going away",
    1005: "Client-side close frame status not set",
    1006: "Connection Closed Abnormally",
}
"""What AWS calls how a client has gone that gives no reason of its own."""


class Connection(Struct, frozen=True, kw_only=True):
    """``request`` is the one that opened it; its ``received`` is when. ``domain`` is where functions reach its
    client, in place of the host that it has named, which need not lead here from where they run."""

    request: HttpRequest
    domain: str | None = None
    caller: Caller = ANYBODY

    @property
    def id(self) -> str:
        return identifiers.extended_id(f"{self.request.request_id}:connection")


def connect_event(api: Api, connection: Connection) -> Json:
    request = connection.request
    context = _context(api, connection, CONNECT, "CONNECT", request.request_id, request.received)
    return {**_opening(request), **_stage_variables(api), "requestContext": context, "isBase64Encoded": False}


def message_event(
    api: Api, connection: Connection, route_key: str, message: str | bytes, *, request_id: str, received: float
) -> Json:
    """``received`` in seconds since 1970."""
    context = _context(api, connection, route_key, "MESSAGE", request_id, received)
    context["messageId"] = identifiers.extended_id(f"{request_id}:message")
    is_binary = isinstance(message, bytes)
    body = base64.b64encode(message).decode() if isinstance(message, bytes) else message
    return {**_stage_variables(api), "requestContext": context, "body": body, "isBase64Encoded": is_binary}


def disconnect_event(
    api: Api, connection: Connection, *, code: int, reason: str = "", request_id: str, received: float
) -> Json:
    """``code`` is the close frame's, 1005 where it had none, and 1006 where no frame came.

    AWS tells the function of no other header than these.
    """
    context = _context(api, connection, DISCONNECT, "DISCONNECT", request_id, received)
    context |= {"disconnectStatusCode": code, "disconnectReason": reason or REASONS.get(code, "")}
    values = {
        "Host": [identifiers.domain_name(api, connection.request)],
        "x-api-key": [""],
        "X-Forwarded-For": [""],
        "x-restapi": [""],
    }
    return {
        "headers": headers.last_values(values),
        "multiValueHeaders": values,
        **_stage_variables(api),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def authorizer_event(api: Api, connection: Connection, arn: str) -> Json:
    """A REQUEST authorizer's, asked before the connection is there."""
    request = connection.request
    context = _context(api, connection, CONNECT, "CONNECT", request.request_id, request.received)
    return {
        "type": "REQUEST",
        "methodArn": arn,
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        "stageVariables": dict(api.stage_variables),
        **_opening(request),
        "requestContext": context,
    }


def _opening(request: HttpRequest) -> Json:
    values = headers.websocket(request)
    opening: Json = {"headers": headers.last_values(values), "multiValueHeaders": values}
    if pairs := query.decoded(request.query):
        opening |= {
            "queryStringParameters": query.last_values(pairs),
            "multiValueQueryStringParameters": query.all_values(pairs),
        }
    return opening


def _stage_variables(api: Api) -> Json:
    return {"stageVariables": dict(api.stage_variables)} if api.stage_variables else {}


def _context(
    api: Api, connection: Connection, route_key: str, event_type: str, request_id: str, received: float
) -> Json:
    request = connection.request
    identity: Json = {"sourceIp": request.source_ip}
    agent = request.header("user-agent")
    if agent is not None:
        identity["userAgent"] = agent
    extended = identifiers.extended_id(request_id)
    context: Json = {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": extended,
        "requestTime": clf_time(received),
        "messageDirection": "IN",
        "stage": api.stage,
        "connectedAt": epoch_ms(request.received),
        "requestTimeEpoch": epoch_ms(received),
        "identity": identity,
        "requestId": extended,
        "domainName": connection.domain or identifiers.domain_name(api, request),
        "connectionId": connection.id,
        "apiId": api.api_id,
    }
    authorizer = lambda_authorizer(connection.caller)
    return context if authorizer is None else context | {"authorizer": authorizer}
