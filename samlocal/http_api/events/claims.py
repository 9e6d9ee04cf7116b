"""The claims of a token inside an event, where every value is a string.

Sources: for HTTP APIs, events that public repositories recorded (``"email_verified": "true"``, ``"exp":
"1746385209"``, ``"cognito:groups": "[group1 group2]"``); for REST APIs, amazon-archives/amazon-cognito-identity-js
issue 92 (``"exp": "Fri Jul 29 18:52:53 UTC 2016"``, ``"auth_time": "1469814773"``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOMENTS = frozenset({"exp", "iat"})


def of_http_api(claims: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value, lambda items: f"[{' '.join(items)}]") for name, value in claims.items()}


def of_rest_api(claims: Mapping[str, object]) -> dict[str, str]:
    """A Cognito authorizer's: ``exp`` and ``iat`` are spelt out, lists have commas."""
    return {
        name: _moment(value)
        if name in _MOMENTS and isinstance(value, int | float)
        else _text(value, lambda items: ",".join(items))
        for name, value in claims.items()
    }


def stringified(context: Mapping[str, object]) -> dict[str, str]:
    """What a Lambda authorizer says, as a REST API hands it on (API Gateway developer guide, "Output from an API
    Gateway Lambda authorizer": "The returned values are all stringified")."""
    return {name: _text(value, lambda items: f"[{','.join(items)}]") for name, value in context.items()}


def _text(value: object, of_list: Callable[[list[str]], str]) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return of_list([_text(item, of_list) for item in value])
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return json.dumps(value, separators=(",", ":"))


def _moment(seconds: float) -> str:
    try:
        moment = time.gmtime(seconds)
    except (OverflowError, ValueError, OSError):
        return str(seconds)
    day, month = _DAYS[moment.tm_wday], _MONTHS[moment.tm_mon - 1]
    return time.strftime(f"{day} {month} %d %H:%M:%S UTC %Y", moment)
