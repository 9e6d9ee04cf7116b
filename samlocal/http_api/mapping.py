"""What an integration's request parameters make of a request.

Sources: API Gateway developer guide, "Transform API requests and responses for HTTP APIs" (HTTP APIs:
``append:header.x``, ``overwrite:path``, values such as ``$request.querystring.y``), and "Mapping template and
parameter mapping for REST APIs" (``integration.request.path.x: method.request.path.y``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote, unquote_plus

from msgspec.structs import replace

from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.events import query
from samlocal.http_api.exchange import Fields, HttpRequest, Matched
from samlocal.http_api.model import Api, ApiKind
from samlocal.http_api.request_values import RequestValues, static

_HTTP_KEY = re.compile(r"^(append|overwrite|remove):(?:(header|querystring)\.(.+)|(path))$")
_REST_KEY = re.compile(r"^integration\.request\.(path|querystring|header)\.(.+)$")
# In a text of an HTTP API's, values stand in braces, or alone.
_NAME = r"[\w.-]+(?:\[[^\]]*\][\w.-]*)*"
_PLACE = re.compile(rf"\$\{{({_NAME})\}}|\$((?:request|response|context|stageVariables)\.{_NAME})")


class Values(Protocol):
    """What an expression names."""

    def value(self, name: str) -> str | None:
        """None for what is not there."""


def mapped(
    api: Api, matched: Matched, request: HttpRequest, parameters: Mapping[str, str], caller: Caller = ANYBODY
) -> HttpRequest:
    """The request as the integration gets it. What is mapped from what is not there is left out."""
    if not parameters:
        return request
    values = RequestValues(api, matched, request, caller)
    return (
        _of_http(values, request, parameters) if api.kind is ApiKind.HTTP else _of_rest(values, request, parameters)
    )


def path_values(
    api: Api, matched: Matched, request: HttpRequest, parameters: Mapping[str, str], caller: Caller = ANYBODY
) -> dict[str, str]:
    """What the parameters of an integration's URL stand for: the route's of the same name, else what is mapped."""
    values = RequestValues(api, matched, request, caller)
    found = dict(matched.path_parameters)
    for key, expression in parameters.items():
        place = _REST_KEY.match(key)
        if place and place[1] == "path" and (value := _of_rest_expression(values, expression)) is not None:
            found[place[2]] = value
    return found


def _of_http(values: RequestValues, request: HttpRequest, parameters: Mapping[str, str]) -> HttpRequest:
    for key, expression in parameters.items():
        asked = _HTTP_KEY.match(key)
        if asked is None:
            continue
        action, part, name, path = asked.groups()
        value = None if action == "remove" else http_expression(values, expression)
        if value is None and action != "remove":
            continue
        if path:
            request = replace(request, path=quote(value or "", safe="/%"))
        elif part == "header":
            request = replace(request, headers=changed_headers(request.headers, action, name, value))
        else:
            request = replace(request, query=_changed_query(request.query, action, name, value))
    return request


def _of_rest(values: RequestValues, request: HttpRequest, parameters: Mapping[str, str]) -> HttpRequest:
    for key, expression in parameters.items():
        place = _REST_KEY.match(key)
        value = _of_rest_expression(values, expression) if place else None
        if place is None or value is None:
            continue
        if place[1] == "header":
            request = replace(request, headers=changed_headers(request.headers, "overwrite", place[2], value))
        elif place[1] == "querystring":
            request = replace(request, query=_changed_query(request.query, "overwrite", place[2], value))
    return request


def _of_rest_expression(values: RequestValues, expression: str) -> str | None:
    text = static(expression)
    return values.value(expression) if text is None else text


def http_expression(values: Values, expression: str) -> str | None:
    """A text whose places are filled; None where it is one place alone, of what is not there."""
    whole = _PLACE.fullmatch(expression)
    if whole:
        return values.value(whole[1] or whole[2])
    return _PLACE.sub(lambda place: values.value(place[1] or place[2]) or "", expression)


def changed_headers(headers: Fields, action: str, name: str, value: str | None) -> Fields:
    """After ``append``, ``overwrite`` or ``remove``."""
    return _changed(headers, action, name, value, same=_same_header)


def _changed_query(written: str, action: str, name: str, value: str | None) -> str:
    pairs = tuple(query.encoded(written))
    changed = _changed(pairs, action, name, value and quote(value, safe=""), same=_same_parameter)
    return "&".join(f"{each}={given}" if given else each for each, given in changed)


def _changed(
    fields: Fields, action: str, name: str, value: str | None, *, same: Callable[[str, str], bool]
) -> Fields:
    kept = fields if action == "append" else tuple(pair for pair in fields if not same(pair[0], name))
    return kept if value is None else (*kept, (name, value))


def _same_header(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _same_parameter(one: str, other: str) -> bool:
    return unquote_plus(one) == other
