"""Usage plans: what a key may do in a time, and what its client gets beyond that.

Sources: API Gateway developer guide, "Usage plans and API keys for REST APIs", "Throttle requests to your REST APIs",
"Gateway response types" (``THROTTLED``, ``QUOTA_EXCEEDED``); API reference, "QuotaSettings"; the CloudFormation type
AWS::ApiGateway::UsagePlan.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from front_kit import FakePool, Heard, ran
from routes_kit import api, request

from samlocal.http_api.authorizers.token_authorizers import Verifies
from samlocal.http_api.front import Front
from samlocal.http_api.usage import Exceeded, Period, Quota, Throttle, Usage, UsagePlan

TEMPLATE = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: app.handler, Code: src, Role: r}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: n}}
  Things: {Type: AWS::ApiGateway::Resource,
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: things}}
  Get: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref Things, HttpMethod: GET,
    ApiKeyRequired: true, Integration: {Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub
    "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}}}
  Put: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref Things, HttpMethod: PUT,
    ApiKeyRequired: true, Integration: {Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub
    "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}}}
  Live: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: live}}
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: mine, Value: a-key-of-the-template-itself}}
  Other: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: other, Value: another-key-of-the-template}}
  Plan: {Type: AWS::ApiGateway::UsagePlan, Properties: PLAN}
  Uses: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, UsagePlanId: !Ref Plan}}
  Too: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Other, UsagePlanId: !Ref Plan}}
"""
KEY, OTHER = "a-key-of-the-template-itself", "another-key-of-the-template"
TWO = {"RateLimit": 0, "BurstLimit": 2}


class Clock:
    def __init__(self, moment: str) -> None:
        self.epoch = datetime.datetime.fromisoformat(moment).timestamp()

    def __call__(self) -> float:
        return self.epoch


def at_noon() -> Usage:
    """No day ends within a test."""
    return Usage(epoch=Clock("2026-11-26T12:00:00+00:00"))


def planned(*, methods: dict[str, Any] | None = None, **properties: Any) -> str:
    stage = {"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Live"}, "Throttle": methods or {}}
    return TEMPLATE.replace("PLAN", json.dumps({"ApiStages": [stage], **properties}))


def no_tokens() -> Verifies:
    raise AssertionError("nobody has a token")


def answers(
    text: str, *asked: tuple[str, str], heard: Heard | None = None, usage: Usage | None = None
) -> list[tuple[int, str]]:
    """The status and the message for each request, by method and key."""
    served = api(text, head="")

    async def main() -> list[tuple[int, str]]:
        front = Front(served, FakePool(), heard or Heard(), no_tokens, None, usage)
        given = []
        for method, key in asked:
            answer = await front.answer(request(method, "/things", headers={"x-api-key": key}))
            said = answer.body.decode()
            given.append((answer.status, json.loads(said)["message"] if answer.status >= 400 else said))
        await front.close()
        return given

    return ran(main())


DONE = (200, "done")
OVER_RATE = (429, "Too Many Requests")
OVER_QUOTA = (429, "Limit Exceeded")


def test_more_than_a_burst_at_a_time_is_too_many_requests_of_this_key_alone() -> None:
    heard = Heard()
    asked = [("GET", KEY), ("GET", KEY), ("GET", KEY), ("GET", OTHER), ("PUT", KEY)]

    assert answers(planned(Throttle=TWO), *asked, heard=heard) == [DONE, DONE, OVER_RATE, DONE, OVER_RATE]
    over = "Api: the API key is over the rate of its usage plan Plan"
    assert heard.remarks == [
        "Api: the limits of the usage plan Plan are counted by this process alone, since it began", over, over
    ]  # fmt: skip


def test_a_method_may_have_a_limit_of_its_own() -> None:
    text = planned(Throttle=TWO, methods={"/things/PUT": {"BurstLimit": 0}})

    assert answers(text, ("PUT", KEY), ("GET", KEY)) == [OVER_RATE, DONE]


def test_more_than_a_quota_is_a_limit_exceeded() -> None:
    text = planned(Quota={"Limit": 3, "Period": "DAY", "Offset": 1})

    assert answers(text, *[("GET", KEY)] * 3, usage=at_noon()) == [DONE, DONE, OVER_QUOTA]


def test_a_plan_counts_over_all_apis_and_after_its_routes_have_changed() -> None:
    usage = at_noon()
    text = planned(Quota={"Limit": 1, "Period": "MONTH"})

    assert answers(text, ("GET", KEY), usage=usage) == [DONE]
    assert answers(text, ("GET", KEY), usage=usage) == [OVER_QUOTA]


def test_a_key_that_aws_makes_up_is_within_the_plan_of_such_keys() -> None:
    text = planned(Throttle=TWO).replace(f", Value: {KEY}", "")

    assert answers(text, *[("GET", "whatever")] * 3) == [DONE, DONE, OVER_RATE]


def test_a_plan_without_limits_says_nothing() -> None:
    heard = Heard()

    assert answers(planned(), ("GET", KEY), heard=heard) == [DONE]
    assert heard.remarks == []


def test_a_bucket_fills_at_its_rate_up_to_its_burst() -> None:
    clock = Clock("2026-11-26T12:00:00+00:00")
    usage = Usage(now=clock, epoch=clock)
    limited = UsagePlan(id="Plan", throttle=Throttle(rate=2, burst=3))

    def taken(number: int) -> int:
        return [usage.take(limited, "key", "GET", "/") for _ in range(number)].count(None)

    assert taken(5) == 3
    clock.epoch += 1
    assert taken(5) == 2
    clock.epoch += 0.5
    assert taken(5) == 1
    clock.epoch += 3600
    assert taken(5) == 3


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        (Period.DAY, "2026-11-26T23:59:59+00:00", "2026-11-27T00:00:00+00:00"),
        (Period.WEEK, "2026-11-28T23:59:59+00:00", "2026-11-29T00:00:00+00:00"),
        (Period.MONTH, "2026-11-30T23:59:59+00:00", "2026-12-01T00:00:00+00:00"),
    ],
)
def test_a_quota_begins_anew_with_its_period_without_the_offset_of_the_first(
    period: Period, last: str, first: str
) -> None:
    clock = Clock(last)
    usage = Usage(epoch=clock)
    limited = UsagePlan(id="Plan", quota=Quota(limit=3, period=period, offset=2))

    def take() -> Exceeded | None:
        return usage.take(limited, "key", "GET", "/")

    assert [take(), take()] == [None, Exceeded.QUOTA]
    clock.epoch = Clock(first).epoch
    assert [take(), take(), take(), take()] == [None, None, None, Exceeded.QUOTA]
