"""APIs and their routes, as lists and the banner show them."""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.cli.shown.served import ServedApi, ServedRoute
from samlocal.http_api.integration import MappedIntegration, NotRun, ServiceIntegration
from samlocal.http_api.model import Api, ApiKind
from samlocal.http_api.targets import ServiceTarget

HEADS = ("Method", "Path", "Leads to", "Authorizer")

_KINDS = {
    ApiKind.REST: "REST API",
    ApiKind.HTTP: "HTTP API",
    ApiKind.FUNCTION_URL: "function URL",
    ApiKind.WEBSOCKET: "WebSocket API",
    ApiKind.ALB: "load balancer",
}


def served_api(api: Api, url: str | None) -> ServedApi:
    """An API as records have it; ``url`` is where it is served."""
    routes = []
    for route in api.routes:
        leads_to: str | None = None
        not_run: str | None = None
        match route.integration:
            case NotRun(reason=reason):
                not_run = reason
            case _ if route.function is not None:
                leads_to = route.function
            case MappedIntegration(target=ServiceTarget(service=service)):
                leads_to = service
            case ServiceIntegration(subtype=subtype):
                leads_to = subtype
            case MappedIntegration(target=target):
                leads_to = type(target).__name__.removesuffix("Target").lower()
            case other:
                leads_to = type(other).__name__.removesuffix("Integration").lower()
        routes.append(
            ServedRoute(
                method="" if api.kind is ApiKind.WEBSOCKET else route.method,
                path=route.path,
                leads_to=leads_to,
                not_run=not_run,
                authorizer=route.authorizer,
                api_key=route.api_key_required,
            )
        )
    return ServedApi(id=api.id, kind=_KINDS[api.kind], stage=api.stage, url=url, routes=tuple(routes))


def place_of(api: Api, url: str) -> str:
    """Where clients go: a WebSocket API's have a scheme of their own, and its stage in the path as on AWS."""
    if api.kind is not ApiKind.WEBSOCKET:
        return url
    return f"ws{url.removeprefix('http')}/{api.stage}"


def named(api: ServedApi) -> str:
    """``EventsApi (REST API, stage test)``."""
    return f"{api.id} ({api.kind}{'' if api.stage == '$default' else f', stage {api.stage}'})"


def rows(api: ServedApi) -> Iterator[tuple[str, str, str, str]]:
    """A row under ``HEADS`` for each route."""
    for route in api.routes:
        leads_to = route.leads_to or f"not run: {route.not_run}"
        asked = (route.authorizer, "API key" if route.api_key else None)
        yield route.method, route.path, leads_to, ", ".join(filter(None, asked))
