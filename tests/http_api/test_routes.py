"""Routes as templates describe them, in each of the forms that AWS takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from routes_kit import api, found, listed, reason

from samlocal.errors import TemplateError
from samlocal.http_api.integration import (
    FixedResponse,
    HttpIntegration,
    LambdaIntegration,
    MappedIntegration,
    PayloadFormat,
    RedirectIntegration,
)
from samlocal.http_api.model import (
    ApiKind,
    CognitoAuthorizer,
    Cors,
    GatewayResponse,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnknownAuthorizer,
)

PLAIN = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b, Role: r, Code: {ZipFile: x}}}
"""
URI = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"


def test_events_of_functions_are_routes_of_the_apis_that_sam_makes_of_them() -> None:
    rest, http = found("""
  Get:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        One: {Type: Api, Properties: {Path: "/items/{id}", Method: get}}
        All: {Type: Api, Properties: {Path: "/{proxy+}", Method: ANY}}
        Http: {Type: HttpApi, Properties: {Path: /items, Method: post}}
        Rest: {Type: HttpApi}
""").apis

    assert (rest.id, rest.kind, rest.stage) == ("ServerlessRestApi", ApiKind.REST, "Prod")
    assert listed(rest) == {"GET /items/{id}": "Get", "ANY /{proxy+}": "Get"}
    assert (http.id, http.kind, http.stage) == ("ServerlessHttpApi", ApiKind.HTTP, "$default")
    assert listed(http) == {"POST /items": "Get", "$default": "Get"}
    assert {route.integration.payload_format for route in http.routes} == {PayloadFormat.V2}


def test_a_route_of_a_function_that_a_condition_keeps_away_is_not_there() -> None:
    one = api(
        """
  Here:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {Path: /here, Method: get}}}}
  Away:
    Type: AWS::Serverless::Function
    Condition: Never
    Properties: {Events: {E: {Type: Api, Properties: {Path: /away, Method: get}}}}
Conditions: {Never: !Equals [a, b]}
"""
    )

    assert listed(one) == {"GET /here": "Here"}


def test_an_api_of_sams_has_the_stage_and_the_options_that_it_names() -> None:
    one = api("""
  Web:
    Type: AWS::Serverless::Api
    Properties:
      Name: web
      StageName: test
      Variables: {table: events}
      BinaryMediaTypes: [image~1png]
      MinimumCompressionSize: 1024
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters: {Headers: {X-Why: "'token'"}}
          ResponseTemplates: {application/json: '{"why": 1}'}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /a, Method: get}}}}
""")

    assert (one.name, one.stage, one.stage_variables) == ("web", "test", {"table": "events"})
    assert one.binary_media_types == ("image/png",)
    assert one.minimum_compression_size == 1024
    assert one.gateway_responses == {
        "UNAUTHORIZED": GatewayResponse(
            status=401, headers={"X-Why": "'token'"}, templates={"application/json": '{"why": 1}'}
        )
    }


def test_cors_of_a_rest_api_is_a_method_that_answers_by_itself() -> None:
    one = api("""
  Web: {Type: AWS::Serverless::Api, Properties: {StageName: p, Cors: "'https://example.org'"}}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /a, Method: get}}}}
""")

    (mock,) = [route.integration for route in one.routes if route.method == "OPTIONS"]
    assert isinstance(mock, MappedIntegration)
    assert mock.function is None
    (response,) = mock.responses
    assert response.status == "200"
    assert response.parameters["method.response.header.Access-Control-Allow-Origin"] == "'https://example.org'"
    assert response.parameters["method.response.header.Access-Control-Allow-Methods"] == "'GET,OPTIONS'"


def test_authorizers_of_a_rest_api_are_told_apart() -> None:
    one = api("""
  Pool: {Type: AWS::Cognito::UserPool}
  Web:
    Type: AWS::Serverless::Api
    Properties:
      StageName: p
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token: {FunctionArn: !GetAtt Fn.Arn, Identity: {Header: X-Token, ValidationExpression: "t.*"}}
          Request:
            FunctionArn: !GetAtt Fn.Arn
            FunctionPayloadType: REQUEST
            Identity: {Headers: [X-A], QueryStrings: [b], ReauthorizeEvery: 10}
          Users: {UserPoolArn: !GetAtt Pool.Arn}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /a, Method: get}}
        B: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /b, Method: get, Auth: {Authorizer: NONE}}}
        C: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /c, Method: get, Auth: {Authorizer: Users,
            AuthorizationScopes: [read]}}}
        D: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /d, Method: get, Auth: {ApiKeyRequired: true}}}
""")

    assert one.authorizers["Token"] == LambdaAuthorizer(
        name="Token",
        function="Fn",
        request=False,
        identity_sources=("method.request.header.X-Token",),
        validation="t.*",
        ttl=300,
    )
    assert one.authorizers["Request"] == LambdaAuthorizer(
        name="Request",
        function="Fn",
        request=True,
        identity_sources=("method.request.header.X-A", "method.request.querystring.b"),
        ttl=10,
    )
    users = one.authorizers["Users"]
    assert isinstance(users, CognitoAuthorizer)
    assert users.user_pools[0].startswith("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/")
    routes = {route.path: route for route in one.routes}
    assert [routes[path].authorizer for path in ("/a", "/b", "/c", "/d")] == ["Token", None, "Users", "Token"]
    assert routes["/c"].scopes == ("read",)
    assert [path for path, route in routes.items() if route.api_key_required] == ["/d"]


def test_authorizers_of_an_http_api_are_told_apart() -> None:
    one = api("""
  Web:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["https://a.example"], AllowHeaders: [x-a], AllowMethods: [GET], MaxAge: 60,
        AllowCredentials: true, ExposeHeaders: [x-b]}
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers:
          Jwt: {IdentitySource: $request.header.Authorization, AuthorizationScopes: [read],
                JwtConfiguration: {issuer: "https://issuer.example", audience: [me]}}
          Fn: {FunctionArn: !GetAtt Fn.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true,
               Identity: {Headers: [X-A]}}
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Events: {A: {Type: HttpApi, Properties: {ApiId: !Ref Web, Path: /a, Method: get}}}}
""")

    assert one.authorizers == {
        "Jwt": JwtAuthorizer(name="Jwt", issuer="https://issuer.example", audiences=("me",)),
        "Fn": LambdaAuthorizer(
            name="Fn",
            function="Fn",
            request=True,
            payload_format=PayloadFormat.V2,
            simple_responses=True,
            identity_sources=("$request.header.X-A",),
            ttl=0,
        ),
    }
    assert one.cors == Cors(
        origins=("https://a.example",),
        methods=("GET",),
        headers=("x-a",),
        exposed=("x-b",),
        credentials=True,
        max_age=60,
    )
    (route,) = one.routes
    assert (route.authorizer, route.scopes) == ("Jwt", ("read",))


OPENAPI_2 = """
swagger: "2.0"
info: {title: Orders, version: "1"}
basePath: /v1
securityDefinitions:
  key: {type: apiKey, name: x-api-key, in: header}
  signed: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
x-amazon-apigateway-binary-media-types: [application/pdf]
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      security: [{key: []}, {signed: []}]
      x-amazon-apigateway-integration: &orders
        {type: aws_proxy, httpMethod: POST, uri: !Sub "URI"}
    x-amazon-apigateway-any-method: {x-amazon-apigateway-integration: *orders}
  /stream: {get: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, responseTransferMode: STREAM,
     timeoutInMillis: 120000, uri: !Sub "URI"}}}
""".replace("URI", URI)


def test_a_definition_file_of_openapi_2_is_read_where_the_template_points(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(OPENAPI_2)

    one = api(
        """
  Fn: {Type: AWS::Serverless::Function}
  Orders: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionUri: api.yaml}}
""",
        folder=tmp_path,
    )

    assert listed(one) == {"GET /orders/{id}": "Fn", "ANY /orders/{id}": "Fn", "GET /stream": "Fn"}
    routes = {route.key: route for route in one.routes}
    order, stream = routes["GET /orders/{id}"], routes["GET /stream"]
    assert (order.operation_name, order.authorizer, order.api_key_required) == ("getOrder", "signed", True)
    assert isinstance(stream.integration, LambdaIntegration)
    assert (stream.integration.streams, stream.integration.timeout) == (True, 120_000)
    assert one.name == "Orders"
    assert one.binary_media_types == ("application/pdf",)


def test_the_base_path_of_a_document_counts_as_the_import_is_told(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(OPENAPI_2)
    template = """
  Orders: {Type: AWS::ApiGateway::RestApi, Properties: {Parameters: {basepath: MODE}, BodyS3Location: api.yaml}}
"""

    paths = {
        mode: api(template.replace("MODE", mode), head=PLAIN, folder=tmp_path).routes[-1].path
        for mode in ("ignore", "prepend", "split")
    }

    assert paths == {"ignore": "/stream", "prepend": "/v1/stream", "split": "/stream"}


def test_what_a_document_includes_is_read_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "paths.yaml").write_text(
        "/orders: {get: {x-amazon-apigateway-integration: "
        f'{{type: aws_proxy, httpMethod: POST, uri: !Sub "{URI}"}}}}}}\n'
    )

    one = api(
        """
  Orders:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: t}
        paths: {"Fn::Transform": {Name: AWS::Include, Parameters: {Location: paths.yaml}}}
""",
        head=PLAIN,
        folder=tmp_path,
    )

    assert listed(one) == {"GET /orders": "Fn"}


def test_a_definition_that_is_not_on_this_machine_is_named() -> None:
    result = found("""
  Fn: {Type: AWS::Serverless::Function}
  A: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionUri: s3://bucket/api.yaml}}
""")

    assert result.apis == ()
    assert any("its definition is in S3" in remark for remark in result.remarks)


def test_resources_and_methods_of_plain_cloudformation_make_a_tree() -> None:
    method = "{Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub " + f'"{URI}"' + "}"
    one = api(
        f"""
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: tree}}}}
  Items: {{Type: AWS::ApiGateway::Resource,
    Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: items}}}}
  Item: {{Type: AWS::ApiGateway::Resource,
    Properties: {{RestApiId: !Ref Api, ParentId: !Ref Items, PathPart: "{{id}}"}}}}
  Root: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId,
    HttpMethod: GET, AuthorizationType: NONE, Integration: {method}}}}}
  Get: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !Ref Item,
    HttpMethod: ANY, AuthorizationType: CUSTOM, AuthorizerId: !Ref Auth, ApiKeyRequired: true,
    Integration: {method}}}}}
  Auth: {{Type: AWS::ApiGateway::Authorizer, Properties: {{RestApiId: !Ref Api, Type: REQUEST, Name: a,
    AuthorizerUri: !Sub "{URI}", IdentitySource: "method.request.header.A, method.request.querystring.b"}}}}
  Live: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: live, DeploymentId: d,
    Variables: {{v: "1"}}}}}}
  Key: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: mine, Value: abcdefghijklmnopqrstuvwxyz}}}}
  Plan: {{Type: AWS::ApiGateway::UsagePlan, Properties: {{ApiStages: [{{ApiId: !Ref Api, Stage: !Ref Live}}]}}}}
  Uses: {{Type: AWS::ApiGateway::UsagePlanKey,
    Properties: {{KeyId: !Ref Key, UsagePlanId: !Ref Plan, KeyType: API_KEY}}}}
""",
        head=PLAIN,
    )

    assert listed(one) == {"GET /": "Fn", "ANY /items/{id}": "Fn"}
    assert (one.stage, one.stage_variables) == ("live", {"v": "1"})
    route = one.routes[1]
    assert (route.authorizer, route.api_key_required) == ("Auth", True)
    authorizer = one.authorizers["Auth"]
    assert isinstance(authorizer, LambdaAuthorizer)
    assert authorizer.identity_sources == ("method.request.header.A", "method.request.querystring.b")
    assert [(key.name, key.value) for key in one.api_keys] == [("mine", "abcdefghijklmnopqrstuvwxyz")]


def test_each_stage_of_an_api_is_served() -> None:
    apis = found(
        f"""
  Api: {{Type: AWS::ApiGateway::RestApi}}
  Get: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId,
    HttpMethod: GET, Integration: {{Type: AWS_PROXY, Uri: !Sub "{URI}"}}}}}}
  A: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: a}}}}
  B: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: b}}}}
""",
        head=PLAIN,
    ).apis

    assert [(each.id, each.stage) for each in apis] == [("Api/a", "a"), ("Api/b", "b")]


# CloudFormation template reference: AWS::ApiGateway::UsagePlan ApiStage and AWS::ApiGateway::ApiKey StageKey each
# name an API and one of its stages.
def test_an_api_key_is_good_for_the_stages_that_it_or_its_plan_names() -> None:
    apis = found(
        f"""
  Api: {{Type: AWS::ApiGateway::RestApi}}
  Other: {{Type: AWS::ApiGateway::RestApi}}
  Get: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId,
    HttpMethod: GET, Integration: {{Type: AWS_PROXY, Uri: !Sub "{URI}"}}}}}}
  A: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: a}}}}
  B: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: b}}}}
  Plan: {{Type: AWS::ApiGateway::UsagePlan, Properties: {{ApiStages: [{{ApiId: !Ref Api, Stage: !Ref A}}]}}}}
  Planned: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Value: planned}}}}
  Uses: {{Type: AWS::ApiGateway::UsagePlanKey, Properties: {{KeyId: !Ref Planned, UsagePlanId: !Ref Plan}}}}
  Named: {{Type: AWS::ApiGateway::ApiKey,
    Properties: {{Value: named, StageKeys: [{{RestApiId: !Ref Api, StageName: b}}]}}}}
  Foreign: {{Type: AWS::ApiGateway::ApiKey,
    Properties: {{Value: foreign, StageKeys: [{{RestApiId: !Ref Other, StageName: b}}]}}}}
""",
        head=PLAIN,
    ).apis

    assert {one.stage: [key.value for key in one.api_keys] for one in apis} == {"a": ["planned"], "b": ["named"]}


def test_stages_that_could_not_be_told_apart_are_an_error() -> None:
    with pytest.raises(TemplateError, match="two stages of one, are called Api/a"):
        found(
            f"""
  Api: {{Type: AWS::ApiGateway::RestApi}}
  Get: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId,
    HttpMethod: GET, Integration: {{Type: AWS_PROXY, Uri: !Sub "{URI}"}}}}}}
  A: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: a}}}}
  B: {{Type: AWS::ApiGateway::Stage, Properties: {{RestApiId: !Ref Api, StageName: a}}}}
""",
            head=PLAIN,
        )


def test_routes_and_integrations_of_plain_http_apis_are_joined() -> None:
    one = api(
        """
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: web, ProtocolType: HTTP,
    CorsConfiguration: {AllowOrigins: ["*"]}}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationUri: !GetAtt Fn.Arn, PayloadFormatVersion: "2.0", TimeoutInMillis: 5000}}
  Queue: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationSubtype: SQS-SendMessage}}
  Elsewhere: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: HTTP_PROXY,
    IntegrationMethod: ANY, IntegrationUri: "https://example.org/{proxy}"}}
  Get: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "GET /a/{b}",
    Target: !Sub "integrations/${Int}", AuthorizationType: JWT, AuthorizerId: !Ref Auth,
    AuthorizationScopes: [x]}}
  Put: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "PUT /a",
    Target: !Join [/, [integrations, !Ref Queue]]}}
  Any: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "ANY /{proxy+}",
    Target: !Join [/, [integrations, !Ref Elsewhere]]}}
  Rest: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $default,
    Target: !Sub "integrations/${Int}", AuthorizationType: AWS_IAM}}
  Auth: {Type: AWS::ApiGatewayV2::Authorizer, Properties: {ApiId: !Ref Api, AuthorizerType: JWT, Name: j,
    IdentitySource: ["$request.header.Authorization"],
    JwtConfiguration: {Issuer: "https://i.example", Audience: [a]}}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: live, AutoDeploy: true,
    StageVariables: {v: "1"}}}
""",
        head=PLAIN,
    )

    assert listed(one) == {
        "GET /a/{b}": "Fn",
        "PUT /a": "NotRun",
        "ANY /{proxy+}": "HttpIntegration",
        "$default": "Fn",
    }
    assert reason(one, "PUT /a").startswith("SQS-SendMessage is asked in an environment alone: ")
    get, _, elsewhere, rest = one.routes
    assert get.integration == LambdaIntegration(function="Fn", payload_format=PayloadFormat.V2, timeout=5000)
    assert (get.authorizer, get.scopes, rest.authorizer) == ("Auth", ("x",), "AWS_IAM")
    assert elsewhere.integration == HttpIntegration(uri="https://example.org/{proxy}", timeout=30_000)
    assert (one.stage, one.stage_variables) == ("live", {"v": "1"})
    assert one.cors == Cors(origins=("*",))


def test_a_websocket_apis_routes_have_their_keys() -> None:
    one = api(
        """
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET,
    RouteSelectionExpression: $request.body.type}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationUri: !GetAtt Fn.Arn}}
  Connect: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $connect,
    Target: !Sub "integrations/${Int}"}}
  Send: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: send,
    Target: !Sub "integrations/${Int}"}}
""",
        head=PLAIN,
    )

    assert one.kind is ApiKind.WEBSOCKET
    assert one.route_selection_expression == "$request.body.type"
    assert {route.path: route.function for route in one.routes} == {"$connect": "Fn", "send": "Fn"}


def test_a_function_url_takes_every_request_for_its_function() -> None:
    one = api("""
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM, Cors: {AllowOrigins: ["*"], MaxAge: 5}}
""")

    assert (one.id, one.kind) == ("Fn", ApiKind.FUNCTION_URL)
    (route,) = one.routes
    assert (route.key, route.authorizer) == ("$default", "AWS_IAM")
    assert route.integration == LambdaIntegration(
        function="Fn", payload_format=PayloadFormat.V2, streams=True, timeout=900_000
    )
    assert one.cors == Cors(origins=("*",), max_age=5)


# CloudFormation, AWS::Lambda::Url: a function has one, and each of its aliases another.
def test_each_url_of_a_function_is_an_api_of_its_own() -> None:
    urls = found(
        """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Live: {Type: AWS::Lambda::Alias, Properties: {Name: live, FunctionName: !Ref Fn, FunctionVersion: "1"}}
  Plain: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Fn.Arn, AuthType: NONE}}
  OfAlias: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Live, AuthType: AWS_IAM}}
""",
        head="",
    ).apis

    assert [(each.id, each.routes[0].function, each.routes[0].authorizer) for each in urls] == [
        ("Fn", "Fn", None),
        ("OfAlias", "Fn", "AWS_IAM"),
    ]


LISTENER = """
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Name: group,
    Targets: [{Id: !GetAtt Fn.Arn}],
    TargetGroupAttributes: [{Key: lambda.multi_value_headers.enabled, Value: "true"}]}}
  Machines: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Port: 80}}
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: front}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref Balancer, Port: 80,
    DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "404", ContentType: text/plain,
      MessageBody: nothing}}]}}
  Second: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener, Priority: 20,
    Conditions: [{Field: path-pattern, Values: ["/app/*"]}], Actions: [{Type: forward, TargetGroupArn: !Ref Group}]}}
  First: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener, Priority: 3,
    Conditions: [{Field: query-string, QueryStringConfig: {Values: [{Key: old, Value: "*"}]}}],
    Actions: [{Type: redirect, RedirectConfig: {StatusCode: HTTP_302, Path: /new}}]}}
  Third: {Type: AWS::ElasticLoadBalancingV2::ListenerRule, Properties: {ListenerArn: !Ref Listener, Priority: 30,
    Conditions: [{Field: http-request-method, HttpRequestMethodConfig: {Values: [PUT]}}],
    Actions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Machines}]}}]}}
"""


def test_a_listener_with_functions_has_its_rules_in_the_order_of_their_priorities() -> None:
    one = api(LISTENER, head=PLAIN)

    assert (one.kind, one.name) == (ApiKind.ALB, "front")
    assert [route.key for route in one.routes] == ["ANY /*", "ANY /app/*", "PUT /*", "ANY /*"]
    redirect, forward, machines, rest = one.routes
    assert redirect.integration == RedirectIntegration(status=302, path="/new")
    assert isinstance(forward.integration, LambdaIntegration)
    assert one.multi_value_headers
    assert ":targetgroup/group/" in forward.integration.target_group
    assert reason(one, "PUT /*") == "the target group Machines is of no functions"
    assert machines.function is None
    assert isinstance(rest.integration, FixedResponse)
    assert (rest.integration.status, rest.integration.body) == (404, "nothing")


def test_a_load_balancer_of_machines_alone_is_none_of_samlocals() -> None:
    result = found(
        """
  Machines: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip, Port: 80}}
  Listener: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: x, Port: 80,
    DefaultActions: [{Type: forward, TargetGroupArn: !Ref Machines}]}}
""",
        head=PLAIN,
    )

    assert result.apis == ()


@pytest.mark.parametrize(
    "policy",
    [
        "{IpRangeBlacklist: [10.0.0.0/8]}",
        "{CustomStatements: {Effect: Allow, Principal: '*', Action: '*', Resource: '*'}}",
    ],
)
def test_a_resource_policy_that_is_not_asked_is_named(policy: str) -> None:
    result = found(
        f"""
  Web: {{Type: AWS::Serverless::Api, Properties: {{StageName: p, Auth: {{ResourcePolicy: {policy}}}}}}}
  Fn: {{Type: AWS::Serverless::Function, Properties: {{Events: {{E: {{Type: Api, Properties: {{RestApiId: !Ref Web,
    Path: /, Method: get}}}}}}}}}}
"""
    )

    assert result.remarks == ("Web: its resource policy is not asked: whom it keeps out comes in here.",)


def test_an_empty_resource_policy_is_none() -> None:
    # As the Serverless Framework 3.38 writes it.
    result = found("Resources: {Web: {Type: AWS::ApiGateway::RestApi, Properties: {Name: w, Policy: ''}}}", head="")

    assert result.remarks == ("Web has no routes that samlocal knows.",)


@pytest.mark.parametrize(
    ("mapping", "header"),
    [
        ('RequestParameters: {"overwrite:header.X-Forwarded-For": a}', "X-Forwarded-For"),
        ('RequestParameters: {"append:header.ok": a, "remove:header.authorization": a}', "authorization"),
        ('ResponseParameters: {"200": {ResponseParameters: [{Destination: "append:header.via", Source: a}]}}', "via"),
        ('RequestParameters: {"append:header.x-forwarded-port": a, "append:header.Host": a}', None),
    ],
)
def test_a_mapping_of_a_header_that_aws_keeps_for_itself_is_named(mapping: str, header: str | None) -> None:
    # "Transform API requests and responses for HTTP APIs", its reserved headers.
    one = api(
        f"""
Resources:
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: HTTP}}}}
  Int: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref Api, IntegrationType: HTTP_PROXY,
    IntegrationMethod: GET, IntegrationUri: "http://127.0.0.1:9", {mapping}}}}}
  Route: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: GET /a,
    Target: !Sub "integrations/${{Int}}"}}}}
""",
        head="",
    )

    if header is None:
        assert listed(one) == {"GET /a": "HttpIntegration"}
    else:
        assert reason(one, "GET /a") == f"AWS refuses it: nobody may map the header {header}"


def test_what_is_not_run_is_named_in_a_line() -> None:
    result = found(
        """
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: t}
        paths:
          /queue: {post: {x-amazon-apigateway-integration: {type: aws, httpMethod: POST,
            uri: !Sub "arn:aws:apigateway:${AWS::Region}:sqs:path/1/q"}}}
          /vpc: {get: {x-amazon-apigateway-integration: {type: http_proxy, connectionType: VPC_LINK,
            uri: "http://x"}}}
          /http: {get: {x-amazon-apigateway-integration: {type: http, uri: "http://x"}}}
          /other: {get: {x-amazon-apigateway-integration: {type: aws_proxy, uri:
            "arn:aws:apigateway:eu-west-1:lambda:path/f/functions/arn:aws:lambda:eu-west-1:1:function:away/invocations"}}}
          /none: {get: {responses: {}}}
""".replace("URI", URI),
        head=PLAIN,
    )

    assert result.remarks == (
        "Api: POST /queue is not run: sqs is asked in an environment alone: "
        "name one with -e or -n, or take -e local.",
        "Api: GET /vpc is not run: a VPC link leads nowhere from this machine.",
        "Api: GET /other is not run: the function away is not in this template.",
        "Api: GET /none is not run: it has no integration.",
    )


def test_a_stage_variable_names_the_function_of_an_integration() -> None:
    template = """
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        openapi: 3.0.1
        info: {title: t}
        paths: {/a: {get: {x-amazon-apigateway-integration: {type: aws_proxy, uri: !Sub
          "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:1:function:${!stageVariables.fn}/invocations"}}}}
  Live: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: live, Variables: {fn: other}}}
  Named: {Type: AWS::Lambda::Function, Properties: {FunctionName: named, Runtime: python3.11, Handler: a.b}}
"""

    by_template = api(template, head=PLAIN)
    by_user = api(template, head=PLAIN, fn="named")

    assert reason(by_template, "GET /a") == "the function other is not in this template"
    assert listed(by_user) == {"GET /a": "Named"}
    assert by_user.stage_variables == {"fn": "named"}


def test_an_authorizer_that_cannot_be_known_says_why() -> None:
    one = api(
        f"""
  Api: {{Type: AWS::ApiGateway::RestApi}}
  Get: {{Type: AWS::ApiGateway::Method, Properties: {{RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId,
    HttpMethod: GET, AuthorizationType: CUSTOM, AuthorizerId: abc123,
    Integration: {{Type: AWS_PROXY, Uri: !Sub "{URI}"}}}}}}
""",
        head=PLAIN,
    )

    assert one.authorizers == {"abc123": UnknownAuthorizer(name="abc123", reason="it is not in this template")}
    assert one.routes[0].authorizer == "abc123"


def test_what_the_translator_refuses_is_named_and_the_rest_is_served() -> None:
    result = found("""
  Odd:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [{Nope: 3}]
      Events:
        Get: {Type: Api, Properties: {Path: /odd, Method: get}}
        Queue: {Type: Nonsense}
  Worse: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: Api, Properties: {Path: 7, Method: get}}}}}
  Table: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: 7}}
  Good:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {Path: /good, Method: get}}}}
""")

    (one,) = result.apis
    assert listed(one) == {"GET /odd": "Odd", "GET /good": "Good"}
    assert any("Worse: event E: Property 'Path' should be a string." in remark for remark in result.remarks)


def test_where_a_route_stands_in_the_template_is_no_part_of_its_api() -> None:
    template = """
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Fn, AuthType: NONE}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Target: !GetAtt Fn.Arn}}
"""

    assert found(f"\n  # Said of the URL.{template}", head=PLAIN).apis == found(template, head=PLAIN).apis


def test_a_wrong_globals_section_hides_no_route() -> None:
    result = found(
        """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: a.b, CodeUri: ., Nonsense: 1}}
Resources:
  Good:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Api, Properties: {Path: /good, Method: get}}}}
""",
        head="",
    )

    assert [listed(one) for one in result.apis] == [{"GET /good": "Good"}]
    assert any("'Nonsense' is not a supported property" in remark for remark in result.remarks)


def test_apis_of_nested_stacks_reach_functions_all_over_the_tree(tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(
        """
Transform: AWS::Serverless-2016-10-31
Parameters: {Given: {Type: String}}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.11, Handler: a.b, CodeUri: .,
    Events: {E: {Type: HttpApi, Properties: {Path: /own, Method: get}}}}}
  Rest: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionBody: {openapi: 3.0.1, info: {title: t},
    paths: {/parent: {get: {x-amazon-apigateway-integration: {type: aws_proxy, uri: !Sub
      "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${Given}/invocations"}}}}}}}
"""
    )

    rest, http = found(
        """
  Top: {Type: AWS::Serverless::Function}
  Child:
    Type: AWS::Serverless::Application
    Properties: {Location: child.yaml, Parameters: {Given: !GetAtt Top.Arn}}
""",
        folder=tmp_path,
    ).apis

    assert (rest.id, listed(rest)) == ("Child/Rest", {"GET /parent": "Top"})
    assert (http.id, listed(http)) == ("Child/ServerlessHttpApi", {"GET /own": "Child/Fn"})


# As `serverless package` writes it (serverless/serverless, lib/plugins/aws/package/compile/events).
SERVERLESS = """
Resources:
  HelloLambdaFunction: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs20.x, Handler: h.hello,
    FunctionName: shop-dev-hello}}
  ApiGatewayRestApi: {Type: AWS::ApiGateway::RestApi, Properties: {Name: dev-shop}}
  ApiGatewayResourceItems: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: {Ref: ApiGatewayRestApi},
    ParentId: {"Fn::GetAtt": [ApiGatewayRestApi, RootResourceId]}, PathPart: items}}
  ApiGatewayResourceItemsIdVar: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: {Ref: ApiGatewayRestApi},
    ParentId: {Ref: ApiGatewayResourceItems}, PathPart: "{id}"}}
  ApiGatewayMethodItemsIdVarGet:
    Type: AWS::ApiGateway::Method
    Properties:
      HttpMethod: GET
      ResourceId: {Ref: ApiGatewayResourceItemsIdVar}
      RestApiId: {Ref: ApiGatewayRestApi}
      ApiKeyRequired: false
      AuthorizationType: NONE
      Integration:
        IntegrationHttpMethod: POST
        Type: AWS_PROXY
        Uri: {"Fn::Join": ["", ["arn:", {Ref: "AWS::Partition"}, ":apigateway:", {Ref: "AWS::Region"},
          ":lambda:path/2015-03-31/functions/", {"Fn::GetAtt": [HelloLambdaFunction, Arn]}, /invocations]]}
  ApiGatewayDeployment1700000000000: {Type: AWS::ApiGateway::Deployment,
    Properties: {RestApiId: {Ref: ApiGatewayRestApi}, StageName: dev}}
  HttpApi: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: dev-shop, ProtocolType: HTTP}}
  HttpApiStage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: {Ref: HttpApi}, StageName: $default}}
  HttpApiIntegrationHello: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: {Ref: HttpApi},
    IntegrationType: AWS_PROXY, IntegrationUri: {"Fn::GetAtt": [HelloLambdaFunction, Arn]},
    PayloadFormatVersion: "2.0", TimeoutInMillis: 30000}}
  HttpApiRouteGetHello: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: {Ref: HttpApi}, RouteKey: GET /hello,
    Target: {"Fn::Join": [/, [integrations, {Ref: HttpApiIntegrationHello}]]}}}
"""


def test_what_the_serverless_framework_packages_is_read() -> None:
    rest, http = found(SERVERLESS, head="").apis

    assert (rest.stage, listed(rest)) == ("dev", {"GET /items/{id}": "HelloLambdaFunction"})
    assert (http.stage, listed(http)) == ("$default", {"GET /hello": "HelloLambdaFunction"})


# As aws-cdk-lib's HttpApi and its HttpLambdaIntegration and FunctionUrl are synthesized.
CDK = """
Resources:
  HandlerF8A613CA: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs20.x, Handler: i.h,
    Code: {S3Bucket: "cdk-assets", S3Key: "abc.zip"}}, Metadata: {"aws:cdk:path": Stack/Handler/Resource}}
  ApiF70053CD: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: Api, ProtocolType: HTTP,
    CorsConfiguration: {AllowOrigins: ["*"], AllowMethods: [GET]}}}
  ApiDefaultStage189A7074: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: {Ref: ApiF70053CD}, AutoDeploy: true,
    StageName: $default}}
  ApiGETbooksIntegration2F4AB1D8: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: {Ref: ApiF70053CD},
    IntegrationType: AWS_PROXY, IntegrationUri: {"Fn::GetAtt": [HandlerF8A613CA, Arn]}, PayloadFormatVersion: "2.0"}}
  ApiGETbooks4B2DF4C1: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: {Ref: ApiF70053CD},
    AuthorizationType: NONE, RouteKey: "GET /books/{id}",
    Target: {"Fn::Join": ["", [integrations/, {Ref: ApiGETbooksIntegration2F4AB1D8}]]}}}
  HandlerFunctionUrl4FDDCEEE: {Type: AWS::Lambda::Url, Properties: {AuthType: NONE,
    TargetFunctionArn: {"Fn::GetAtt": [HandlerF8A613CA, Arn]}}}
"""


def test_what_cdk_synthesizes_is_read() -> None:
    http, url = found(CDK, head="").apis

    assert listed(http) == {"GET /books/{id}": "HandlerF8A613CA"}
    assert http.cors == Cors(origins=("*",), methods=("GET",))
    assert (url.id, url.kind) == ("HandlerF8A613CA", ApiKind.FUNCTION_URL)


def test_what_is_refused_and_no_resource_to_begin_with_is_left_out_alone() -> None:
    apis = found("""
  Api: {Type: AWS::Serverless::Api, Properties: []}
  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionUrlConfig: {AuthType: NONE}}}
""")
    assert [each.id for each in apis.apis] == ["Fn"]
    assert any("Api" in remark for remark in apis.remarks)
