"""Which resources moto's CloudFormation does not know, and the API calls that make them.

Properties go to the operation's parameters of the same name (CloudFormation template reference and the services' API
references); only what differs stands here. Tried with moto 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Kind(Struct, frozen=True, kw_only=True):
    """A resource type and how it is made.

    ``name`` is the property that gets a name made up when the template gives none. ``id`` and ``attributes`` are
    formats over the properties, the parameters, the operation's answer, ``Region``, ``AccountId`` and
    ``PhysicalId``; so are the texts of ``delete_by``. ``renamed`` maps properties to parameters.
    """

    type: str
    service: str
    create: str
    id: str
    name: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    delete: str | None = None
    delete_by: Mapping[str, str | bool] = field(default_factory=dict)

    def parameters(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {self.renamed.get(name, name): value for name, value in properties.items()}


def _rest_api_part(type_: str, create: str, id_: str, **more: Any) -> Kind:
    return Kind(type=f"AWS::ApiGateway::{type_}", service="apigateway", create=create, id=id_, **more)


def _http_api_part(type_: str, part: str, id_: str, **more: Any) -> Kind:
    by = {"ApiId": "{ApiId}", f"{type_}Id": "{PhysicalId}"} if "delete_by" not in more else more.pop("delete_by")
    return Kind(
        type=f"AWS::ApiGatewayV2::{type_}",
        service="apigatewayv2",
        create=f"create_{part}",
        id=id_,
        delete=f"delete_{part}",
        delete_by=by,
        **more,
    )


_POOL = {"UserPoolId": "{UserPoolId}"}

KINDS = (
    # Secrets Manager
    Kind(
        type="AWS::SecretsManager::Secret",
        service="secretsmanager",
        create="create_secret",
        id="{ARN}",
        name="Name",
        attributes={"Id": "{ARN}"},
        delete="delete_secret",
        delete_by={"SecretId": "{ARN}", "ForceDeleteWithoutRecovery": True},
    ),
    # Cognito
    Kind(
        type="AWS::Cognito::UserPool",
        service="cognito-idp",
        create="create_user_pool",
        id="{UserPool[Id]}",
        name="UserPoolName",
        renamed={"UserPoolName": "PoolName"},
        attributes={
            "Arn": "{UserPool[Arn]}",
            "UserPoolId": "{UserPool[Id]}",
            "ProviderName": "cognito-idp.{Region}.amazonaws.com/{UserPool[Id]}",
            "ProviderURL": "https://cognito-idp.{Region}.amazonaws.com/{UserPool[Id]}",
        },
        delete="delete_user_pool",
        delete_by={"UserPoolId": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolClient",
        service="cognito-idp",
        create="create_user_pool_client",
        id="{UserPoolClient[ClientId]}",
        name="ClientName",
        attributes={
            "ClientId": "{UserPoolClient[ClientId]}",
            "ClientSecret": "{UserPoolClient[ClientSecret]}",
            "Name": "{UserPoolClient[ClientName]}",
        },
        delete="delete_user_pool_client",
        delete_by=_POOL | {"ClientId": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolDomain",
        service="cognito-idp",
        create="create_user_pool_domain",
        id="{Domain}",
        delete="delete_user_pool_domain",
        delete_by=_POOL | {"Domain": "{Domain}"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolGroup",
        service="cognito-idp",
        create="create_group",
        id="{GroupName}",
        name="GroupName",
        delete="delete_group",
        delete_by=_POOL | {"GroupName": "{GroupName}"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolUser",
        service="cognito-idp",
        create="admin_create_user",
        id="{Username}",
        name="Username",
        delete="admin_delete_user",
        delete_by=_POOL | {"Username": "{Username}"},
    ),
    Kind(
        type="AWS::Cognito::UserPoolResourceServer",
        service="cognito-idp",
        create="create_resource_server",
        id="{Identifier}",
    ),
    Kind(
        type="AWS::Cognito::IdentityPool",
        service="cognito-identity",
        create="create_identity_pool",
        id="{IdentityPoolId}",
        name="IdentityPoolName",
        attributes={"Name": "{IdentityPoolName}"},
        delete="delete_identity_pool",
        delete_by={"IdentityPoolId": "{PhysicalId}"},
    ),
    # API Gateway: REST
    _rest_api_part(
        "RestApi",
        "create_rest_api",
        "{id}",
        name="Name",
        attributes={"RestApiId": "{id}", "RootResourceId": "{rootResourceId}"},
        delete="delete_rest_api",
        delete_by={"restApiId": "{PhysicalId}"},
    ),
    _rest_api_part(
        "Stage",
        "create_stage",
        "{stageName}",
        delete="delete_stage",
        delete_by={"restApiId": "{RestApiId}", "stageName": "{PhysicalId}"},
    ),
    _rest_api_part(
        "ApiKey",
        "create_api_key",
        "{id}",
        name="Name",
        attributes={"APIKeyId": "{id}"},
        delete="delete_api_key",
        delete_by={"apiKey": "{PhysicalId}"},
    ),
    _rest_api_part(
        "UsagePlan",
        "create_usage_plan",
        "{id}",
        name="UsagePlanName",
        renamed={"UsagePlanName": "Name"},
        attributes={"Id": "{id}"},
        delete="delete_usage_plan",
        delete_by={"usagePlanId": "{PhysicalId}"},
    ),
    _rest_api_part(
        "UsagePlanKey",
        "create_usage_plan_key",
        "{id}:{UsagePlanId}",
        delete="delete_usage_plan_key",
        delete_by={"usagePlanId": "{UsagePlanId}", "keyId": "{KeyId}"},
    ),
    _rest_api_part(
        "Authorizer",
        "create_authorizer",
        "{id}",
        attributes={"AuthorizerId": "{id}"},
        delete="delete_authorizer",
        delete_by={"restApiId": "{RestApiId}", "authorizerId": "{PhysicalId}"},
    ),
    _rest_api_part("Model", "create_model", "{name}", name="Name"),
    _rest_api_part("RequestValidator", "create_request_validator", "{id}", attributes={"RequestValidatorId": "{id}"}),
    # API Gateway: HTTP and WebSocket
    _http_api_part(
        "Api",
        "api",
        "{ApiId}",
        name="Name",
        attributes={
            "ApiId": "{ApiId}",
            "ApiEndpoint": "{ApiEndpoint}",
        },
        delete_by={"ApiId": "{PhysicalId}"},
    ),
    _http_api_part("Stage", "stage", "{StageName}", delete_by={"ApiId": "{ApiId}", "StageName": "{PhysicalId}"}),
    _http_api_part("Integration", "integration", "{IntegrationId}", attributes={"IntegrationId": "{IntegrationId}"}),
    _http_api_part("Route", "route", "{RouteId}", attributes={"RouteId": "{RouteId}"}),
    _http_api_part("Authorizer", "authorizer", "{AuthorizerId}", attributes={"AuthorizerId": "{AuthorizerId}"}),
    _http_api_part("Model", "model", "{ModelId}", attributes={"ModelId": "{ModelId}"}),
    # Lambda
    Kind(
        type="AWS::Lambda::LayerVersion",
        service="lambda",
        create="publish_layer_version",
        id="{LayerVersionArn}",
        name="LayerName",
        attributes={"LayerVersionArn": "{LayerVersionArn}"},
    ),
    Kind(
        type="AWS::Lambda::Version",
        service="lambda",
        create="publish_version",
        id="{FunctionArn}",
        attributes={"Version": "{Version}", "FunctionArn": "{FunctionArn}"},
    ),
    Kind(
        type="AWS::Lambda::Alias",
        service="lambda",
        create="create_alias",
        id="{AliasArn}",
        attributes={"AliasArn": "{AliasArn}"},
        delete="delete_alias",
        delete_by={"FunctionName": "{FunctionName}", "Name": "{Name}"},
    ),
    Kind(
        type="AWS::Lambda::Url",
        service="lambda",
        create="create_function_url_config",
        id="{FunctionArn}",
        renamed={"TargetFunctionArn": "FunctionName"},
        attributes={"FunctionArn": "{FunctionArn}", "FunctionUrl": "{FunctionUrl}"},
        delete="delete_function_url_config",
        delete_by={"FunctionName": "{FunctionName}"},
    ),
    Kind(
        type="AWS::Lambda::EventInvokeConfig",
        service="lambda",
        create="put_function_event_invoke_config",
        id="{FunctionName}",
        delete="delete_function_event_invoke_config",
        delete_by={"FunctionName": "{FunctionName}"},
    ),
    # Policies and what hangs on another resource
    Kind(
        type="AWS::S3::BucketPolicy",
        service="s3",
        create="put_bucket_policy",
        id="{Bucket}",
        renamed={"PolicyDocument": "Policy"},
        delete="delete_bucket_policy",
        delete_by={"Bucket": "{Bucket}"},
    ),
    Kind(type="AWS::SQS::QueuePolicy", service="sqs", create="set_queue_attributes", id="{Queues[0]}"),
    Kind(type="AWS::SNS::TopicPolicy", service="sns", create="set_topic_attributes", id="{Topics[0]}"),
    Kind(
        type="AWS::SNS::Subscription",
        service="sns",
        create="subscribe",
        id="{SubscriptionArn}",
        attributes={"Arn": "{SubscriptionArn}"},
        delete="unsubscribe",
        delete_by={"SubscriptionArn": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::IAM::RolePolicy",
        service="iam",
        create="put_role_policy",
        id="{PolicyName}",
        delete="delete_role_policy",
        delete_by={"RoleName": "{RoleName}", "PolicyName": "{PolicyName}"},
    ),
    Kind(
        type="AWS::Logs::SubscriptionFilter",
        service="logs",
        create="put_subscription_filter",
        id="{FilterName}",
        name="FilterName",
    ),
    # Others that functions use
    Kind(
        type="AWS::StepFunctions::Activity",
        service="stepfunctions",
        create="create_activity",
        id="{activityArn}",
        name="Name",
        attributes={"Arn": "{activityArn}", "Name": "{Name}"},
        delete="delete_activity",
        delete_by={"activityArn": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::Scheduler::Schedule",
        service="scheduler",
        create="create_schedule",
        id="{Name}",
        name="Name",
        attributes={"Arn": "{ScheduleArn}"},
        delete="delete_schedule",
        delete_by={"Name": "{Name}"},
    ),
    Kind(
        type="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        create="put_metric_alarm",
        id="{AlarmName}",
        name="AlarmName",
        attributes={"Arn": "arn:aws:cloudwatch:{Region}:{AccountId}:alarm:{AlarmName}"},
    ),
    Kind(
        type="AWS::KinesisFirehose::DeliveryStream",
        service="firehose",
        create="create_delivery_stream",
        id="{DeliveryStreamName}",
        name="DeliveryStreamName",
        attributes={"Arn": "{DeliveryStreamARN}"},
        delete="delete_delivery_stream",
        delete_by={"DeliveryStreamName": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::Glue::Database",
        service="glue",
        create="create_database",
        id="{DatabaseInput[Name]}",
        delete="delete_database",
        delete_by={"Name": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::Glue::Table",
        service="glue",
        create="create_table",
        id="{TableInput[Name]}",
        delete="delete_table",
        delete_by={"DatabaseName": "{DatabaseName}", "Name": "{PhysicalId}"},
    ),
    Kind(
        type="AWS::AppSync::GraphQLApi",
        service="appsync",
        create="create_graphql_api",
        id="{graphqlApi[arn]}",
        name="Name",
        attributes={
            "ApiId": "{graphqlApi[apiId]}",
            "Arn": "{graphqlApi[arn]}",
            "GraphQLUrl": "{graphqlApi[uris][GRAPHQL]}",
        },
        delete="delete_graphql_api",
        delete_by={"apiId": "{graphqlApi[apiId]}"},
    ),
    Kind(
        type="AWS::CertificateManager::Certificate",
        service="acm",
        create="request_certificate",
        id="{CertificateArn}",
        delete="delete_certificate",
        delete_by={"CertificateArn": "{PhysicalId}"},
    ),
)
