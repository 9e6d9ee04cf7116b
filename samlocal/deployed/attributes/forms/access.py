"""The forms of the resource types through which applications are reached and identify callers.

Sources: as in ``application_forms.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.form import Form, arn, by_name, only_id

APIS: Mapping[str, Form] = {
    "AWS::ApiGateway::RestApi": Form(
        id="{short}",
        attributes={"RestApiId": "{id}"},
        placeholders={"RootResourceId": "{short}"},
    ),
    # `Stage` is SAM's own: it stands for the stage that the transform makes.
    "AWS::Serverless::Api": Form(
        id="{short}",
        attributes={"RestApiId": "{id}"},
        placeholders={"RootResourceId": "{short}", "Stage": "Prod"},
    ),
    "AWS::ApiGateway::Resource": Form(id="{short}", attributes={"ResourceId": "{id}"}, identifier="{RestApiId}|{id}"),
    "AWS::ApiGateway::Deployment": Form(
        id="{short}", attributes={"DeploymentId": "{id}"}, identifier="{id}|{RestApiId}"
    ),
    "AWS::ApiGateway::Authorizer": Form(
        id="{short}", attributes={"AuthorizerId": "{id}"}, identifier="{RestApiId}|{id}"
    ),
    "AWS::ApiGateway::RequestValidator": Form(
        id="{short}", attributes={"RequestValidatorId": "{id}"}, identifier="{RestApiId}|{id}"
    ),
    "AWS::ApiGateway::Model": Form(name_property="Name", identifier="{RestApiId}|{id}"),
    "AWS::ApiGateway::Stage": Form(name_property="StageName", identifier="{RestApiId}|{id}"),
    "AWS::ApiGateway::ApiKey": only_id("{short}", "APIKeyId"),
    "AWS::ApiGateway::UsagePlan": only_id("{short}", "Id"),
    "AWS::ApiGateway::VpcLink": only_id("{short}", "VpcLinkId"),
    "AWS::ApiGateway::DomainName": Form(
        name_property="DomainName",
        placeholders={
            "RegionalDomainName": "d-{short}.execute-api.{region}.{suffix}",
            "RegionalHostedZoneId": "Z{upper}",
            "DistributionDomainName": "d{short}.cloudfront.net",
            "DistributionHostedZoneId": "Z{upper}",
        },
    ),
    # A WebSocket API's endpoint starts with `wss://`, and the id does not tell which kind the API is.
    "AWS::ApiGatewayV2::Api": Form(
        id="{short}",
        attributes={"ApiId": "{id}"},
        placeholders={"ApiEndpoint": "https://{short}.execute-api.{region}.{suffix}"},
    ),
    "AWS::Serverless::HttpApi": Form(
        id="{short}", attributes={"ApiId": "{id}", "ApiEndpoint": "https://{id}.execute-api.{region}.{suffix}"}
    ),
    "AWS::Serverless::WebSocketApi": Form(
        id="{short}",
        attributes={"ApiId": "{id}", "ApiEndpoint": "wss://{id}.execute-api.{region}.{suffix}"},
    ),
    "AWS::ApiGatewayV2::Stage": Form(name_property="StageName", identifier="{ApiId}|{id}"),
    "AWS::ApiGatewayV2::Route": Form(id="{short}", attributes={"RouteId": "{id}"}, identifier="{ApiId}|{id}"),
    "AWS::ApiGatewayV2::Integration": Form(
        id="{short}", attributes={"IntegrationId": "{id}"}, identifier="{ApiId}|{id}"
    ),
    "AWS::ApiGatewayV2::Deployment": Form(
        id="{short}", attributes={"DeploymentId": "{id}"}, identifier="{ApiId}|{id}"
    ),
    "AWS::ApiGatewayV2::Authorizer": Form(
        id="{short}", attributes={"AuthorizerId": "{id}"}, identifier="{id}|{ApiId}"
    ),
    "AWS::ApiGatewayV2::VpcLink": only_id("{short}", "VpcLinkId"),
    "AWS::ApiGatewayV2::DomainName": Form(
        name_property="DomainName",
        placeholders={
            "RegionalDomainName": "d-{short}.execute-api.{region}.{suffix}",
            "RegionalHostedZoneId": "Z{upper}",
        },
    ),
    "AWS::AppSync::GraphQLApi": Form(
        id=arn("appsync", "apis/{api:short}"),
        attributes={"ApiId": "{api}", "Arn": "{id}"},
        placeholders={
            "GraphQLUrl": "https://{short}.appsync-api.{region}.{suffix}/graphql",
            "GraphQLDns": "{short}.appsync-api.{region}.{suffix}",
            "RealtimeUrl": "wss://{short}.appsync-realtime-api.{region}.{suffix}/graphql",
            "RealtimeDns": "{short}.appsync-realtime-api.{region}.{suffix}",
        },
    ),
    "AWS::AppSync::Api": Form(
        id=arn("appsync", "apis/{api:short}"),
        attributes={"ApiId": "{api}", "ApiArn": "{id}"},
        placeholders={
            "Dns.Http": "{short}.appsync-api.{region}.{suffix}",
            "Dns.Realtime": "{short}.appsync-realtime-api.{region}.{suffix}",
        },
    ),
    "AWS::AppSync::ChannelNamespace": only_id(
        arn("appsync", "apis/{api:short}/channelNamespace/{name:segment}"), "ChannelNamespaceArn"
    ),
    "AWS::AppSync::DataSource": Form(
        id=arn("appsync", "apis/{api:short}/datasources/{name:segment}"),
        attributes={"DataSourceArn": "{id}", "Name": "{name}"},
    ),
    # The id of a key is the key (`da2-…`).
    "AWS::AppSync::ApiKey": Form(
        id=arn("appsync", "apis/{api:short}/apikeys/da2-{key:short}"),
        attributes={"Arn": "{id}", "ApiKeyId": "da2-{key}", "ApiKey": "da2-{key}"},
        identifier="{api}|da2-{key}",
        reads=r"arn:[^:]+:appsync:[^:]+:\d+:apis/(?P<api>\w+)/apikeys?/da2-(?P<key>\w+)",
    ),
}

IDENTITY: Mapping[str, Form] = {
    # The ARNs of IAM's own kinds contain a path, which the name does not tell.
    "AWS::IAM::Role": Form(
        name_property="RoleName",
        placeholders={"Arn": "arn:{partition}:iam::{account}:role/{name}", "RoleId": "AROA{upper}"},
    ),
    "AWS::IAM::User": Form(
        name_property="UserName", placeholders={"Arn": "arn:{partition}:iam::{account}:user/{name}"}
    ),
    "AWS::IAM::Group": Form(
        name_property="GroupName", placeholders={"Arn": "arn:{partition}:iam::{account}:group/{name}"}
    ),
    "AWS::IAM::InstanceProfile": Form(
        name_property="InstanceProfileName",
        placeholders={"Arn": "arn:{partition}:iam::{account}:instance-profile/{name}"},
    ),
    "AWS::IAM::ManagedPolicy": Form(
        id="arn:{partition}:iam::{account}:policy/{path}",
        name_property="ManagedPolicyName",
        attributes={"PolicyArn": "{id}"},
    ),
    "AWS::IAM::AccessKey": only_id("AKIA{key:upper}", "Id"),
    "AWS::Cognito::UserPool": Form(
        id="{region}_{pool:word}",
        attributes={
            "Arn": arn("cognito-idp", "userpool/{id}"),
            "ProviderName": "cognito-idp.{region}.{suffix}/{id}",
            "ProviderURL": "https://cognito-idp.{region}.{suffix}/{id}",
            "UserPoolId": "{id}",
        },
    ),
    "AWS::Cognito::UserPoolClient": Form(
        id="{short}", attributes={"ClientId": "{id}"}, identifier="{UserPoolId}|{id}"
    ),
    "AWS::Cognito::UserPoolDomain": Form(
        name_property="Domain",
        identifier="{UserPoolId}|{id}",
        placeholders={"CloudFrontDistribution": "d{short}.cloudfront.net"},
    ),
    "AWS::Cognito::UserPoolGroup": Form(name_property="GroupName", identifier="{UserPoolId}|{id}"),
    "AWS::Cognito::IdentityPool": Form(
        id="{region}:{uuid}", attributes={"Id": "{id}"}, placeholders={"Name": "{name}"}
    ),
    "AWS::KMS::Key": Form(id="{uuid}", attributes={"KeyId": "{id}", "Arn": arn("kms", "key/{id}")}),
    "AWS::KMS::Alias": by_name("AliasName"),
    "AWS::SecretsManager::Secret": Form(
        id=arn("secretsmanager", "secret:{name}-{tail}"), name_property="Name", attributes={"Id": "{id}"}
    ),
    "AWS::SecretsManager::SecretTargetAttachment": only_id(
        arn("secretsmanager", "secret:{secret:name}-{tail}"), "Id"
    ),
    "AWS::VerifiedPermissions::PolicyStore": Form(
        id="{store:word}",
        attributes={
            "PolicyStoreId": "{id}",
            "Arn": "arn:{partition}:verifiedpermissions::{account}:policy-store/{id}",
        },
    ),
}
