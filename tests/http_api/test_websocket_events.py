"""The events of a connection, against those that AWS sent.

Recorded on AWS: aws-powertools/powertools-lambda-python, ``tests/events/apiGatewayWebSocketApi*.json`` and
``apiGatewayAuthorizerWebSocketEvent.json``.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from api_kit import api_of, route_of

from samlocal.http_api.caller import Caller
from samlocal.http_api.events.websocket import (
    Connection,
    authorizer_event,
    connect_event,
    disconnect_event,
    message_event,
)
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.method_arn import websocket_arn
from samlocal.http_api.model import ApiKind

API = api_of(ApiKind.WEBSOCKET, api_id="asasasas")
TRACE = "Root=1-6731ebfc-08e1e656421db73c5d2eef31"
OPENING = HttpRequest(
    method="GET",
    path="/",
    headers=(
        ("host", "asasasas.execute-api.us-east-1.amazonaws.com"),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("sec-websocket-key", "+W5xw47OHh3OTFsWKjGu9Q=="),
        ("sec-websocket-version", "13"),
        ("x-amzn-trace-id", TRACE),
    ),
    source_ip="166.90.225.1",
    scheme="https",
    received=1731324924.553,
    request_id="a",
)
ID = re.compile(r"[A-Za-z0-9_-]{15}=")


def without_ids(event: dict[str, Any], *more: str) -> dict[str, Any]:
    context = dict(event["requestContext"])
    assert context["requestId"] == context["extendedRequestId"]
    for name in ("requestId", "extendedRequestId", "connectionId", *more):
        assert ID.fullmatch(context.pop(name))
    return {**event, "requestContext": context}


def test_connecting() -> None:
    headers = {
        "Host": "asasasas.execute-api.us-east-1.amazonaws.com",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Key": "+W5xw47OHh3OTFsWKjGu9Q==",
        "Sec-WebSocket-Version": "13",
        "X-Amzn-Trace-Id": TRACE,
        "X-Forwarded-For": "166.90.225.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    assert without_ids(connect_event(API, Connection(request=OPENING))) == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "requestTime": "11/Nov/2024:11:35:24 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731324924553,
            "identity": {"sourceIp": "166.90.225.1"},
            "domainName": "asasasas.execute-api.us-east-1.amazonaws.com",
            "apiId": "asasasas",
        },
        "isBase64Encoded": False,
    }


def test_a_message() -> None:
    connection = Connection(request=OPENING)
    body = '{"action": "chat", "message": "Hello from client"}'
    event = message_event(API, connection, "chat", body, request_id="b", received=1731332746.514)
    assert event["requestContext"]["connectionId"] == connection.id
    assert without_ids(event, "messageId") == {
        "requestContext": {
            "routeKey": "chat",
            "eventType": "MESSAGE",
            "requestTime": "11/Nov/2024:13:45:46 +0000",
            "messageDirection": "IN",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731332746514,
            "identity": {"sourceIp": "166.90.225.1"},
            "domainName": "asasasas.execute-api.us-east-1.amazonaws.com",
            "apiId": "asasasas",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_a_binary_message_is_in_base64() -> None:
    event = message_event(API, Connection(request=OPENING), "$default", b"\xff\x00", request_id="b", received=0)
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"\xff\x00").decode(), True)


def test_disconnecting_without_a_status() -> None:
    event = disconnect_event(API, Connection(request=OPENING), code=1005, request_id="c", received=1731333109.875)
    host = "asasasas.execute-api.us-east-1.amazonaws.com"
    assert without_ids(event) == {
        "headers": {"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
        "multiValueHeaders": {"Host": [host], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""]},
        "requestContext": {
            "routeKey": "$disconnect",
            "disconnectStatusCode": 1005,
            "eventType": "DISCONNECT",
            "requestTime": "11/Nov/2024:13:51:49 +0000",
            "messageDirection": "IN",
            "disconnectReason": "Client-side close frame status not set",
            "stage": "prod",
            "connectedAt": 1731324924553,
            "requestTimeEpoch": 1731333109875,
            "identity": {"sourceIp": "166.90.225.1"},
            "domainName": host,
            "apiId": "asasasas",
        },
        "isBase64Encoded": False,
    }


def test_what_the_authorizer_said_goes_with_every_event_of_the_connection() -> None:
    # A public repository's recorded event: "authorizer": {"tenant_id", "principalId", "integrationLatency": 21}.
    caller = Caller(principal_id="28aeed70", context={"tenant_id": "ce2f5357"}, latency=21)
    connection = Connection(request=OPENING, caller=caller)
    said = {"tenant_id": "ce2f5357", "principalId": "28aeed70", "integrationLatency": 21}
    for event in (
        connect_event(API, connection),
        message_event(API, connection, "chat", "", request_id="b", received=0),
        disconnect_event(API, connection, code=1000, request_id="c", received=0),
    ):
        assert event["requestContext"]["authorizer"] == said


def test_the_authorizer_is_asked_with_empty_mappings_where_nothing_is() -> None:
    arn = websocket_arn(API, route_of("ANY", "$connect"))
    assert arn == "arn:aws:execute-api:us-west-2:910345601053:asasasas/prod/$connect"
    event = authorizer_event(API, Connection(request=OPENING), arn)
    assert (event["type"], event["methodArn"]) == ("REQUEST", arn)
    assert event["queryStringParameters"] == event["multiValueQueryStringParameters"] == event["stageVariables"] == {}
    assert event["requestContext"]["eventType"] == "CONNECT"
