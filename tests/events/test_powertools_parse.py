"""Powertools for AWS Lambda (Python) as the judge: its data classes and its parser's models take each event."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import GeneratorType
from typing import Any

import pytest
from aws_lambda_powertools.utilities import data_classes
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerEventV2,
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerTokenEvent,
)
from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.data_classes.common import DictWrapper
from aws_lambda_powertools.utilities.parser import models
from events_kit import ALL, made

_OF_SERVICE: Mapping[str, tuple[type | None, type | None]] = {
    "s3": (models.S3Model, data_classes.S3Event),
    "sqs": (models.SqsModel, data_classes.SQSEvent),
    "sns": (models.SnsModel, data_classes.SNSEvent),
    "dynamodb": (models.DynamoDBStreamModel, data_classes.DynamoDBStreamEvent),
    "kinesis": (models.KinesisDataStreamModel, data_classes.KinesisStreamEvent),
    "alb": (models.AlbModel, data_classes.ALBEvent),
    "lambda-url": (models.LambdaFunctionUrlModel, data_classes.LambdaFunctionUrlEvent),
    "eventbridge": (models.EventBridgeModel, data_classes.EventBridgeEvent),
}
_OF_EVENT: Mapping[str, tuple[type | None, type | None]] = {
    # The model knows no multi-value headers.
    "alb multi-value-request": (None, data_classes.ALBEvent),
    "apigateway aws-proxy": (models.APIGatewayProxyEventModel, data_classes.APIGatewayProxyEvent),
    "apigateway http-api-proxy": (models.APIGatewayProxyEventV2Model, APIGatewayProxyEventV2),
    "apigateway http-api-proxy-v1": (models.APIGatewayProxyEventModel, data_classes.APIGatewayProxyEvent),
    "apigateway authorizer": (models.ApiGatewayAuthorizerToken, APIGatewayAuthorizerTokenEvent),
    "apigateway request-authorizer": (models.ApiGatewayAuthorizerRequest, APIGatewayAuthorizerRequestEvent),
    "apigateway http-api-authorizer": (models.ApiGatewayAuthorizerRequestV2, APIGatewayAuthorizerEventV2),
    "apigateway http-api-authorizer-v1": (models.ApiGatewayAuthorizerRequest, APIGatewayAuthorizerRequestEvent),
    "apigateway websocket-connect": (
        models.APIGatewayWebSocketConnectEventModel,
        data_classes.APIGatewayWebSocketEvent,
    ),
    "apigateway websocket-message": (
        models.APIGatewayWebSocketMessageEventModel,
        data_classes.APIGatewayWebSocketEvent,
    ),
    "apigateway websocket-disconnect": (
        models.APIGatewayWebSocketDisconnectEventModel,
        data_classes.APIGatewayWebSocketEvent,
    ),
    "apigateway websocket-authorizer": (None, data_classes.APIGatewayWebSocketEvent),
    "cloudwatch scheduled-event": (models.EventBridgeModel, data_classes.EventBridgeEvent),
    "eventbridge s3-object-created": (
        models.S3EventNotificationEventBridgeModel,
        data_classes.S3EventBridgeNotificationEvent,
    ),
    "eventbridge s3-object-deleted": (
        models.S3EventNotificationEventBridgeModel,
        data_classes.S3EventBridgeNotificationEvent,
    ),
}
_UNKNOWN_TO_POWERTOOLS: frozenset[str] = frozenset()

_JUDGED = [
    (kind.name, *(_OF_EVENT.get(kind.name) or _OF_SERVICE[kind.service]))
    for kind in ALL
    if kind.name not in _UNKNOWN_TO_POWERTOOLS
]


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, model, _ in _JUDGED if model], ids=lambda value: str(value)
)
def test_a_parser_model_takes_the_event(name: str, model: Any) -> None:
    model.model_validate(made(name))


@pytest.mark.parametrize(
    ("name", "data_class"), [(name, data_class) for name, _, data_class in _JUDGED if data_class], ids=str
)
def test_every_property_of_its_data_class_can_be_read(name: str, data_class: Any) -> None:
    assert unread(data_class(made(name))) == _NOT_IN.get(name, _NOT_IN.get(name.split()[0], frozenset()))


_NOT_IN: Mapping[str, frozenset[str]] = {
    "eventbridge s3-object-created": frozenset({"version_id"}),
    "eventbridge s3-object-deleted": frozenset({"version_id"}),
    "s3 delete": frozenset({"size"}),
    "s3 lifecycle-expiration": frozenset({"size"}),
    "s3 delete-marker": frozenset({"size"}),
    "apigateway aws-proxy": frozenset({"version"}),
    "apigateway request-authorizer": frozenset({"version", "identity_source", "authorization_token"}),
    "apigateway http-api-authorizer": frozenset({"query_string_parameters", "cookies"}),
    "apigateway websocket-authorizer": frozenset({"is_base64_encoded", "decoded_body", "json_body"}),
    # Nothing is nested in a plain message.
    "sqs": frozenset({"json_body", "decoded_nested_s3_event", "decoded_nested_sns_event"}),
}
"""Properties that the event has nothing for: nor has the one that AWS sends."""


def unread(thing: Any) -> frozenset[str]:
    """Reads every property, and those of what it gives; which ones could not be read."""
    if isinstance(thing, DictWrapper):
        failed: set[str] = set()
        for name in dir(type(thing)):
            if name.startswith("_") or not isinstance(getattr(type(thing), name), property | cached_property):
                continue
            try:
                failed |= unread(getattr(thing, name))
            except (KeyError, TypeError, ValueError):
                failed.add(name)
        return frozenset(failed)
    if isinstance(thing, list | tuple | GeneratorType):
        return frozenset().union(*map(unread, thing))
    return frozenset()
