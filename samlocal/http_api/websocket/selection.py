"""Which route a message goes to.

Source: API Gateway developer guide, "Working with routes for WebSocket APIs": the selection expression is evaluated
on a message of JSON; what it gives is a route's key, and ``$default`` takes all else.
"""

from __future__ import annotations

import json
import re

from samlocal.http_api.model import DEFAULT_ROUTE, Api, Route
from samlocal.template.values import text

_BODY = re.compile(r"^\$\{?request\.body\.([\w.-]+)\}?$")


def route_of(api: Api, key: str) -> Route | None:
    return next((route for route in api.routes if route.path == key), None)


def selected(api: Api, message: str | bytes) -> Route | None:
    """The route of a message, None where there is none for it."""
    key = _key(api.route_selection_expression, message)
    found = route_of(api, key) if key is not None and not key.startswith("$") else None
    return found or route_of(api, DEFAULT_ROUTE)


def _key(expression: str, message: str | bytes) -> str | None:
    asked = _BODY.match(expression)
    if asked is None:
        # A key that is the same for all messages.
        return expression
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    for name in asked[1].split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return None if value is None or isinstance(value, (dict, list)) else text(value)
