"""A template's APIs, as a front end reads them."""

from __future__ import annotations

from pathlib import Path

from samlocal.function.application import application
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.integration import NotRun
from samlocal.http_api.model import Api, Apis
from samlocal.http_api.routes.apis import apis
from samlocal.template.reader import parse, read

HEAD = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src}}
Resources:
"""


def found(text: str, *, head: str = HEAD, folder: Path = Path(), **stage_variables: str) -> Apis:
    document = parse(head + text, path=folder / "template.yaml")
    joined = application(document, environment=None, region="eu-west-1", flags={}, configured={})
    return apis(joined, stage_variables=stage_variables)


def found_in(path: Path) -> Apis:
    joined = application(read(path), environment=None, region="us-east-1", flags={}, configured={})
    return apis(joined)


def api(text: str, *, head: str = HEAD, folder: Path = Path(), **stage_variables: str) -> Api:
    """The only one."""
    (one,) = found(text, head=head, folder=folder, **stage_variables).apis
    return one


def listed(api: Api) -> dict[str, str]:
    """What each route leads to: a function, or a kind of integration."""
    return {route.key: route.function or type(route.integration).__name__ for route in api.routes}


def reason(api: Api, key: str) -> str:
    (integration,) = [route.integration for route in api.routes if route.key == key]
    assert isinstance(integration, NotRun), integration
    return integration.reason


def request(
    method: str, path: str, *, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
) -> HttpRequest:
    return HttpRequest(
        method=method,
        path=path,
        query=query,
        headers=tuple((headers or {}).items()),
        body=body,
        received=0.0,
        request_id="00000000-0000-0000-0000-000000000000",
    )
