"""Which resources moto's CloudFormation does not know, and the API calls that make them.

Properties go to the operation's parameters of the same name (CloudFormation template reference and the services' API
references); only what differs stands here. Tried with moto 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Kind(Struct, frozen=True, kw_only=True):
    """A resource type and how it is made.

    ``create`` is ``service.operation``. ``name`` is the property that gets a name made up when the template gives
    none. ``id`` and ``attributes`` are formats over the properties, the parameters, the answer, ``Region``,
    ``AccountId`` and ``PhysicalId``; so are the texts of ``delete_by``. ``renamed`` maps properties to parameters.
    ``attributes`` are those that neither the physical id nor the service tells (``deployed/attributes/``).
    ``delete`` is the operation that deletes, where it is not called as ``create`` is; it gets what it requires, and
    ``delete_by``.
    """

    type: str
    create: str
    id: str
    name: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    delete: str = ""
    delete_by: Mapping[str, object] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.create.partition(".")[0]

    @property
    def operation(self) -> str:
        return self.create.partition(".")[2]

    @property
    def opposite(self) -> str:
        """The operation that deletes what ``create`` makes, if the service has one of that name."""
        return self.delete or re.sub(r"create_|put_", "delete_", self.operation, count=1)

    def parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {self.renamed.get(name, name): value for name, value in properties.items()}


KINDS = (
    Kind(
        type="AWS::SecretsManager::Secret",
        create="secretsmanager.create_secret",
        id="{ARN}",
        name="Name",
        delete_by={"ForceDeleteWithoutRecovery": True},
    ),
    Kind(
        type="AWS::SecretsManager::RotationSchedule",
        create="secretsmanager.rotate_secret",
        id="{ARN}",
        delete="cancel_rotate_secret",
    ),
    # Cognito
    Kind(
        type="AWS::Cognito::UserPool",
        create="cognito-idp.create_user_pool",
        id="{UserPool[Id]}",
        name="UserPoolName",
        renamed={"UserPoolName": "PoolName"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolClient",
        create="cognito-idp.create_user_pool_client",
        id="{UserPoolClient[ClientId]}",
        name="ClientName",
    ),
    Kind(type="AWS::Cognito::UserPoolDomain", create="cognito-idp.create_user_pool_domain", id="{Domain}"),
    Kind(type="AWS::Cognito::UserPoolGroup", create="cognito-idp.create_group", id="{GroupName}", name="GroupName"),
    Kind(type="AWS::Cognito::UserPoolUser", create="cognito-idp.admin_create_user", id="{Username}", name="Username"),
    Kind(type="AWS::Cognito::UserPoolResourceServer", create="cognito-idp.create_resource_server", id="{Identifier}"),
    Kind(
        type="AWS::Cognito::IdentityPool",
        create="cognito-identity.create_identity_pool",
        id="{IdentityPoolId}",
        name="IdentityPoolName",
    ),
    # API Gateway: REST
    Kind(type="AWS::ApiGateway::RestApi", create="apigateway.create_rest_api", id="{id}", name="Name"),
    Kind(type="AWS::ApiGateway::Stage", create="apigateway.create_stage", id="{stageName}"),
    Kind(type="AWS::ApiGateway::ApiKey", create="apigateway.create_api_key", id="{id}", name="Name"),
    Kind(
        type="AWS::ApiGateway::UsagePlan",
        create="apigateway.create_usage_plan",
        id="{id}",
        name="UsagePlanName",
        renamed={"UsagePlanName": "Name"},
    ),
    Kind(type="AWS::ApiGateway::UsagePlanKey", create="apigateway.create_usage_plan_key", id="{id}:{UsagePlanId}"),
    Kind(type="AWS::ApiGateway::Authorizer", create="apigateway.create_authorizer", id="{id}"),
    Kind(type="AWS::ApiGateway::Model", create="apigateway.create_model", id="{name}", name="Name"),
    Kind(type="AWS::ApiGateway::RequestValidator", create="apigateway.create_request_validator", id="{id}"),
    # API Gateway: HTTP and WebSocket
    Kind(type="AWS::ApiGatewayV2::Api", create="apigatewayv2.create_api", id="{ApiId}", name="Name"),
    Kind(type="AWS::ApiGatewayV2::Stage", create="apigatewayv2.create_stage", id="{StageName}"),
    Kind(type="AWS::ApiGatewayV2::Integration", create="apigatewayv2.create_integration", id="{IntegrationId}"),
    Kind(type="AWS::ApiGatewayV2::Route", create="apigatewayv2.create_route", id="{RouteId}"),
    Kind(type="AWS::ApiGatewayV2::Authorizer", create="apigatewayv2.create_authorizer", id="{AuthorizerId}"),
    Kind(
        type="AWS::ApiGatewayV2::Model",
        create="apigatewayv2.create_model",
        id="{ModelId}",
        attributes={"ModelId": "{ModelId}"},
    ),
    # Lambda
    Kind(
        type="AWS::Lambda::LayerVersion",
        create="lambda.publish_layer_version",
        id="{LayerVersionArn}",
        name="LayerName",
    ),
    Kind(type="AWS::Lambda::Version", create="lambda.publish_version", id="{FunctionArn}"),
    Kind(type="AWS::Lambda::Alias", create="lambda.create_alias", id="{AliasArn}"),
    Kind(
        type="AWS::Lambda::Url",
        create="lambda.create_function_url_config",
        id="{FunctionArn}",
        renamed={"TargetFunctionArn": "FunctionName"},
    ),
    Kind(
        type="AWS::Lambda::EventInvokeConfig", create="lambda.put_function_event_invoke_config", id="{FunctionName}"
    ),
    # Policies and what hangs on another resource
    Kind(
        type="AWS::S3::BucketPolicy",
        create="s3.put_bucket_policy",
        id="{Bucket}",
        renamed={"PolicyDocument": "Policy"},
    ),
    Kind(type="AWS::SQS::QueuePolicy", create="sqs.set_queue_attributes", id="{Queues[0]}"),
    Kind(type="AWS::SNS::TopicPolicy", create="sns.set_topic_attributes", id="{Topics[0]}"),
    Kind(type="AWS::SNS::Subscription", create="sns.subscribe", id="{SubscriptionArn}", delete="unsubscribe"),
    Kind(type="AWS::IAM::RolePolicy", create="iam.put_role_policy", id="{PolicyName}"),
    Kind(
        type="AWS::Logs::SubscriptionFilter",
        create="logs.put_subscription_filter",
        id="{FilterName}",
        name="FilterName",
    ),
    # What AWS CDK's bucket.add_event_notification makes, by a function of its own.
    Kind(
        type="Custom::S3BucketNotifications",
        create="s3.put_bucket_notification_configuration",
        id="{BucketName}-notifications",
        renamed={"BucketName": "Bucket"},
        delete="put_bucket_notification_configuration",
        delete_by={"Bucket": "{Bucket}", "NotificationConfiguration": {}},
    ),
    # Others that functions use
    Kind(
        type="AWS::Kinesis::StreamConsumer",
        create="kinesis.register_stream_consumer",
        id="{Consumer[ConsumerARN]}",
        delete="deregister_stream_consumer",
        delete_by={"ConsumerARN": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::StepFunctions::Activity", create="stepfunctions.create_activity", id="{activityArn}", name="Name"
    ),
    # Its ARN names its group, which the id does not tell.
    Kind(
        type="AWS::Scheduler::Schedule",
        create="scheduler.create_schedule",
        id="{Name}",
        name="Name",
        attributes={"Arn": "{ScheduleArn}"},
    ),
    Kind(type="AWS::IoT::TopicRule", create="iot.create_topic_rule", id="{RuleName}", name="RuleName"),
    Kind(type="AWS::Pipes::Pipe", create="pipes.create_pipe", id="{Name}", name="Name", attributes={"Arn": "{Arn}"}),
    Kind(type="AWS::CloudWatch::Alarm", create="cloudwatch.put_metric_alarm", id="{AlarmName}", name="AlarmName"),
    Kind(
        type="AWS::KinesisFirehose::DeliveryStream",
        create="firehose.create_delivery_stream",
        id="{DeliveryStreamName}",
        name="DeliveryStreamName",
    ),
    Kind(type="AWS::Glue::Database", create="glue.create_database", id="{DatabaseInput[Name]}"),
    Kind(type="AWS::Glue::Table", create="glue.create_table", id="{TableInput[Name]}"),
    Kind(
        type="AWS::AppSync::GraphQLApi",
        create="appsync.create_graphql_api",
        id="{graphqlApi[arn]}",
        name="Name",
        delete_by={"apiId": "{graphqlApi[apiId]}"},
    ),
    Kind(
        type="AWS::CertificateManager::Certificate",
        create="acm.request_certificate",
        id="{CertificateArn}",
        delete="delete_certificate",
    ),
)
