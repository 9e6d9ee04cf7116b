"""Powertools for AWS Lambda (Python) as the judge: its data classes and its parser's models take each event."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import GeneratorType
from typing import Any

import pytest
from aws_lambda_powertools.utilities import data_classes
from aws_lambda_powertools.utilities.data_classes import cognito_user_pool_event as cognito
from aws_lambda_powertools.utilities.data_classes import s3_object_event
from aws_lambda_powertools.utilities.data_classes.active_mq_event import ActiveMQEvent
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerEventV2,
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerTokenEvent,
)
from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.data_classes.appsync_authorizer_event import AppSyncAuthorizerEvent
from aws_lambda_powertools.utilities.data_classes.common import DictWrapper
from aws_lambda_powertools.utilities.data_classes.iot_registry_event import IoTCoreThingEvent as IoTCoreThingEvent_
from aws_lambda_powertools.utilities.data_classes.rabbit_mq_event import RabbitMQEvent
from aws_lambda_powertools.utilities.data_classes.vpc_lattice import VPCLatticeEventV2
from aws_lambda_powertools.utilities.parser import models
from aws_lambda_powertools.utilities.parser.models.cognito import CognitoPreTokenGenerationTriggerModelV1
from aws_lambda_powertools.utilities.parser.models.iot_registry_events import IoTCoreThingEvent
from aws_lambda_powertools.utilities.parser.models.s3_object_event import S3ObjectLambdaEvent
from events_kit import ALL, made

_OF_SERVICE: Mapping[str, tuple[type | None, type | None]] = {
    "s3": (models.S3Model, data_classes.S3Event),
    "sqs": (models.SqsModel, data_classes.SQSEvent),
    "sns": (models.SnsModel, data_classes.SNSEvent),
    "dynamodb": (models.DynamoDBStreamModel, data_classes.DynamoDBStreamEvent),
    "kinesis": (models.KinesisDataStreamModel, data_classes.KinesisStreamEvent),
    "alb": (models.AlbModel, data_classes.ALBEvent),
    "lambda-url": (models.LambdaFunctionUrlModel, data_classes.LambdaFunctionUrlEvent),
    "kafka": (models.KafkaMskEventModel, data_classes.KafkaEvent),
    "iot": (None, None),
    "alexa-skills-kit": (None, None),
    "alexa-smart-home": (None, None),
    "workmail": (None, None),
    "sagemaker": (None, None),
    "batch": (None, None),
    "cloudfront": (None, None),
    "cognito": (None, None),
    "lex": (None, None),
    "lex-v2": (None, None),
    "stepfunctions": (None, None),
    "documentdb": (None, None),
    "transfer": (None, None),
    "codecommit": (None, None),
    "ses": (models.SesModel, data_classes.SESEvent),
    "config": (None, data_classes.AWSConfigRuleEvent),
    "codepipeline": (None, data_classes.CodePipelineJobEvent),
    "connect": (None, data_classes.ConnectContactFlowEvent),
    "secretsmanager": (None, data_classes.SecretsManagerEvent),
    "eventbridge": (models.EventBridgeModel, data_classes.EventBridgeEvent),
}
_OF_EVENT: Mapping[str, tuple[type | None, type | None]] = {
    "s3 batch-invocation": (models.S3BatchOperationModel, data_classes.S3BatchOperationEvent),
    "s3 batch-invocation-v2": (models.S3BatchOperationModel, data_classes.S3BatchOperationEvent),
    "s3 object-lambda": (S3ObjectLambdaEvent, s3_object_event.S3ObjectLambdaEvent),
    "kinesis kinesis-firehose": (models.KinesisFirehoseModel, data_classes.KinesisFirehoseEvent),
    "kinesis analytics": (None, None),
    "kinesis apachelog": (models.KinesisFirehoseModel, data_classes.KinesisFirehoseEvent),
    "kinesis syslog": (models.KinesisFirehoseModel, data_classes.KinesisFirehoseEvent),
    "kinesis cloudwatch-logs-processor": (models.KinesisFirehoseModel, None),
    # The model takes no empty subsequence number, which its own example has.
    "kinesis streams-as-source": (None, data_classes.KinesisFirehoseEvent),
    "cloudwatch logs": (models.CloudWatchLogsModel, data_classes.CloudWatchLogsEvent),
    "cloudwatch alarm": (None, data_classes.CloudWatchAlarmEvent),
    "kafka self-managed": (models.KafkaSelfManagedEventModel, data_classes.KafkaEvent),
    "mq activemq": (None, ActiveMQEvent),
    "mq rabbitmq": (None, RabbitMQEvent),
    "cloudformation create-request": (
        models.CloudFormationCustomResourceCreateModel,
        data_classes.CloudFormationCustomResourceEvent,
    ),
    "cloudformation update-request": (
        models.CloudFormationCustomResourceUpdateModel,
        data_classes.CloudFormationCustomResourceEvent,
    ),
    "cloudformation delete-request": (
        models.CloudFormationCustomResourceDeleteModel,
        data_classes.CloudFormationCustomResourceEvent,
    ),
    "cloudformation macro": (None, None),
    "bedrock agent-api": (models.BedrockAgentEventModel, data_classes.BedrockAgentEvent),
    "bedrock agent-function": (models.BedrockAgentFunctionEventModel, data_classes.BedrockAgentFunctionEvent),
    "appsync resolver": (models.AppSyncResolverEventModel, data_classes.AppSyncResolverEvent),
    "appsync batch-resolver": (None, None),
    "appsync authorizer": (None, AppSyncAuthorizerEvent),
    "appsync events-publish": (models.AppSyncEventsModel, data_classes.AppSyncResolverEventsEvent),
    "appsync events-subscribe": (models.AppSyncEventsModel, data_classes.AppSyncResolverEventsEvent),
    # The model and its example have one value for a header, AWS a list (VPC Lattice user guide, "Example event: V2").
    "vpc-lattice request": (None, VPCLatticeEventV2),
    "vpc-lattice request-v1": (models.VpcLatticeModel, data_classes.VPCLatticeEvent),
    "iot thing": (IoTCoreThingEvent, IoTCoreThingEvent_),
    "cognito pre-sign-up": (models.CognitoPreSignupTriggerModel, cognito.PreSignUpTriggerEvent),
    "cognito post-confirmation": (models.CognitoPostConfirmationTriggerModel, cognito.PostConfirmationTriggerEvent),
    "cognito pre-authentication": (
        models.CognitoPreAuthenticationTriggerModel,
        cognito.PreAuthenticationTriggerEvent,
    ),
    "cognito post-authentication": (
        models.CognitoPostAuthenticationTriggerModel,
        cognito.PostAuthenticationTriggerEvent,
    ),
    "cognito pre-token-generation": (
        CognitoPreTokenGenerationTriggerModelV1,
        cognito.PreTokenGenerationTriggerEvent,
    ),
    # The model has the scopes as an object; they are a list (Cognito developer guide, and its own example).
    "cognito pre-token-generation-v2": (None, cognito.PreTokenGenerationV2TriggerEvent),
    "cognito user-migration": (models.CognitoMigrateUserTriggerModel, cognito.UserMigrationTriggerEvent),
    "cognito custom-message": (models.CognitoCustomMessageTriggerModel, cognito.CustomMessageTriggerEvent),
    "cognito custom-email-sender": (
        models.CognitoCustomEmailSenderTriggerModel,
        cognito.CustomEmailSenderTriggerEvent,
    ),
    "cognito custom-sms-sender": (models.CognitoCustomSMSSenderTriggerModel, cognito.CustomSMSSenderTriggerEvent),
    "cognito define-auth-challenge": (
        models.CognitoDefineAuthChallengeTriggerModel,
        cognito.DefineAuthChallengeTriggerEvent,
    ),
    "cognito create-auth-challenge": (
        models.CognitoCreateAuthChallengeTriggerModel,
        cognito.CreateAuthChallengeTriggerEvent,
    ),
    "cognito verify-auth-challenge-response": (
        models.CognitoVerifyAuthChallengeTriggerModel,
        cognito.VerifyAuthChallengeResponseTriggerEvent,
    ),
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
_JUDGED = [(kind.name, *(_OF_EVENT.get(kind.name) or _OF_SERVICE[kind.service])) for kind in ALL]


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
    "kinesis kinesis-firehose": frozenset({"data_as_json"}),
    "kinesis streams-as-source": frozenset({"data_as_json"}),
    "kinesis apachelog": frozenset({"data_as_json"}),
    "kinesis syslog": frozenset({"data_as_json"}),
    "mq activemq": frozenset({"json_data", "connection_id"}),
    "s3 object-lambda": frozenset({"user_name"}),
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
