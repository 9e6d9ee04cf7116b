"""Which calls tell the attributes of the types in ``application_forms.py`` and ``access_forms.py``.

Sources: botocore's models for calls and responses; the template reference for what each attribute means.
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.deployed.attributes.describe_call import Call, call


def _describe_table() -> Call:
    return call(
        "dynamodb",
        "describe_table",
        {"TableName": "{id}"},
        StreamArn="Table.LatestStreamArn",
        TableId="Table.TableId",
    )


CALLS: Mapping[str, tuple[Call, ...]] = {
    "AWS::DynamoDB::Table": (_describe_table(),),
    "AWS::DynamoDB::GlobalTable": (_describe_table(),),
    "AWS::IAM::Role": (call("iam", "get_role", {"RoleName": "{id}"}, Arn="Role.Arn", RoleId="Role.RoleId"),),
    "AWS::IAM::User": (call("iam", "get_user", {"UserName": "{id}"}, Arn="User.Arn"),),
    "AWS::IAM::Group": (call("iam", "get_group", {"GroupName": "{id}"}, Arn="Group.Arn"),),
    "AWS::IAM::InstanceProfile": (
        call("iam", "get_instance_profile", {"InstanceProfileName": "{id}"}, Arn="InstanceProfile.Arn"),
    ),
    "AWS::Lambda::Url": (
        call("lambda", "get_function_url_config", {"FunctionName": "{id}"}, FunctionUrl="FunctionUrl"),
    ),
    "AWS::Kinesis::StreamConsumer": (
        call(
            "kinesis",
            "describe_stream_consumer",
            {"ConsumerARN": "{id}"},
            ConsumerStatus="ConsumerDescription.ConsumerStatus",
        ),
    ),
    "AWS::Events::ApiDestination": (
        call("events", "describe_api_destination", {"Name": "{id}"}, Arn="ApiDestinationArn"),
    ),
    "AWS::Events::Connection": (
        call("events", "describe_connection", {"Name": "{id}"}, Arn="ConnectionArn", SecretArn="SecretArn"),
    ),
    "AWS::SSM::Parameter": (
        call("ssm", "get_parameter", {"Name": "{id}"}, Value="Parameter.Value", Type="Parameter.Type"),
    ),
    "AWS::StepFunctions::StateMachine": (
        call(
            "stepfunctions",
            "describe_state_machine",
            {"stateMachineArn": "{id}"},
            StateMachineRevisionId="revisionId",
        ),
    ),
    "AWS::ApiGateway::RestApi": (
        call("apigateway", "get_rest_api", {"restApiId": "{id}"}, RootResourceId="rootResourceId"),
    ),
    "AWS::ApiGateway::DomainName": (
        call(
            "apigateway",
            "get_domain_name",
            {"domainName": "{id}"},
            RegionalDomainName="regionalDomainName",
            RegionalHostedZoneId="regionalHostedZoneId",
            DistributionDomainName="distributionDomainName",
            DistributionHostedZoneId="distributionHostedZoneId",
        ),
    ),
    "AWS::ApiGatewayV2::Api": (call("apigatewayv2", "get_api", {"ApiId": "{id}"}, ApiEndpoint="ApiEndpoint"),),
    "AWS::ApiGatewayV2::DomainName": (
        call(
            "apigatewayv2",
            "get_domain_name",
            {"DomainName": "{id}"},
            RegionalDomainName="DomainNameConfigurations.0.ApiGatewayDomainName",
            RegionalHostedZoneId="DomainNameConfigurations.0.HostedZoneId",
        ),
    ),
    "AWS::AppSync::GraphQLApi": (
        call(
            "appsync",
            "get_graphql_api",
            {"apiId": "{api}"},
            GraphQLUrl="graphqlApi.uris.GRAPHQL",
            GraphQLDns="graphqlApi.dns.GRAPHQL",
            RealtimeUrl="graphqlApi.uris.REALTIME",
            RealtimeDns="graphqlApi.dns.REALTIME",
        ),
    ),
    "AWS::AppSync::Api": (
        call("appsync", "get_api", {"apiId": "{api}"}, Dns__Http="api.dns.HTTP", Dns__Realtime="api.dns.REALTIME"),
    ),
    "AWS::Cognito::UserPoolClient": (
        call(
            "cognito-idp",
            "describe_user_pool_client",
            {"UserPoolId": "{UserPoolId}", "ClientId": "{id}"},
            ClientSecret="UserPoolClient.ClientSecret",
            Name="UserPoolClient.ClientName",
        ),
    ),
    "AWS::Cognito::UserPoolDomain": (
        call(
            "cognito-idp",
            "describe_user_pool_domain",
            {"Domain": "{id}"},
            CloudFrontDistribution="DomainDescription.CloudFrontDistribution",
        ),
    ),
    "AWS::Cognito::IdentityPool": (
        call("cognito-identity", "describe_identity_pool", {"IdentityPoolId": "{id}"}, Name="IdentityPoolName"),
    ),
    "AWS::CloudFront::Distribution": (
        call("cloudfront", "get_distribution", {"Id": "{id}"}, DomainName="Distribution.DomainName"),
    ),
    "AWS::CloudFront::CloudFrontOriginAccessIdentity": (
        call(
            "cloudfront",
            "get_cloud_front_origin_access_identity",
            {"Id": "{id}"},
            S3CanonicalUserId="CloudFrontOriginAccessIdentity.S3CanonicalUserId",
        ),
    ),
    "AWS::Route53::HostedZone": (
        call("route53", "get_hosted_zone", {"Id": "{id}"}, NameServers="DelegationSet.NameServers"),
    ),
}
