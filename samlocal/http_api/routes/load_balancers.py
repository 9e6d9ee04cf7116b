"""Application Load Balancers: the listeners that lead to functions, with their rules.

Sources: Elastic Load Balancing user guide, "Lambda functions as targets", "Listener rules"; the CloudFormation types
AWS::ElasticLoadBalancingV2::Listener, ::ListenerRule and ::TargetGroup.
"""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.http_api.integration import (
    ANY,
    FixedResponse,
    Integration,
    LambdaIntegration,
    NotRun,
    RedirectIntegration,
)
from samlocal.http_api.model import Api, ApiKind, Authorizer, Route, RuleCondition, UnknownAuthorizer
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.identity import api_id, deployed_attribute
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource

_PREFIX = "AWS::ElasticLoadBalancingV2"
_AUTHENTICATION = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
_ALL_PATHS = "/*"
_LAST = 50_001
"""Behind every priority that a rule can have."""

# A function has as long as its own timeout is; a load balancer waits for it.
_TIMEOUT = 900_000

# Where each kind of condition has its values, beside `Values` itself.
_VALUES = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
    "query-string": "QueryStringConfig",
}


def load_balancers(stack: Stack, callees: Callees) -> Iterator[Api]:
    """One for each listener that leads to a function; others have nothing that runs here."""
    for listener in stack.resources(f"{_PREFIX}::Listener"):
        authorizers: dict[str, Authorizer] = {}
        rules = sorted(
            stack.of(listener, "ListenerArn", f"{_PREFIX}::ListenerRule"),
            key=lambda rule: stack.number(rule.properties.get("Priority")) or _LAST,
        )
        routes = [_route(stack, callees, rule, rule.properties.get("Actions"), authorizers) for rule in rules]
        routes.append(_route(stack, callees, listener, listener.properties.get("DefaultActions"), authorizers))
        groups = _groups_of_functions(stack, listener, *rules)
        if any(route.function is not None for route in routes):
            balancer = stack.referred(listener.properties.get("LoadBalancerArn")) or listener
            yield Api(
                id=stack.path(listener),
                api_id=api_id(stack, listener),
                url=_url(stack, listener, balancer),
                kind=ApiKind.ALB,
                name=stack.text(balancer.properties.get("Name")) or balancer.logical_id,
                place=stack.application.place,
                routes=tuple(routes),
                authorizers=authorizers,
                multi_value_headers=bool(groups) and groups[0][1],
                remarks=tuple(
                    f"{name} has another lambda.multi_value_headers.enabled than {groups[0][0]}, whose is taken."
                    for name, several in groups
                    if several != groups[0][1]
                ),
            )


def _url(stack: Stack, listener: Resource, balancer: Resource) -> str | None:
    host = deployed_attribute(stack, balancer, "DNSName") if balancer is not listener else None
    if host is None:
        return None
    scheme = (stack.text(listener.properties.get("Protocol")) or "HTTP").lower()
    return f"{scheme}://{host}:{stack.text(listener.properties.get('Port')) or '80'}"


def _groups_of_functions(stack: Stack, *rules: Resource) -> list[tuple[str, bool]]:
    """The target groups of functions that rules lead to, and whether each wants all values of headers."""
    found: dict[str, bool] = {}
    for rule in rules:
        for name in ("Actions", "DefaultActions"):
            for action in stack.items(rule.properties.get(name)):
                for group in _groups(stack, stack.mapping(action)):
                    if stack.text(group.properties.get("TargetType")) == "lambda":
                        found[group.logical_id] = _wants_several(stack, group)
    return list(found.items())


def _groups(stack: Stack, action: Map) -> Iterator[Resource]:
    """The target groups that an action forwards to."""
    named = [action.get("TargetGroupArn")] if "TargetGroupArn" in action else []
    config = stack.mapping(action.get("ForwardConfig"))
    named += [stack.mapping(each).get("TargetGroupArn") for each in stack.items(config.get("TargetGroups"))]
    return filter(None, map(stack.referred, named))


def _wants_several(stack: Stack, group: Resource) -> bool:
    attributes = [stack.mapping(each) for each in stack.items(group.properties.get("TargetGroupAttributes"))]
    return any(
        stack.text(each.get("Key")) == "lambda.multi_value_headers.enabled" and stack.flag(each.get("Value"))
        for each in attributes
    )


def _route(
    stack: Stack, callees: Callees, resource: Resource, actions: Node, authorizers: dict[str, Authorizer]
) -> Route:
    conditions = tuple(
        _condition(stack, stack.mapping(each)) for each in stack.items(resource.properties.get("Conditions"))
    )
    described = [stack.mapping(action) for action in stack.items(actions)]
    types = [stack.text(action.get("Type")) for action in described]
    authorizer = next((each for each in types if each in _AUTHENTICATION), None)
    if authorizer is not None:
        authorizers[authorizer] = UnknownAuthorizer(name=authorizer, reason="samlocal does not authenticate for ALBs")
    paths = [value for condition in conditions if condition.field == "path-pattern" for value in condition.values]
    methods = [
        value for condition in conditions if condition.field == "http-request-method" for value in condition.values
    ]
    return Route(
        method=methods[0] if len(methods) == 1 else ANY,
        path=" or ".join(paths) or _ALL_PATHS,
        integration=_integration(stack, callees, described),
        authorizer=authorizer,
        conditions=conditions,
    )


def _condition(stack: Stack, condition: Map) -> RuleCondition:
    field = stack.text(condition.get("Field")) or "?"
    config = stack.mapping(condition.get(_VALUES.get(field, "")))
    if field == "query-string":
        pairs = (stack.mapping(each) for each in stack.items(config.get("Values")))
        values = tuple(
            f"{key}={value}" if (key := stack.text(pair.get("Key"))) else value
            for pair in pairs
            if (value := stack.text(pair.get("Value"))) is not None
        )
        return RuleCondition(field=field, values=values)
    return RuleCondition(
        field=field,
        values=stack.texts(config.get("Values")) or stack.texts(condition.get("Values")),
        name=stack.text(config.get("HttpHeaderName")) or "",
    )


def _integration(stack: Stack, callees: Callees, actions: list[Map]) -> Integration:
    """The action that ends a rule."""
    for action in actions:
        match stack.text(action.get("Type")):
            case "forward":
                return _forward(stack, callees, action)
            case "fixed-response":
                config = stack.mapping(action.get("FixedResponseConfig"))
                return FixedResponse(
                    status=stack.number(config.get("StatusCode")) or 200,
                    content_type=stack.text(config.get("ContentType")) or "text/plain",
                    body=stack.text(config.get("MessageBody")) or "",
                )
            case "redirect":
                return _redirect(stack, stack.mapping(action.get("RedirectConfig")))
    return NotRun(reason="it has no action that samlocal knows")


def _redirect(stack: Stack, config: Map) -> RedirectIntegration:
    given = {
        name.lower(): value
        for name in ("Protocol", "Host", "Port", "Path", "Query")
        if (value := stack.text(config.get(name))) is not None
    }
    status = 302 if stack.text(config.get("StatusCode")) == "HTTP_302" else 301
    return RedirectIntegration(status=status, **given)


def _forward(stack: Stack, callees: Callees, action: Map) -> Integration:
    """To the first target group: weights say how much each gets, and here one function answers."""
    for group in _groups(stack, action):
        own = group.properties
        if stack.text(own.get("TargetType")) != "lambda":
            return NotRun(reason=f"the target group {group.logical_id} is of no functions")
        targets = [stack.mapping(each) for each in stack.items(own.get("Targets"))]
        if not targets:
            return NotRun(reason=f"the target group {group.logical_id} has no targets")
        function = callees.find(stack, targets[0].get("Id"), {})
        if isinstance(function, NotRun):
            return function
        return LambdaIntegration(function=function, timeout=_TIMEOUT, target_group=stack.id_of(group) or "")
    return NotRun(reason="its target group is not in this template")
