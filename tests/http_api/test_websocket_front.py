"""What the client of a WebSocket API is told of its message, with a pool that answers what the test says."""

from __future__ import annotations

import json

from front_kit import FakePool, Heard, ran
from routes_kit import api, request

from samlocal.http_api.websocket.connections import Connections
from samlocal.http_api.websocket.front import WebSocketFront
from samlocal.sandbox.result import Success

TEMPLATE = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET, RouteSelectionExpression: KEY}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, INTEGRATION}}
  Connect: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $connect,
    Target: !Sub "integrations/${Int}"}}
  Say: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: say,
    RouteResponseSelectionExpression: $default, Target: !Sub "integrations/${Int}"}}
  Back: {Type: AWS::ApiGatewayV2::RouteResponse, Properties: {ApiId: !Ref Api, RouteId: !Ref Say,
    RouteResponseKey: $default}}
"""
FUNCTION = "IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fn.Arn"


class Client:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.got: list[str | bytes] = []

    async def send(self, message: str | bytes) -> None:
        self.got.append(message)

    async def close(self, code: int, reason: str) -> None: ...


def told(integration: str, pool: FakePool, heard: Heard) -> tuple[int, list[str | bytes]]:
    """The handshake's status, and what came back for one message."""
    served = api(TEMPLATE.replace("KEY", "say").replace("INTEGRATION", integration), head="")

    async def main() -> tuple[int, list[str | bytes]]:
        front, client = WebSocketFront(served, pool, heard, None, Connections()), Client()
        connection, answer = await front.connect(request("GET", "/"))
        await front.message(front.opened(connection, client), "hello")
        await front.close()
        return answer.status, client.got

    return ran(main())


def test_a_body_that_is_no_base64_is_the_functions_fault() -> None:
    heard = Heard()
    pool = FakePool(Success(payload=json.dumps({"body": "%", "isBase64Encoded": True}).encode()))

    _, (answer,) = told(FUNCTION, pool, heard)

    assert json.loads(answer)["message"] == "Internal server error"
    assert heard.remarks[-1].startswith("Fn: malformed response: isBase64Encoded is true and the body is no base64")


def test_another_server_is_not_asked_and_that_is_said() -> None:
    heard = Heard()
    reason = "HTTP_PROXY is run for REST and HTTP APIs alone"

    status, (answer,) = told(
        "IntegrationType: HTTP_PROXY, IntegrationMethod: POST, IntegrationUri: 'http://127.0.0.1:9'",
        FakePool(),
        heard,
    )

    assert status == 501
    assert json.loads(answer)["message"] == f"samlocal does not run this: {reason}."
    assert heard.remarks == [f"Api: $connect is not run: {reason}.", f"Api: say is not run: {reason}."]


def test_nothing_comes_of_a_mock() -> None:
    assert told("IntegrationType: MOCK", FakePool(), Heard()) == (200, [])
