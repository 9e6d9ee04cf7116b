"""Authorizers that are functions: when they are asked, with what, what their answers mean, and for how long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Never

import pytest
from api_kit import RECEIVED, api_of, event_of, matched_of, request_of, route_of
from front_kit import LeapingLoop, ran_in_leaps

from samlocal.errors import CodeError
from samlocal.http_api.answers.answer import refused
from samlocal.http_api.authorizers.authorizers import Authorizers
from samlocal.http_api.authorizers.decision import Allowed, Decision, Denied
from samlocal.http_api.authorizers.verdicts import SayingError, simple_saying
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import (
    Api,
    ApiKey,
    ApiKind,
    Authorizer,
    GatewayResponse,
    IamAuthorizer,
    LambdaAuthorizer,
    Route,
    UnknownAuthorizer,
)
from samlocal.sandbox.result import FunctionError, Result, Success, timed_out

ARN = "arn:aws:execute-api:us-west-2:910345601053:5h7pqvr9u4/live/GET/pets"


def policy(effect: str = "Allow", resource: str = "*", **members: Any) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "user", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}} | members


def no_tokens() -> Never:
    raise AssertionError("there is no token to verify")


class Door:
    """An API with one authorizer, whose function answers what the test says."""

    def __init__(
        self,
        kind: ApiKind,
        authorizer: Authorizer | None,
        answer: object = None,
        **api: Any,
    ) -> None:
        self.now = RECEIVED
        self.events: list[dict[str, Any]] = []
        self.answer: object = policy() if answer is None else answer
        self.api: Api = api_of(kind, authorizers={} if authorizer is None else {"A": authorizer}, **api)
        self.authorizers = Authorizers(self.api, self.run, no_tokens, clock=lambda: self.now)

    async def run(self, function: str, request: HttpRequest, event: bytes) -> Result:
        assert function == "Auth"
        self.events.append(json.loads(event))
        self.now += 0.021
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Success | FunctionError):
            return self.answer
        return Success(payload=json.dumps(self.answer).encode())

    def decide(
        self, headers: Mapping[str, str] | None = None, *, path: str = "/pets", query: str = "", **route: Any
    ) -> Decision:
        request = request_of("GET", path, query, headers or {})
        chosen: Route = route_of("GET", path, **({"authorizer": "A"} | route))
        return asyncio.run(self.authorizers.decide(matched_of(request, chosen), request))

    def answered(self, headers: Mapping[str, str] | None = None, **more: Any) -> tuple[int, str]:
        decision = self.decide(headers, **more)
        assert isinstance(decision, Denied)
        answer = refused(self.api, request_of(), decision.refusal)
        return answer.status, answer.body.decode()


def token(**members: Any) -> LambdaAuthorizer:
    given = {"identity_sources": ("method.request.header.Authorization",)} | members
    return LambdaAuthorizer(name="A", function="Auth", request=False, **given)


def request(**members: Any) -> LambdaAuthorizer:
    return LambdaAuthorizer(name="A", function="Auth", request=True, **members)


def simple(**members: Any) -> LambdaAuthorizer:
    given = {"identity_sources": ("$request.header.Authorization",), "ttl": 0} | members
    return request(payload_format=PayloadFormat.V2, simple_responses=True, **given)


HELD = {"Authorization": "allow"}


def test_a_token_authorizer_is_asked_with_the_token_and_the_method() -> None:
    # API Gateway developer guide, "Input to an API Gateway Lambda authorizer".
    door = Door(ApiKind.REST, token())
    decision = door.decide(HELD)
    assert isinstance(decision, Allowed)
    assert door.events == [{"type": "TOKEN", "methodArn": ARN, "authorizationToken": "allow"}]


def test_what_it_says_is_in_the_event_of_the_function() -> None:
    # API Gateway developer guide, "Output from an API Gateway Lambda authorizer".
    door = Door(ApiKind.REST, token(), policy(context={"numKey": 1, "boolKey": True, "key": "value"}))
    decision = door.decide(HELD)
    assert isinstance(decision, Allowed)
    sent = request_of("GET", "/pets")
    event = event_of(door.api, matched_of(sent), sent, decision.caller)
    assert event["requestContext"]["authorizer"] == {
        "principalId": "user",
        "numKey": "1",
        "boolKey": "true",
        "key": "value",
        "integrationLatency": 21,
    }


# AWS knowledge center, "401 Unauthorized errors after creating a Lambda authorizer": without asking the function.
@pytest.mark.parametrize(
    ("authorizer", "headers", "query"),
    [
        (token(), {}, ""),
        (token(), {"Authorization": ""}, ""),
        (token(validation="^Bearer .*$"), {"Authorization": "Basic x"}, ""),
        (token(validation="abc"), {"Authorization": "abcd"}, ""),
        (token(validation="^(a+)+$"), {"Authorization": "a" * 60 + "!"}, ""),
        (token(identity_sources=("method.request.header.tokenHeader",)), HELD, ""),
        (request(identity_sources=("method.request.header.Auth", "method.request.querystring.q")), {"Auth": "x"}, ""),
        (request(identity_sources=("method.request.querystring.q",)), {}, "q="),
        (request(identity_sources=("stageVariables.none",)), {}, ""),
    ],
)
def test_who_does_not_say_who_they_are_is_refused_without_asking(
    authorizer: LambdaAuthorizer, headers: dict[str, str], query: str
) -> None:
    door = Door(ApiKind.REST, authorizer)
    assert door.answered(headers, query=query) == (401, '{"message":"Unauthorized"}')
    assert door.events == []


def test_an_http_api_refuses_likewise() -> None:
    door = Door(ApiKind.HTTP, simple(identity_sources=("$request.header.X", "$request.querystring.y")))
    assert door.answered({"X": "1"}) == (401, '{"message":"Unauthorized"}')
    assert door.events == []


@pytest.mark.parametrize(
    "authorizer",
    [
        token(validation="^Bearer .*$", identity_sources=()),
        request(identity_sources=("method.request.header.authorization", "stageVariables.who", "context.httpMethod")),
        request(identity_sources=()),
    ],
)
def test_who_says_who_they_are_is_asked_about(authorizer: LambdaAuthorizer) -> None:
    door = Door(ApiKind.REST, authorizer, stage_variables={"who": "me"})
    assert isinstance(door.decide({"Authorization": "Bearer x"}), Allowed)
    assert len(door.events) == 1


EXPLICIT = '{"Message":"User is not authorized to access this resource with an explicit deny"}'
IMPLICIT = '{"Message":"User is not authorized to access this resource"}'


# AWS knowledge center, "403 Forbidden errors when using a Lambda authorizer", for REST APIs; the capital letter is in
# every answer of AWS that is written down (dev.to, "API Gateway + Lambda authorizer + Lambda proxy integration
# failure modes", for both).
@pytest.mark.parametrize(
    ("kind", "said", "body"),
    [
        (ApiKind.REST, policy("Deny"), EXPLICIT),
        (ApiKind.REST, policy("Allow", "arn:aws:execute-api:us-west-2:1:x/y/GET/z"), IMPLICIT),
        (ApiKind.HTTP, policy("Deny"), '{"message":"Forbidden"}'),
    ],
)
def test_who_is_denied_is_told_so_in_the_words_of_the_kind(kind: ApiKind, said: object, body: str) -> None:
    authorizer = token() if kind is ApiKind.REST else request(identity_sources=("$request.header.Authorization",))
    assert Door(kind, authorizer, said).answered(HELD) == (403, body)


def test_whom_a_condition_that_is_not_evaluated_keeps_out_is_told_apart() -> None:
    said = policy()
    said["policyDocument"]["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    door = Door(ApiKind.REST, token(), said)
    decision = door.decide(HELD)
    assert isinstance(decision, Denied)
    assert "depend on StringEquals of aws:PrincipalTag/team, which samlocal does not evaluate" in decision.remark
    assert door.answered(HELD)[0] == 403


def test_a_condition_that_is_none_makes_the_authorizer_wrongly_configured() -> None:
    said = policy()
    said["policyDocument"]["Statement"][0]["Condition"] = {"IpAddress": "10.0.0.0/8"}
    assert Door(ApiKind.REST, token(), said).answered(HELD)[0] == 500


def test_what_an_authorizer_says_of_whom_it_denies_is_for_the_templates_gateway_response() -> None:
    # API Gateway developer guide, "Output from an API Gateway Lambda authorizer": $context.authorizer.key.
    template = '{"why":"$context.authorizer.why","who":"$context.authorizer.principalId"}'
    responses = {"ACCESS_DENIED": GatewayResponse(templates={"application/json": template})}
    door = Door(ApiKind.REST, token(), policy("Deny", context={"why": "late"}), gateway_responses=responses)
    assert door.answered(HELD) == (403, '{"why":"late","who":"user"}')


@pytest.mark.parametrize(
    "said",
    [
        # API Gateway developer guide: an object or an array cannot be a value of the context.
        policy(context={"a": {"b": 1}}),
        policy(context=["a"]),
        {"principalId": "user"},
        {"policyDocument": policy()["policyDocument"]},
        policy("allow"),
        "allow",
        [1],
        Success(payload=b"no json"),
        FunctionError(payload=b'{"errorMessage": "Error: Invalid token"}'),
        FunctionError(payload=b"no json"),
        CodeError("Auth: no code"),
    ],
)
def test_an_authorizer_that_fails_or_says_nonsense_is_wrongly_configured(said: object) -> None:
    # API Gateway developer guide, "Use API Gateway Lambda authorizers": 500; aws/chalice issue 670 for the body.
    door = Door(ApiKind.REST, token(), said)
    assert door.answered(HELD) == (500, '{"message":null}')
    decision = door.decide(HELD)
    assert isinstance(decision, Denied)
    assert (decision.remark or "").startswith("A: ")


def test_an_authorizer_that_times_out_is_wrongly_configured() -> None:
    door = Door(ApiKind.REST, token())

    async def run(function: str, request: HttpRequest, event: bytes) -> Result:
        return timed_out("r", 3)

    door.authorizers = Authorizers(door.api, run, no_tokens)
    assert door.answered(HELD)[0] == 500


def test_raising_unauthorized_is_a_401() -> None:
    # API Gateway developer guide: callback("Unauthorized") returns a 401 Unauthorized response.
    for raised in ({"errorMessage": "Unauthorized"}, {"errorMessage": "Unauthorized", "errorType": "Exception"}):
        door = Door(ApiKind.REST, token(), FunctionError(payload=json.dumps(raised).encode()))
        assert door.answered(HELD) == (401, '{"message":"Unauthorized"}')


# API Gateway developer guide, "Lambda authorizer response format" of HTTP APIs.
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"isAuthorized": True, "context": {"a": [1, {"b": 2}]}}, None),
        ({"isAuthorized": False}, 403),
        ({"isAuthorized": "true"}, 500),
        ({}, 500),
        (policy(), 500),
    ],
)
def test_a_simple_answer_is_yes_or_no(said: object, status: int | None) -> None:
    door = Door(ApiKind.HTTP, simple(), said)
    decision = door.decide(HELD)
    if status is None:
        assert isinstance(decision, Allowed)
        assert decision.caller.context == {"a": [1, {"b": 2}]}
        assert door.events[0]["routeArn"].endswith("/$default/GET/pets")
        assert door.events[0]["identitySource"] == ["allow"]
    else:
        assert door.answered(HELD)[0] == status


def test_an_http_apis_authorizer_in_format_1_gets_format_1() -> None:
    door = Door(ApiKind.HTTP, request(identity_sources=("$request.header.Authorization",)))
    assert isinstance(door.decide(HELD), Allowed)
    assert (door.events[0]["version"], door.events[0]["identitySource"]) == ("1.0", "allow")


def test_a_websocket_apis_authorizer_is_asked_about_the_connection() -> None:
    door = Door(ApiKind.WEBSOCKET, request(identity_sources=("route.request.querystring.token",)))
    assert isinstance(door.decide({}, path="$connect", query="token=x"), Allowed)
    assert door.events[0]["methodArn"].endswith("/prod/$connect")
    assert door.answered({}, path="$connect")[0] == 401


def test_what_was_said_is_kept_for_the_same_identity_until_its_time_is_over() -> None:
    # API Gateway API reference, CreateAuthorizer: authorizerResultTtlInSeconds, 300 by default.
    door = Door(ApiKind.REST, token(ttl=300))
    for _ in range(2):
        assert isinstance(door.decide(HELD), Allowed)
    assert len(door.events) == 1
    door.decide({"Authorization": "another"})
    assert len(door.events) == 2
    door.now += 301
    door.decide(HELD)
    assert len(door.events) == 3


def test_the_kept_policy_is_evaluated_for_each_method_anew() -> None:
    # AWS knowledge center, "… a Lambda authorizer that has caching activated".
    door = Door(ApiKind.REST, token(), policy(resource=ARN))
    assert isinstance(door.decide(HELD), Allowed)
    assert door.answered(HELD, path="/other") == (403, IMPLICIT)
    assert len(door.events) == 1


@pytest.mark.parametrize("authorizer", [token(ttl=0), request(identity_sources=())])
def test_nothing_is_kept_without_a_time_or_an_identity(authorizer: LambdaAuthorizer) -> None:
    door = Door(ApiKind.REST, authorizer)
    for _ in range(2):
        door.decide(HELD)
    assert len(door.events) == 2


def test_neither_failures_nor_unauthorized_are_kept() -> None:
    door = Door(ApiKind.REST, token(), FunctionError(payload=b'{"errorMessage": "Unauthorized"}'))
    assert door.answered(HELD)[0] == 401
    door.answer = policy()
    assert isinstance(door.decide(HELD), Allowed)


def test_a_route_key_among_the_identity_keeps_each_route_apart() -> None:
    # API Gateway developer guide: "To cache responses per route, add $context.routeKey".
    door = Door(ApiKind.HTTP, simple(identity_sources=("$request.header.Authorization", "$context.routeKey"), ttl=60))
    door.answer = {"isAuthorized": True}
    door.decide(HELD)
    door.decide(HELD, path="/other")
    door.decide(HELD)
    assert [event["routeKey"] for event in door.events] == ["GET /pets", "GET /other"]


def test_a_route_without_an_authorizer_lets_everybody_pass() -> None:
    assert isinstance(Door(ApiKind.REST, None).decide({}, authorizer=None), Allowed)


def test_signatures_are_not_checked_and_that_is_said() -> None:
    decision = Door(ApiKind.HTTP, IamAuthorizer(name="A")).decide({})
    assert isinstance(decision, Allowed)
    assert decision.remark == "GET /pets: signatures (AWS_IAM) are not checked"


@pytest.mark.parametrize("authorizer", [None, UnknownAuthorizer(name="A", reason="its function cannot be known")])
def test_an_authorizer_that_cannot_be_known_lets_nobody_pass(authorizer: Authorizer | None) -> None:
    assert Door(ApiKind.REST, authorizer).answered(HELD)[0] == 500


KEYS = (ApiKey(name="one", value="first-key-of-the-template"), ApiKey(name="two", value="second"))
FORBIDDEN = (403, '{"message":"Forbidden"}')


def keyed(check: Callable[..., Any], *, given: str | None, **more: Any) -> Any:
    return check({} if given is None else {"X-Api-Key": given}, authorizer=None, api_key_required=True, **more)


def test_an_api_key_is_one_of_the_templates() -> None:
    # localstack/localstack, TestUsagePlans.test_api_key_required_for_methods, validated on AWS: 403 without or with
    # a wrong one.
    door = Door(ApiKind.REST, None, api_keys=KEYS)
    decision = keyed(door.decide, given="second")
    assert isinstance(decision, Allowed)
    assert decision.caller.api_key == "second"
    assert decision.remark is None
    for wrong in (None, "", "third", "first-key-of-the-templat"):
        assert keyed(door.answered, given=wrong) == FORBIDDEN


@pytest.mark.parametrize(
    "keys", [(), (ApiKey(name="made by AWS", value=None),), (*KEYS, ApiKey(name="x", value=None))]
)
def test_a_key_whose_value_nobody_knows_is_taken_and_that_is_said(keys: tuple[ApiKey, ...]) -> None:
    door = Door(ApiKind.REST, None, api_keys=keys)
    decision = keyed(door.decide, given="whatever")
    assert isinstance(decision, Allowed)
    assert "any is taken" in (decision.remark or "")
    assert keyed(door.answered, given=None) == FORBIDDEN


def test_the_key_may_come_from_the_authorizer() -> None:
    # API Gateway developer guide, "Choose an API key source": usageIdentifierKey.
    door = Door(
        ApiKind.REST, token(), policy(usageIdentifierKey="second"), api_keys=KEYS, api_key_source="AUTHORIZER"
    )
    decision = door.decide(HELD, api_key_required=True)
    assert isinstance(decision, Allowed)
    assert (decision.caller.api_key, decision.caller.principal_id) == ("second", "user")
    door = Door(ApiKind.REST, token(), policy(), api_keys=KEYS, api_key_source="AUTHORIZER")
    assert door.answered({**HELD, "X-Api-Key": "second"}, api_key_required=True) == FORBIDDEN


def test_the_authorizer_comes_before_the_key() -> None:
    door = Door(ApiKind.REST, token(), api_keys=KEYS)
    assert door.answered({}, api_key_required=True)[0] == 401


@pytest.mark.parametrize("context", ['{"a": "\\ud800"}', '{"\\udfff": 1}'])
def test_a_context_with_half_a_character_is_an_authorizers_fault(context: str) -> None:
    with pytest.raises(SayingError, match="no text"):
        simple_saying(f'{{"isAuthorized": true, "context": {context}}}'.encode())


def test_a_context_may_have_any_character() -> None:
    said = simple_saying(b'{"isAuthorized": true, "context": {"a": "\\ud83d\\ude00 \\u00e9"}}')
    assert said.context == {"a": "\N{GRINNING FACE} \N{LATIN SMALL LETTER E WITH ACUTE}"}


# API Gateway developer guide, "Quotas for configuring and running an HTTP API": a Lambda authorizer's response.
@pytest.mark.parametrize(
    ("kind", "authorizer", "seconds"), [(ApiKind.HTTP, simple(), 10), (ApiKind.REST, token(), 29)]
)
def test_an_authorizer_that_does_not_answer_in_time_is_broken(
    kind: ApiKind, authorizer: LambdaAuthorizer, seconds: int
) -> None:
    door = Door(kind, authorizer, {"isAuthorized": True} if kind is ApiKind.HTTP else policy())
    sent = request_of("GET", "/pets", headers=HELD)
    matched = matched_of(sent, route_of("GET", "/pets", authorizer="A"))

    async def decided(loop: LeapingLoop, after: float) -> Decision:
        async def late(function: str, request: HttpRequest, event: bytes) -> Result:
            loop.leap(after)
            await asyncio.sleep(0.001)
            return await door.run(function, request, event)

        return await Authorizers(door.api, late, no_tokens).decide(matched, sent)

    assert isinstance(ran_in_leaps(lambda loop: decided(loop, seconds / 2)), Allowed)
    denied = ran_in_leaps(lambda loop: decided(loop, seconds + 0.1))
    assert isinstance(denied, Denied)
    assert denied.remark == f"A: Auth has not answered within {seconds} s"
    assert refused(door.api, sent, denied.refusal).status == 500
