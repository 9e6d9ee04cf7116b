"""One request behind each kind of API, against the events that AWS made of it.

Recorded on AWS: hotsock/voker, ``vokerhttp/testdata/*-request.json`` (10 July 2026, us-west-2), whose typed logger
adds empty members that are left out here; localstack/localstack, ``test_apigateway_lambda.snapshot.json``, says which
are there and null. Ids, hosts, ports and times are this machine's.
"""

from __future__ import annotations

import re
from typing import Any

from api_kit import REQUEST_ID, api_of, event_of, matched_of, route_of

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import ApiKind

BODY = '{"message":"hello from the public internet","unicode":"lambda-λ"}'
TRACE = "Root=1-6a5145a8-536f3e792f6be9b44c1f46fa"
REQUEST = HttpRequest(
    method="POST",
    path="/capture/space%20value",
    query="repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=",
    headers=(
        ("host", "localhost:3000"),
        ("user-agent", "curl/8.7.1"),
        ("accept", "*/*"),
        ("content-type", "application/json"),
        ("x-voker-probe", "first"),
        ("x-voker-probe", "second"),
        ("cookie", "session=abc123; theme=dark"),
        ("content-length", "66"),
        ("x-amzn-trace-id", TRACE),
    ),
    body=BODY.encode(),
    source_ip="68.8.83.18",
    received=1783711144.836,
    request_id=REQUEST_ID,
)
QUERY = {"empty": "", "encodedPlus": "a+b", "literalPlus": "a b", "redirect": "https://example.com/a/b"}
RAW_QUERY = REQUEST.query
EXTENDED = re.compile(r"[A-Za-z0-9_-]{15}=")
FORWARDED = {"x-forwarded-for": "68.8.83.18", "x-forwarded-port": "3000", "x-forwarded-proto": "http"}
LOWER = {
    "accept": "*/*",
    "content-length": "66",
    "content-type": "application/json",
    "host": "localhost:3000",
    "user-agent": "curl/8.7.1",
    "x-amzn-trace-id": TRACE,
    **FORWARDED,
}


def taken(event: dict[str, Any], *way: str) -> Any:
    """A member that has an id of this machine's."""
    for name in way[:-1]:
        event = event[name]
    return event.pop(way[-1])


def test_a_rest_api_hands_it_on_as_recorded() -> None:
    route = route_of("ANY", "/{proxy+}")
    matched = matched_of(REQUEST, route, proxy="capture/space%20value")
    event = event_of(api_of(ApiKind.REST, route), matched, REQUEST)

    assert EXTENDED.fullmatch(taken(event, "requestContext", "extendedRequestId"))
    assert re.fullmatch(r"[a-z0-9]{6}", taken(event, "requestContext", "resourceId"))
    assert re.fullmatch(r"[a-z0-9]{6}", taken(event, "requestContext", "deploymentId"))
    single = {
        "Host": "localhost:3000",
        "User-Agent": "curl/8.7.1",
        "X-Amzn-Trace-Id": TRACE,
        "X-Forwarded-For": "68.8.83.18",
        "X-Forwarded-Port": "3000",
        "X-Forwarded-Proto": "http",
        "accept": "*/*",
        "content-type": "application/json",
        "cookie": "session=abc123; theme=dark",
        "x-voker-probe": "second",
    }
    assert event == {
        "resource": "/{proxy+}",
        "path": "/capture/space%20value",
        "httpMethod": "POST",
        "headers": single,
        "multiValueHeaders": {name: [value] for name, value in single.items()}
        | {"x-voker-probe": ["first", "second"]},
        "queryStringParameters": {**QUERY, "repeat": "two"},
        "multiValueQueryStringParameters": {name: [value] for name, value in QUERY.items()}
        | {"repeat": ["one", "two"]},
        "pathParameters": {"proxy": "capture/space%20value"},
        "stageVariables": None,
        "requestContext": {
            "accountId": "910345601053",
            "apiId": "5h7pqvr9u4",
            "domainName": "localhost:3000",
            "domainPrefix": "localhost",
            "httpMethod": "POST",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": "68.8.83.18",
                "user": None,
                "userAgent": "curl/8.7.1",
                "userArn": None,
            },
            "path": "/live/capture/space%20value",
            "protocol": "HTTP/1.1",
            "requestId": "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0",
            "requestTime": "10/Jul/2026:19:19:04 +0000",
            "requestTimeEpoch": 1783711144836,
            "resourcePath": "/{proxy+}",
            "stage": "live",
        },
        "body": BODY,
        "isBase64Encoded": False,
    }


def test_an_http_api_hands_it_on_in_format_2_as_recorded() -> None:
    route = route_of("ANY", "$default")
    event = event_of(api_of(ApiKind.HTTP, route), matched_of(REQUEST, route), REQUEST)

    assert EXTENDED.fullmatch(taken(event, "requestContext", "requestId"))
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/capture/space value",
        "rawQueryString": RAW_QUERY,
        "cookies": ["session=abc123", "theme=dark"],
        "headers": {**LOWER, "x-voker-probe": "first,second"},
        "queryStringParameters": {**QUERY, "repeat": "one,two"},
        "requestContext": {
            "accountId": "910345601053",
            "apiId": "5h7pqvr9u4",
            "domainName": "localhost:3000",
            "domainPrefix": "localhost",
            "http": {
                "method": "POST",
                "path": "/capture/space value",
                "protocol": "HTTP/1.1",
                "sourceIp": "68.8.83.18",
                "userAgent": "curl/8.7.1",
            },
            "routeKey": "$default",
            "stage": "$default",
            "time": "10/Jul/2026:19:19:04 +0000",
            "timeEpoch": 1783711144836,
        },
        "body": BODY,
        "isBase64Encoded": False,
    }


def test_a_function_url_hands_it_on_as_recorded() -> None:
    event = event_of(api_of(ApiKind.FUNCTION_URL), matched_of(REQUEST, route_of("ANY", "$default")), REQUEST)

    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/capture/space%20value",
        "rawQueryString": RAW_QUERY,
        "cookies": ["session=abc123", "theme=dark"],
        "headers": {**LOWER, "cookie": "session=abc123; theme=dark", "x-voker-probe": "first,second"},
        "queryStringParameters": {**QUERY, "repeat": "one,two"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "5h7pqvr9u4",
            "domainName": "localhost:3000",
            "domainPrefix": "localhost",
            "http": {
                "method": "POST",
                "path": "/capture/space value",
                "protocol": "HTTP/1.1",
                "sourceIp": "68.8.83.18",
                "userAgent": "curl/8.7.1",
            },
            "requestId": "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0",
            "routeKey": "$default",
            "stage": "$default",
            "time": "10/Jul/2026:19:19:04 +0000",
            "timeEpoch": 1783711144836,
        },
        "body": BODY,
        "isBase64Encoded": False,
    }


def test_a_load_balancer_hands_it_on_as_recorded() -> None:
    api = api_of(ApiKind.ALB, name="vokerh-ALBTa", multi_value_headers=True)
    event = event_of(api, matched_of(REQUEST), REQUEST)

    arn = event["requestContext"]["elb"].pop("targetGroupArn")
    assert re.fullmatch(
        r"arn:aws:elasticloadbalancing:us-west-2:910345601053:targetgroup/vokerh-ALBTa/[0-9a-z]{16}", arn
    )
    several = {name: [value] for name, value in LOWER.items()}
    assert event == {
        "requestContext": {"elb": {}},
        "httpMethod": "POST",
        "path": "/capture/space%20value",
        "multiValueQueryStringParameters": {
            "empty": [""],
            "encodedPlus": ["a%2Bb"],
            "literalPlus": ["a+b"],
            "redirect": ["https%3A%2F%2Fexample.com%2Fa%2Fb"],
            "repeat": ["one", "two"],
        },
        "multiValueHeaders": {
            **several,
            "cookie": ["session=abc123; theme=dark"],
            "x-voker-probe": ["first", "second"],
        },
        "body": BODY,
        "isBase64Encoded": False,
    }


def test_a_load_balancer_without_multi_value_headers_keeps_the_last_of_each() -> None:
    # ELB user guide, "Multi-value headers": "the load balancer uses the last value that it receives".
    event = event_of(api_of(ApiKind.ALB), matched_of(REQUEST), REQUEST)
    assert event["headers"]["x-voker-probe"] == "second"
    assert event["queryStringParameters"]["repeat"] == "two"
    assert not {"multiValueHeaders", "multiValueQueryStringParameters"} & set(event)


def test_an_http_api_hands_it_on_in_format_1() -> None:
    # Names and their case: milliHQ/terraform-aws-next-js pull request 31, recorded on AWS. Members: API Gateway
    # developer guide, "AWS Lambda proxy integrations for HTTP APIs"; powertools' apiGatewayAuthorizerRequestEvent.
    route = route_of("ANY", "/{proxy+}", payload_format=PayloadFormat.V1)
    event = event_of(api_of(ApiKind.HTTP, route), matched_of(REQUEST, route, proxy="capture/space value"), REQUEST)

    assert event["version"] == "1.0"
    assert set(event["headers"]) == {
        "Content-Length",
        "Host",
        "User-Agent",
        "X-Amzn-Trace-Id",
        "X-Forwarded-For",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "accept",
        "content-type",
        "cookie",
        "x-voker-probe",
    }
    assert event["multiValueHeaders"]["x-voker-probe"] == ["first", "second"]
    assert event["multiValueQueryStringParameters"]["repeat"] == ["one", "two"]
    context = event["requestContext"]
    assert (context["resourceId"], context["resourcePath"]) == ("ANY /{proxy+}", "/{proxy+}")
    assert context["requestId"] == context["extendedRequestId"]
    assert context["identity"]["cognitoAmr"] is None


def test_a_rest_api_keeps_the_case_of_names_but_for_its_own() -> None:
    # localstack/localstack, test_lambda_aws_proxy_integration: sent as authorization and tEsT-HEADeR.
    headers = (("authorization", "random-value"), ("tEsT-HEADeR", "aValUE"), ("Connection", "keep-alive"))
    request = HttpRequest(method="GET", path="/", headers=headers, received=0, request_id="r")
    event = event_of(api_of(ApiKind.REST), matched_of(request), request)
    assert event["headers"]["Authorization"] == "random-value"
    assert event["multiValueHeaders"]["tEsT-HEADeR"] == ["aValUE"]
    assert "Connection" not in event["headers"]
    assert event["body"] is None
    assert event["pathParameters"] is None
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None


def test_format_2_leaves_out_what_is_not_there() -> None:
    # aws/aws-lambda-go, apigw-v2-request-no-authorizer.json, recorded on AWS with curl.
    request = HttpRequest(
        method="GET", path="/", headers=(("Host", "h"), ("Accept", "*/*")), received=0, request_id="r"
    )
    event = event_of(api_of(ApiKind.HTTP), matched_of(request, route_of("ANY", "$default")), request)
    assert set(event) == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded",
    }  # fmt: skip
    assert event["headers"]["content-length"] == "0"
    assert event["rawQueryString"] == ""


def test_an_http_api_shows_its_stage_in_the_path() -> None:
    # floci-io/floci issue 2172, recorded on AWS: stage dev, rawPath /dev/testApi.
    request = HttpRequest(method="GET", path="/testApi", received=0, request_id="r")
    event = event_of(api_of(ApiKind.HTTP, stage="dev"), matched_of(request), request)
    assert event["rawPath"] == "/dev/testApi"
    assert event["requestContext"]["http"]["path"] == "/dev/testApi"
