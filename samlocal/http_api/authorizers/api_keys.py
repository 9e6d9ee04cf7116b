"""API keys, against those of the template.

Sources: API Gateway developer guide, "Usage plans and API keys for REST APIs", "Choose an API key source".
"""

from __future__ import annotations

import hmac

from msgspec import structs

from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.authorizers.decision import Allowed, Decision, Denied
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.identifiers import resource_id
from samlocal.http_api.model import Api, Route
from samlocal.http_api.usage import Exceeded, Usage, UsagePlan

HEADER = "x-api-key"


def with_api_key(
    api: Api, route: Route, request: HttpRequest, allowed: Allowed, usage: Usage, *, usage_key: str | None
) -> Decision:
    """Whether the key is one of the template's, and within its plan.

    ``usage_key`` is what a Lambda authorizer says in its place.
    """
    by_authorizer = api.api_key_source.upper() == "AUTHORIZER"
    given = usage_key if by_authorizer else request.header(HEADER)
    if not given:
        lacking = "its authorizer names no usageIdentifierKey" if by_authorizer else f"the request has no {HEADER}"
        return _refused(f"no API key: {lacking}")
    for key in api.api_keys:
        if key.value is not None and hmac.compare_digest(key.value.encode(), given.encode()):
            return _within(_known(api, allowed, given, key.name), route, given, key.plan, usage)
    if api.api_keys and all(key.value is not None for key in api.api_keys):
        return _refused("the API key is none of the template's")
    # AWS makes the value up, or the key is made elsewhere: nobody here can know it.
    said = "the value of the API key is not in the template, so any is taken"
    known = _saying(_known(api, allowed, given, "unknown"), said)
    plans = {key.plan.id: key.plan for key in api.api_keys if key.value is None and key.plan is not None}
    plan = next(iter(plans.values())) if len(plans) == 1 else None
    return _within(known, route, given, plan, usage)


def _within(allowed: Allowed, route: Route, key: str, plan: UsagePlan | None, usage: Usage) -> Decision:
    if plan is None or (plan.throttle is None and plan.quota is None and not plan.methods):
        return allowed
    match usage.take(plan, key, route.method, route.path):
        case Exceeded.RATE:
            remark = f"the API key is over the rate of its usage plan {plan.id}"
            return Denied(refusal=Refusal(type=RefusalType.THROTTLED), remark=remark)
        case Exceeded.QUOTA:
            remark = f"the API key is over the quota of its usage plan {plan.id}"
            return Denied(refusal=Refusal(type=RefusalType.QUOTA_EXCEEDED), remark=remark)
    said = f"the limits of the usage plan {plan.id} are counted by this process alone, since it began"
    return _saying(allowed, said)


def _saying(allowed: Allowed, said: str) -> Allowed:
    return structs.replace(allowed, remark=said if allowed.remark is None else f"{allowed.remark}; {said}")


def _known(api: Api, allowed: Allowed, value: str, name: str) -> Allowed:
    caller = structs.replace(allowed.caller, api_key=value, api_key_id=resource_id(api, f"key:{name}"))
    return structs.replace(allowed, caller=caller)


def _refused(remark: str) -> Denied:
    return Denied(refusal=Refusal(type=RefusalType.INVALID_API_KEY), remark=remark)
