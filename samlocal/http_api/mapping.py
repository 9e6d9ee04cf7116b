"""What an integration's request parameters make of a request.

Sources: API Gateway developer guide, "Transform API requests and responses for HTTP APIs" (HTTP APIs:
``append:header.x``, ``overwrite:path``, values such as ``$request.querystring.y``), and "Mapping template and
parameter mapping for REST APIs" (``integration.request.path.x: method.request.path.y``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote_plus

from msgspec.structs import replace

from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.context import context_variables
from samlocal.http_api.model import Api, ApiKind, Fields, HttpRequest, Matched

_HTTP_KEY = re.compile(r"^(append|overwrite|remove):(?:(header|querystring)\.(.+)|(path))$")
_REST_KEY = re.compile(r"^integration\.request\.(path|querystring|header)\.(.+)$")
_VALUE = re.compile(r"^(?:method\.|\$)request\.(header|querystring|path|body)(?:\.(.+))?$")
_STATIC = re.compile(r"^'(.*)'$", re.DOTALL)
# In a text of an HTTP API's, values stand in braces, or alone.
_PLACE = re.compile(r"\$\{([\w.-]+)\}|\$((?:request|context|stageVariables)\.[\w.-]+|request\.path)")


def mapped(
    api: Api, matched: Matched, request: HttpRequest, parameters: Mapping[str, str], caller: Caller = ANYBODY
) -> HttpRequest:
    """The request as the integration gets it. What is mapped from what is not there is left out."""
    if not parameters:
        return request
    values = _Values(api, matched, request, caller)
    return (
        _of_http(values, request, parameters) if api.kind is ApiKind.HTTP else _of_rest(values, request, parameters)
    )


def path_values(
    api: Api, matched: Matched, request: HttpRequest, parameters: Mapping[str, str], caller: Caller = ANYBODY
) -> dict[str, str]:
    """What the parameters of an integration's URL stand for: the route's of the same name, else what is mapped."""
    values = _Values(api, matched, request, caller)
    found = dict(matched.path_parameters)
    for key, expression in parameters.items():
        place = _REST_KEY.match(key)
        if place and place[1] == "path" and (value := values.rest(expression)) is not None:
            found[place[2]] = value
    return found


def _of_http(values: _Values, request: HttpRequest, parameters: Mapping[str, str]) -> HttpRequest:
    for key, expression in parameters.items():
        asked = _HTTP_KEY.match(key)
        if asked is None:
            continue
        action, part, name, path = asked.groups()
        value = None if action == "remove" else values.http(expression)
        if value is None and action != "remove":
            continue
        if path:
            request = replace(request, path=quote(value or "", safe="/%"))
        elif part == "header":
            request = replace(request, headers=_changed(request.headers, action, name, value, same=_same_header))
        else:
            pairs = tuple(_pairs(request.query))
            changed = _changed(pairs, action, name, value and quote(value, safe=""), same=_same_parameter)
            request = replace(
                request, query="&".join(f"{each}={given}" if given else each for each, given in changed)
            )
    return request


def _of_rest(values: _Values, request: HttpRequest, parameters: Mapping[str, str]) -> HttpRequest:
    for key, expression in parameters.items():
        place = _REST_KEY.match(key)
        value = values.rest(expression) if place else None
        if place is None or value is None:
            continue
        if place[1] == "header":
            headers = _changed(request.headers, "overwrite", place[2], value, same=_same_header)
            request = replace(request, headers=headers)
        elif place[1] == "querystring":
            pairs = tuple(_pairs(request.query))
            changed = _changed(pairs, "overwrite", place[2], quote(value, safe=""), same=_same_parameter)
            request = replace(request, query="&".join(f"{each}={given}" for each, given in changed))
    return request


def _changed(
    fields: Fields, action: str, name: str, value: str | None, *, same: Callable[[str, str], bool]
) -> Fields:
    kept = fields if action == "append" else tuple(pair for pair in fields if not same(pair[0], name))
    return kept if value is None else (*kept, (name, value))


def _same_header(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _same_parameter(one: str, other: str) -> bool:
    return unquote_plus(one) == other


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(part.partition("=")[0], part.partition("=")[2]) for part in query.split("&")] if query else []


class _Values:
    """What expressions stand for; None for what is not there."""

    def __init__(self, api: Api, matched: Matched, request: HttpRequest, caller: Caller) -> None:
        self._api = api
        self._matched = matched
        self._request = request
        self._caller = caller

    def rest(self, expression: str) -> str | None:
        static = _STATIC.match(expression)
        return static[1] if static else self._named(expression)

    def http(self, expression: str) -> str | None:
        """A text whose places are filled; None where it is one place alone, of what is not there."""
        whole = _PLACE.fullmatch(expression)
        if whole:
            return self._named(f"${whole[1] or whole[2]}")
        return _PLACE.sub(lambda place: self._named(f"${place[1] or place[2]}") or "", expression)

    def _named(self, name: str) -> str | None:
        asked = _VALUE.match(name)
        if asked:
            return self._of_request(asked[1], asked[2])
        kind, _, rest = name.removeprefix("$").partition(".")
        if kind == "stageVariables":
            return self._api.stage_variables.get(rest)
        if kind != "context":
            return None
        return context_variables(self._api, self._matched, self._request, self._caller).get(rest)

    def _of_request(self, part: str, name: str | None) -> str | None:
        request = self._request
        match part:
            case "path":
                return self._matched.path if name is None else self._matched.path_parameters.get(name)
            case "header" if name is not None:
                values = request.header_values(name)
                return ",".join(values) if values else None
            case "querystring" if name is not None:
                found = [unquote_plus(value) for each, value in _pairs(request.query) if _same_parameter(each, name)]
                return ",".join(found) if found else None
            case "body":
                return _in_body(request.body, name)
        return None


def _in_body(body: bytes, name: str | None) -> str | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None if name else body.decode(errors="replace")
    for part in name.split(".") if name else ():
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value if isinstance(value, str) else json.dumps(value)
