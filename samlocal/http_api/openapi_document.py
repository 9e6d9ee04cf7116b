"""An OpenAPI document of what is served, for clients that are made of one.

Source: OpenAPI Specification 3.0.3. A path there has no greedy parameters: ``{proxy+}`` is a parameter that stands
for the rest of the path, and is described as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from samlocal.http_api.integration import ANY
from samlocal.http_api.model import Api, ApiKind, CognitoAuthorizer, JwtAuthorizer, LambdaAuthorizer, Route

Json: TypeAlias = dict[str, Any]

PATH = "/_samlocal/openapi.json"
"""Where it is served; API Gateway takes no such path from anyone else's template."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")
_KEY = "api_key"


def openapi_document(api: Api, url: str) -> Json:
    """Of one API as it is served at ``url``."""
    paths: dict[str, Json] = {}
    for route in api.routes:
        for path in _paths(api, route):
            item = paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})
            for method in _METHODS if route.method == ANY else (route.method.lower(),):
                # A route of its own goes before ANY, in whatever order they stand.
                if route.method != ANY or method not in item:
                    item[method] = _operation(route, path, method)
    schemes = dict(_schemes(api))
    return {
        "openapi": "3.0.3",
        "info": {"title": api.name, "version": api.stage},
        "servers": [{"url": url}],
        "paths": paths,
        **({"components": {"securitySchemes": schemes}} if schemes else {}),
    }


def _paths(api: Api, route: Route) -> tuple[str, ...]:
    """A route for all else stands for the root and all below it; patterns of a load balancer have no form there."""
    if route.path.startswith("/") and api.kind is not ApiKind.ALB:
        return (route.path,)
    return ("/", "/{path+}")


def _operation(route: Route, path: str, method: str) -> Json:
    operation: Json = {"responses": {"default": {"description": "What the function returns."}}}
    if route.operation_name is not None and route.method != ANY:
        operation["operationId"] = route.operation_name
    if route.function is not None:
        operation["x-samlocal-function"] = route.function
    parameters = [
        {
            "name": found[1],
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            **({"description": "The rest of the path, slashes and all."} if found[2] else {}),
        }
        for found in _PARAMETER.finditer(path)
    ]
    if parameters:
        operation["parameters"] = parameters
    if method in ("put", "post", "patch"):
        operation["requestBody"] = {"content": {"*/*": {"schema": {}}}}
    required: dict[str, list[str]] = {}
    if route.authorizer is not None:
        required[route.authorizer] = []
    if route.api_key_required:
        required[_KEY] = []
    if required:
        operation["security"] = [required]
    return operation


def _schemes(api: Api) -> Iterator[tuple[str, Json]]:
    for name, authorizer in api.authorizers.items():
        match authorizer:
            case JwtAuthorizer() | CognitoAuthorizer():
                yield name, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            case LambdaAuthorizer(identity_sources=[str(source), *_]) if ".header." in source:
                yield name, {"type": "apiKey", "in": "header", "name": source.rpartition(".")[2]}
            case _:
                # Signed, or in no header that the template names.
                yield name, {"type": "apiKey", "in": "header", "name": "Authorization"}
    if any(route.api_key_required for route in api.routes):
        yield _KEY, {"type": "apiKey", "in": "header", "name": "x-api-key"}
