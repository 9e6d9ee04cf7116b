"""The ways into a template's functions, as ``samlocal list`` shows them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from samlocal.function.application import Application

_FUNCTIONS = "AWS::Serverless::Function"
_OF_APIS = ("AWS::ApiGateway", "AWS::Lambda::Url", "AWS::ElasticLoadBalancingV2::Listener")
_SERVERLESS = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi")
_EVENTS = ("Api", "HttpApi")

# What an event of a function is called that makes such an API, where one does.
_TYPES = {
    "REST": "Api",
    "HTTP": "HttpApi",
    "FUNCTION_URL": "FunctionUrl",
    "WEBSOCKET": "WebSocketApi",
    "ALB": "LoadBalancer",
}


class Endpoint(Struct, frozen=True, kw_only=True):
    """``url`` is the route's in the environment, None where there is none; ``function`` is where it leads to a
    function."""

    method: str
    path: str
    function: str | None
    type: str
    api: str
    url: str | None


def endpoints(application: Application) -> list[Endpoint]:
    """Those of every API; a template without one is not translated for it.

    Raises TemplateError.
    """
    if not _has_apis(application):
        return []
    from samlocal.http_api.model import ApiKind
    from samlocal.http_api.routes.apis import apis

    ways = []
    for api in apis(application).apis:
        for route in api.routes:
            path = "/" if api.kind is ApiKind.FUNCTION_URL else route.path
            ways.append(
                Endpoint(
                    method="" if api.kind is ApiKind.WEBSOCKET else route.method,
                    path=path,
                    function=route.function,
                    type=_TYPES[api.kind.value],
                    api=api.id,
                    url=None if api.url is None else api.url.rstrip("/") + (path if path.startswith("/") else ""),
                )
            )
    return ways


def _has_apis(application: Application) -> bool:
    """Whether the translator can make any."""
    return any(_makes_api(each) for each in _all(application))


def _all(application: Application) -> Iterator[Application]:
    yield application
    for child in application.children():
        yield from _all(child)


def _makes_api(application: Application) -> bool:
    for resource in application.template.resources.values():
        if resource.type.startswith(_OF_APIS) or resource.type in _SERVERLESS:
            return True
        if resource.type != _FUNCTIONS:
            continue
        if "FunctionUrlConfig" in resource.properties:
            return True
        events = application.evaluator.branch(resource.properties.get("Events"))
        if isinstance(events, dict) and any(
            isinstance(event, dict) and event.get("Type") in _EVENTS for event in events.values()
        ):
            return True
    return False
