"""Routes of real templates, against what the SAM translator's documents say."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus import NAMES, TEMPLATES, needs_corpus
from routes_kit import found_in

from samlocal.errors import EventError, FunctionNotFoundError
from samlocal.http_api.integration import MappedIntegration
from samlocal.http_api.model import Api, ApiKind, Apis, Route
from samlocal.http_api.route_request import RoutedEvent, apis_of, route_request, routed_event
from samlocal.template.reader import read
from samlocal.template.translate import translate

_ANY = "x-amazon-apigateway-any-method"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", _ANY)
_APIS = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")


@functools.cache
def apis_in(name: str) -> Apis:
    """Of a template, which is translated once for all tests of it."""
    return found_in(TEMPLATES / name)


def keys_of_documents(path: Path) -> dict[str, set[str]]:
    """By API, the routes of its OpenAPI document as the translator writes it, where no condition is in it."""
    template = translate(read(path), region="us-east-1").template
    resources: Any = template["Resources"]
    found = {}
    for name, resource in resources.items():
        if resource.get("Type") in _APIS and "Condition" not in resource:
            body = (resource.get("Properties") or {}).get("Body") or {}
            if isinstance(body.get("paths"), dict):
                found[name] = set(_keys(body["paths"]))
    return found


def _keys(paths: Any) -> Iterator[str]:
    for path, item in paths.items():
        # A condition's branches: a route is there as soon as one of them has it.
        for each in item["Fn::If"][1:] if "Fn::If" in item else [item]:
            for method in each if isinstance(each, dict) else ():
                if method in _METHODS:
                    yield (
                        "$default" if path == "$default" else f"{'ANY' if method == _ANY else method.upper()} {path}"
                    )


@needs_corpus
@pytest.mark.parametrize("name", NAMES)
def test_every_real_template_lists_the_routes_of_its_translated_documents(name: str) -> None:
    result = apis_in(name)

    expected = keys_of_documents(TEMPLATES / name)
    listed = {api.id.partition("/")[0]: {route.key for route in api.routes} for api in result.apis}
    # One without routes is not served.
    assert {api_id: listed.get(api_id, set()) for api_id in expected} == expected


@needs_corpus
@pytest.mark.parametrize("name", NAMES)
def test_every_route_of_a_real_template_gives_its_function_the_event_of_its_api(name: str) -> None:
    for api in apis_in(name).apis:
        for route in api.routes if api.kind is not ApiKind.WEBSOCKET else ():
            method = "GET" if route.method == "ANY" else route.method
            made = made_for(api, route, method)
            if made is not None:
                assert_of_api(api, json.loads(made.payload), method)


def made_for(api: Api, route: Route, method: str) -> RoutedEvent | None:
    """The event, None where the route leads to no function, or asks for more than a path."""
    path = re.sub(r"[{}+]", "", route.path).replace("*", "a") if route.path.startswith("/") else "/any"
    request = route_request(f"{method} {path}?a=b", headers=(), body=b"")
    is_plain = route.function is not None and api.kind is not ApiKind.ALB
    try:
        (taking,) = apis_of([api], request)
        return routed_event(taking, request)
    except FunctionNotFoundError:
        if is_plain:
            raise
    except EventError:
        # A validator asks for a body or a header, or a mapping template for another type of content.
        if is_plain and route.validation is None and not isinstance(route.integration, MappedIntegration):
            raise
    return None


def assert_of_api(api: Api, event: Any, method: str) -> None:
    match api.kind, event.get("version"):
        case ((ApiKind.HTTP | ApiKind.FUNCTION_URL), "2.0"):
            assert event["requestContext"]["http"]["method"] == method
        case (ApiKind.HTTP, "1.0") | (ApiKind.ALB, None):
            assert event["httpMethod"] == method
        case _:
            assert api.kind is ApiKind.REST
            # What a mapping template has made is its own.
            assert "requestContext" not in event or event["httpMethod"] == method


@needs_corpus
def test_definitions_that_are_included_from_elsewhere_are_said_not_to_be_here() -> None:
    (name,) = (name for name in NAMES if name.startswith("031"))
    result = found_in(TEMPLATES / name)
    assert sum("s3://" in remark and "not on this machine" in remark for remark in result.remarks) == 2
    assert [api.id for api in result.apis] == ["RESTApiValidatorService"]


@needs_corpus
def test_real_templates_describe_apis_of_every_kind() -> None:
    """003 (methods), 035 (HTTP), 040 (WebSocket), 117 (one of each other kind)."""
    by_number = {name[:3]: name for name in NAMES}
    found = {
        number: [(api.kind.value, len(api.routes)) for api in found_in(TEMPLATES / by_number[number]).apis]
        for number in ("003", "035", "040", "117")
    }

    assert found == {
        "003": [("REST", 1)],
        "035": [("HTTP", 1)],
        "040": [("WEBSOCKET", 3)],
        "117": [("REST", 2), ("HTTP", 1), ("FUNCTION_URL", 1), ("ALB", 1)],
    }
