"""What an HTTP API changes in the answer of an integration, by that answer's status.

Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs" (``append:header.x``,
``overwrite:statuscode``, ``$response.body.name``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.mapping import changed_headers, http_expression
from samlocal.http_api.request_values import RequestValues, in_body

_KEY = re.compile(r"(append|overwrite|remove):header\.(.+)|overwrite:statuscode")
_OF_ANSWER = re.compile(r"response\.(?:header\.(.+)|body((?:[.\[].*)?))", re.DOTALL)


class _Values:
    """Of an answer, and of the request that it is to."""

    def __init__(self, answer: HttpAnswer, values: RequestValues) -> None:
        self._answer = answer
        self._values = values

    def value(self, name: str) -> str | None:
        asked = _OF_ANSWER.fullmatch(name.removeprefix("$"))
        if asked is None:
            return self._values.value(name)
        if asked[1] is None:
            return in_body(self._answer.body, asked[2])
        found = [value for each, value in self._answer.headers if each.lower() == asked[1].lower()]
        return ",".join(found) if found else None


def with_response_parameters(
    answer: HttpAnswer, parameters: Mapping[str, Mapping[str, str]], values: RequestValues
) -> HttpAnswer:
    """``parameters`` are by status. What is mapped from what is not there is left out."""
    seen = _Values(answer, values)
    for key, expression in parameters.get(str(answer.status), {}).items():
        asked = _KEY.fullmatch(key)
        if asked is None:
            continue
        action, name = asked.groups()
        value = None if action == "remove" else http_expression(seen, expression)
        if value is None and action != "remove":
            continue
        if action is not None:
            answer = replace(answer, headers=changed_headers(answer.headers, action, name.lower(), value))
        elif value is not None and re.fullmatch("[2-5][0-9]{2}", value):
            answer = replace(answer, status=int(value))
    return answer
