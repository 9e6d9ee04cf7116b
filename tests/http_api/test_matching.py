"""Which route takes a request: what AWS has been seen to do, and what its guides say."""

from __future__ import annotations

import pytest
from routes_kit import request

from samlocal.deployed.place import Place
from samlocal.http_api.exchange import Matched, NoRoute
from samlocal.http_api.integration import LambdaIntegration
from samlocal.http_api.matching.matcher import Matcher
from samlocal.http_api.model import Api, ApiKind, Route, RuleCondition

PLACE = Place(region="eu-west-1", account="123456789012")


def served(kind: ApiKind, *keys: str, stage: str = "$default") -> Matcher:
    """An API with these routes, such as ``GET /items``."""
    routes = []
    for key in keys:
        method, _, path = key.rpartition(" ")
        routes.append(Route(method=method or "ANY", path=path, integration=LambdaIntegration(function=key)))
    return Matcher(Api(id="Api", api_id="abc", kind=kind, name="api", place=PLACE, routes=tuple(routes), stage=stage))


def taken(matcher: Matcher, asked: str) -> str | None:
    method, _, path = asked.partition(" ")
    found = matcher.match(request(method, path))
    return found.route.key if isinstance(found, Matched) else None


def parameters(matcher: Matcher, asked: str) -> dict[str, str]:
    method, _, path = asked.partition(" ")
    found = matcher.match(request(method, path))
    assert isinstance(found, Matched)
    return dict(found.path_parameters)


# Measured on AWS: floci-io/floci pull request 3399 (us-west-2, REST).
USERS = (
    "GET /users/{userId}", "PATCH /users/me", "POST /roles/provision", "GET /roles/{roleId}", "GET /things/real",
    "POST /things/{proxy+}",
)  # fmt: skip
# Measured on AWS: ministackorg/ministack pull request 1423 (eu-central-1, REST).
JOBS = ("ANY /{proxy+}", "GET /jobs/{operation_type}", "OPTIONS /cors_only")


@pytest.mark.parametrize(
    ("routes", "asked", "by"),
    [
        (USERS, "GET /users/me", "GET /users/{userId}"),
        (USERS, "PATCH /users/me", "PATCH /users/me"),
        (USERS, "GET /users/abc123", "GET /users/{userId}"),
        (USERS, "POST /users/me", None),
        (USERS, "POST /roles/provision", "POST /roles/provision"),
        (USERS, "GET /roles/provision", "GET /roles/{roleId}"),
        (USERS, "GET /things/real", "GET /things/real"),
        (USERS, "POST /things/real", "POST /things/{proxy+}"),
        (JOBS, "GET /jobs/reboot", "GET /jobs/{operation_type}"),
        (JOBS, "GET /jobs", "ANY /{proxy+}"),
        (JOBS, "POST /jobs", "ANY /{proxy+}"),
        (JOBS, "POST /jobs/reboot", "ANY /{proxy+}"),
        (JOBS, "GET /cors_only", "ANY /{proxy+}"),
        (JOBS, "OPTIONS /cors_only", "OPTIONS /cors_only"),
        # localstack/localstack issue 9207.
        (("POST /zap", "OPTIONS /{proxy+}"), "OPTIONS /zap", "OPTIONS /{proxy+}"),
        # localstack/localstack issue 5226: a literal goes before a greedy sibling.
        (("ANY /resource/{proxy+}", "GET /resource/test"), "GET /resource/test", "GET /resource/test"),
        # floci-io/floci issue 792: a greedy resource is of its own parent alone.
        (("ANY /auth/{proxy+}", "ANY /products/{proxy+}"), "DELETE /products/123", "ANY /products/{proxy+}"),
        # aws/chalice pull request 588: a parameter is never empty.
        (("GET /resource/{name}",), "GET /resource/", None),
        # aws/chalice issue 65, aws-powertools/powertools-lambda-python issue 1552: a slash at the end means nothing.
        (("GET /trailing-slash",), "GET /trailing-slash/", "GET /trailing-slash"),
        # API Gateway developer guide, "Set up a proxy integration with a proxy resource": any name, any depth.
        (("GET /parent/{child+}",), "GET /parent/a/b/c", "GET /parent/{child+}"),
        (("GET /parent/{child+}",), "GET /parent", None),
        # The root is a resource of its own.
        (("ANY /{proxy+}",), "GET /", None),
        (("ANY /", "ANY /{proxy+}"), "GET /", "ANY /"),
        (("GET /a",), "HEAD /a", None),
        (("GET /a",), "OPTIONS /a", None),
        (("ANY /a", "GET /a"), "GET /a", "GET /a"),
        (("ANY /a", "GET /a"), "HEAD /a", "ANY /a"),
        (("GET /a",), "GET /A", None),
    ],
)  # fmt: skip
def test_a_rest_api_takes_the_most_specific_resource_that_has_the_method(
    routes: tuple[str, ...], asked: str, by: str | None
) -> None:
    assert taken(served(ApiKind.REST, *routes), asked) == by


# API Gateway developer guide, "Create routes for HTTP APIs": the guide's own example, line by line.
PETS = (
    "GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default",
)  # fmt: skip


@pytest.mark.parametrize(
    ("routes", "asked", "by"),
    [
        (PETS, "GET /pets/dog/1", "GET /pets/dog/1"),
        (PETS, "GET /pets/dog/2", "GET /pets/dog/{id}"),
        (PETS, "GET /pets/cat/1", "GET /pets/{proxy+}"),
        (PETS, "POST /test/5", "ANY /{proxy+}"),
        (PETS, "GET /", "$default"),
        # Without a $default there is no route.
        (PETS[:3], "POST /pets/dog/1", None),
        (PETS[:3], "GET /", None),
        # A full match goes before a greedy one.
        (("GET /{a}/b", "GET /x/{proxy+}"), "GET /x/b", "GET /{a}/b"),
        # aws-powertools/powertools-lambda-python pull request 1609: only REST APIs overlook a slash at the end.
        (("GET /hello",), "GET /hello/", None),
        (("GET /hello", "GET /{proxy+}"), "GET /hello/", "GET /{proxy+}"),
        # KensioSoftware/yulin issue 299, observed on AWS.
        (("GET /a/{proxy+}",), "GET /a/", None),
        (("ANY /a", "GET /a"), "GET /a", "GET /a"),
        (("ANY /a/{proxy+}", "ANY /a/b/{proxy+}"), "GET /a/b/c", "ANY /a/b/{proxy+}"),
        # A path is decoded before it is routed (aws/aws-lambda-dotnet pull request 1901).
        (("GET /{example}/thing",), "GET /a%2Fb/thing", None),
        (("GET /{example}/thing",), "GET /a%252Fb/thing", "GET /{example}/thing"),
        # hotsock/voker, ingress-paths.json: what is behind a decoded question mark is gone.
        (("GET /capture/question",), "GET /capture/question%3Fvalue", "GET /capture/question"),
    ],
)  # fmt: skip
def test_an_http_api_takes_full_matches_then_greedy_ones_then_the_default(
    routes: tuple[str, ...], asked: str, by: str | None
) -> None:
    assert taken(served(ApiKind.HTTP, *routes), asked) == by


# REST: localstack/localstack, test_apigateway_lambda.snapshot.json, recorded on AWS. HTTP: hotsock/voker,
# ingress-paths.json, recorded on AWS.
@pytest.mark.parametrize(
    ("kind", "route", "asked", "expected"),
    [
        (ApiKind.REST, "GET /{proxy+}", "GET /test-path", {"proxy": "test-path"}),
        (ApiKind.REST, "GET /{proxy+}", "GET /test-path/", {"proxy": "test-path"}),
        (
            ApiKind.REST,
            "GET /{proxy+}",
            "GET /test-path/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
            {"proxy": "test-path/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"},
        ),
        (ApiKind.REST, "GET /{a}/x/{b}", "GET /1/x/2", {"a": "1", "b": "2"}),
        (ApiKind.HTTP, "GET /capture/{x}", "GET /capture/space%20value", {"x": "space value"}),
        (ApiKind.HTTP, "GET /capture/{x}", "GET /capture/literal%252Fvalue", {"x": "literal/value"}),
        (ApiKind.HTTP, "GET /capture/{x}", "GET /capture/literal%2525value", {"x": "literal%value"}),
        (ApiKind.HTTP, "GET /capture/{x+}", "GET /capture/slash%2Fvalue", {"x": "slash/value"}),
        (ApiKind.HTTP, "GET /capture/{x}", "GET /capture/unicode-%CE%BB", {"x": "unicode-λ"}),
    ],
)
def test_path_parameters_are_as_each_kind_of_api_hands_them_on(
    kind: ApiKind, route: str, asked: str, expected: dict[str, str]
) -> None:
    assert parameters(served(kind, route), asked) == expected


@pytest.mark.parametrize("kind", [ApiKind.REST, ApiKind.HTTP])
def test_a_path_may_have_its_stage_before_it_as_on_aws(kind: ApiKind) -> None:
    matcher = served(kind, "GET /items/{id}", "GET /", stage="test")

    found = [matcher.match(request("GET", path)) for path in ("/items/1", "/test/items/1", "/test", "/testitems/1")]

    assert [each.path if isinstance(each, Matched) else None for each in found] == [
        "/items/1",
        "/items/1",
        "/",
        None,
    ]


def test_slashes_before_a_path_are_one() -> None:
    found = served(ApiKind.REST, "GET /{proxy+}").match(request("GET", "//a/b"))

    assert isinstance(found, Matched)
    assert (found.path, found.path_parameters) == ("/a/b", {"proxy": "a/b"})


def test_any_of_a_rest_api_is_the_seven_methods_that_aws_names() -> None:
    # API Gateway developer guide, "Set up a proxy integration with a proxy resource".
    matcher = served(ApiKind.REST, "/a")
    asked = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "LINK")

    assert [method for method in asked if taken(matcher, f"{method} /a")] == list(asked[:7])


def test_a_function_url_takes_every_method_and_path() -> None:
    matcher = served(ApiKind.FUNCTION_URL, "$default")

    assert {taken(matcher, asked) for asked in ("GET /", "PATCH /a/b%20c", "OPTIONS /x/")} == {"$default"}


@pytest.mark.parametrize(
    ("condition", "asked", "holds"),
    [
        # Elastic Load Balancing user guide, "Condition types for listener rules".
        (RuleCondition(field="path-pattern", values=("/img/*",)), request("GET", "/img/a/b.png"), True),
        (RuleCondition(field="path-pattern", values=("/img/*",)), request("GET", "/IMG/a"), False),
        (RuleCondition(field="path-pattern", values=("/a?c", "/x")), request("GET", "/abc"), True),
        (RuleCondition(field="path-pattern", values=("/a[bc]",)), request("GET", "/ab"), False),
        (
            RuleCondition(field="host-header", values=("*.example.com",)),
            request("GET", "/", headers={"Host": "Test.Example.com:3000"}),
            True,
        ),
        (
            RuleCondition(field="host-header", values=("*.example.com",)),
            request("GET", "/", headers={"Host": "example.com"}),
            False,
        ),
        (
            RuleCondition(field="http-header", name="User-Agent", values=("*Chrome*",)),
            request("GET", "/", headers={"user-agent": "Mozilla chrome/1"}),
            True,
        ),
        (RuleCondition(field="http-request-method", values=("GET",)), request("HEAD", "/"), False),
        (
            RuleCondition(field="query-string", values=("v=1",)),
            request("GET", "/", query="a=1&v=1"),
            True,
        ),
        (RuleCondition(field="query-string", values=("*example*",)), request("GET", "/", query="a=an+example"), True),
        (RuleCondition(field="query-string", values=("v=1",)), request("GET", "/", query="v=2"), False),
        # Its API reference, "QueryStringConditionConfig".
        (RuleCondition(field="query-string", values=("Version=V1",)), request("GET", "/", query="version=v1"), True),
        (RuleCondition(field="query-string", values=(r"q=what\?",)), request("GET", "/", query="q=what%3F"), True),
        (RuleCondition(field="query-string", values=(r"q=what\?",)), request("GET", "/", query="q=whats"), False),
        (RuleCondition(field="query-string", values=(r"q=\*",)), request("GET", "/", query="q=all"), False),
        (RuleCondition(field="source-ip", values=("127.0.0.0/8",)), request("GET", "/"), True),
        (RuleCondition(field="source-ip", values=("192.0.2.0/24", "2001:db8::/32")), request("GET", "/"), False),
    ],
)
def test_a_rule_of_a_load_balancer_holds_as_its_condition_says(
    condition: RuleCondition, asked: object, holds: bool
) -> None:
    ruled = Route(method="ANY", path="/*", integration=LambdaIntegration(function="ruled"), conditions=(condition,))
    rest = Route(method="ANY", path="/*", integration=LambdaIntegration(function="rest"))
    matcher = Matcher(Api(id="A", api_id="a", kind=ApiKind.ALB, name="a", place=PLACE, routes=(ruled, rest)))

    found = matcher.match(asked)

    assert not isinstance(found, NoRoute)
    assert found.route.function == ("ruled" if holds else "rest")
