"""What templates, mappings, identity sources and validators name of a request, by the rules of its kind of API.

A REST or WebSocket API takes the last of several headers or parameters of one name, as its events have it; an HTTP
API joins them with commas.

Sources: API Gateway developer guide, "Mapping template and parameter mapping for REST APIs"
(``method.request.header.x``, ``context.stage``), "Transform API requests and responses for HTTP APIs"
(``$request.header.x``), "Identity sources" of WebSocket APIs (``route.request.header.x``); API Gateway API reference,
CreateAuthorizer, ``identitySource``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property

from samlocal.http_api.caller import ANYBODY, Caller
from samlocal.http_api.context import context_variables
from samlocal.http_api.events import headers, query
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api, ApiKind
from samlocal.http_api.vtl.jsonpath import ABSENT, JsonPathError, found
from samlocal.http_api.vtl.values import json_text

_OF_REQUEST = re.compile(r"(?:method\.|route\.)?request\.(header|querystring|path|body)((?:[.\[].*)?)", re.DOTALL)

_OF_ALL = re.compile(r"method\.request\.multivalue(header|querystring)\.(.+)")


class RequestValues:
    """``matched`` is None where no route takes the request."""

    def __init__(self, api: Api, matched: Matched | None, request: HttpRequest, caller: Caller = ANYBODY) -> None:
        self._api = api
        self._matched = matched
        self._request = request
        self._caller = caller

    def value(self, name: str) -> str | None:
        """Of ``method.request.header.x``, ``$context.stage`` and the like; None for what is not there."""
        plain = name.removeprefix("$")
        asked = _OF_REQUEST.fullmatch(plain)
        if asked:
            return self._of_request(asked[1], asked[2])
        kind, _, rest = plain.partition(".")
        match kind:
            case "context":
                return self.context.get(rest)
            case "stageVariables":
                return self._api.stage_variables.get(rest)
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """All that there are of ``method.request.multivalueheader.x`` or ``multivaluequerystring``, a REST API's."""
        asked = _OF_ALL.fullmatch(name)
        if asked is None:
            return ()
        if asked[1] == "header":
            return self._request.header_values(asked[2])
        pairs = query.decoded(self._request.query, semicolons=True)
        return tuple(value for each, value in pairs if each == asked[2])

    def _of_request(self, part: str, rest: str) -> str | None:
        name = rest.removeprefix(".")
        match part:
            case "header":
                lower = name.lower()
                return next((value for each, value in self.header.items() if each.lower() == lower), None)
            case "querystring":
                return self.querystring.get(name)
            case "path" if rest:
                return self.path.get(name)
            case "path":
                return None if self._matched is None else self._matched.path
            case "body":
                return in_body(self._request.body, rest)
        return None

    @cached_property
    def context(self) -> Mapping[str, str]:
        """By their names behind ``context.``."""
        return context_variables(self._api, self._matched, self._request, self._caller)

    @cached_property
    def header(self) -> Mapping[str, str]:
        """As events have them, one value of each."""
        match self._api.kind:
            case ApiKind.HTTP:
                return headers.joined_values(headers.http_v1(self._request))
            case ApiKind.WEBSOCKET:
                return headers.last_values(headers.websocket(self._request))
        return headers.last_values(headers.rest(self._request))

    @cached_property
    def querystring(self) -> Mapping[str, str]:
        """Decoded, one value of each."""
        if self._api.kind is ApiKind.HTTP:
            return query.joined_values(query.decoded(self._request.query))
        return query.last_values(query.decoded(self._request.query, semicolons=self._api.kind is ApiKind.REST))

    @property
    def path(self) -> Mapping[str, str]:
        """The route's parameters."""
        return {} if self._matched is None else self._matched.path_parameters


def static(expression: str) -> str | None:
    """``*`` of ``'*'``: what stands in single quotes is itself; None for what names a value."""
    is_quoted = len(expression) >= 2 and expression[0] == expression[-1] == "'"
    return expression[1:-1] if is_quoted else None


def in_body(body: bytes, path: str) -> str | None:
    """A part of a JSON body as text, by a JSONPath without its ``$``; all of it where there is no path."""
    try:
        value = found(json.loads(body), f"${path}")
    except (ValueError, RecursionError):
        return None if path else body.decode(errors="replace")
    except JsonPathError:
        return None
    if value is ABSENT:
        return None
    return value if isinstance(value, str) else json_text(value)
