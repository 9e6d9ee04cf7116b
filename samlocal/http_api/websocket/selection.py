"""Which route a message goes to.

Source: API Gateway developer guide, "Working with routes for WebSocket APIs": the selection expression is evaluated
on a message of JSON; what it gives is a route's key, and ``$default`` takes all else.
"""

from __future__ import annotations

import re

from samlocal.http_api.model import DEFAULT_ROUTE, Api, Route
from samlocal.http_api.request_values import in_body

_BODY = re.compile(r"\$request\.body([.\[].+)|\$\{request\.body([.\[].+)\}")


def route_of(api: Api, key: str) -> Route | None:
    return next((route for route in api.routes if route.path == key), None)


def selected(api: Api, message: str | bytes) -> Route | None:
    """The route of a message, None where there is none for it."""
    key = _key(api.route_selection_expression, message)
    found = route_of(api, key) if key is not None and not key.startswith("$") else None
    return found or route_of(api, DEFAULT_ROUTE)


def _key(expression: str, message: str | bytes) -> str | None:
    asked = _BODY.fullmatch(expression)
    if asked is None:
        # A key that is the same for all messages.
        return expression
    return in_body(message.encode() if isinstance(message, str) else message, asked[1] or asked[2])
