"""The API keys of a stage, and the usage plans that limit them.

Sources: API Gateway developer guide, "Usage plans and API keys for REST APIs"; the CloudFormation types
AWS::ApiGateway::UsagePlan, UsagePlanKey and ApiKey.
"""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.http_api.model import ApiKey
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.usage import Period, Quota, Throttle, UsagePlan
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource


def api_keys(stack: Stack, api: Resource, stage: str) -> Iterator[ApiKey]:
    """The keys of usage plans that name the API's stage, and those that name it themselves."""
    plans: dict[str, UsagePlan] = {}
    for plan in stack.resources("AWS::ApiGateway::UsagePlan"):
        named = _stage_of(stack, plan.properties.get("ApiStages"), "ApiId", "Stage", api, stage)
        if named is not None:
            plans[plan.logical_id] = _plan(stack, plan, named)
    planned: dict[str, UsagePlan] = {}
    for link in stack.resources("AWS::ApiGateway::UsagePlanKey"):
        linked, holder = (stack.referred(link.properties.get(name)) for name in ("UsagePlanId", "KeyId"))
        if linked is not None and holder is not None and linked.logical_id in plans:
            planned[holder.logical_id] = plans[linked.logical_id]
    for key in stack.resources("AWS::ApiGateway::ApiKey"):
        own = key.properties
        names_itself = _stage_of(stack, own.get("StageKeys"), "RestApiId", "StageName", api, stage) is not None
        if key.logical_id in planned or names_itself:
            yield ApiKey(
                name=stack.text(own.get("Name")) or key.logical_id,
                value=stack.text(own.get("Value")),
                plan=planned.get(key.logical_id),
            )


def _plan(stack: Stack, plan: Resource, stage: Map) -> UsagePlan:
    own = plan.properties
    methods = stack.mapping(stage.get("Throttle"))
    return UsagePlan(
        id=stack.path(plan),
        throttle=_throttle(stack, own.get("Throttle")),
        methods={name: made for name, each in methods.items() if (made := _throttle(stack, each)) is not None},
        quota=_quota(stack, own.get("Quota")),
    )


def _quota(stack: Stack, node: Node) -> Quota | None:
    said = stack.mapping(node)
    limit, period = stack.number(said.get("Limit")), stack.text(said.get("Period"))
    known = next((each for each in Period if each == period), None)
    if limit is None or known is None:
        return None
    return Quota(limit=limit, period=known, offset=stack.number(said.get("Offset")) or 0)


def _throttle(stack: Stack, node: Node) -> Throttle | None:
    said = stack.mapping(node)
    rate, burst = stack.text(said.get("RateLimit")), stack.number(said.get("BurstLimit"))
    try:
        per_second = None if rate is None else float(rate)
    except ValueError:
        per_second = None
    return None if per_second is None and burst is None else Throttle(rate=per_second, burst=burst)


def _stage_of(
    stack: Stack, stages: Node, api_property: str, stage_property: str, api: Resource, stage: str
) -> Map | None:
    """What a list says of the stage, None where it is not in it. One whose name is not known may be it."""
    for each in stack.items(stages):
        entry = stack.mapping(each)
        named = stack.referred(entry.get(api_property))
        if named is not None and named.logical_id == api.logical_id:
            said = stack.text(entry.get(stage_property))
            if said is None or said == stage:
                return entry
    return None
