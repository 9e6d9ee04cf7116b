"""The variables of a gateway response's template.

Source: API Gateway developer guide, "Gateway responses in API Gateway": templates know simple variables, and no more
of VTL; headers are a quoted value, a variable, or a part of the request.
"""

from __future__ import annotations

import re

from samlocal.http_api.caller import Caller
from samlocal.http_api.context import context_variables
from samlocal.http_api.events import query
from samlocal.http_api.model import Api, HttpRequest, Matched

_NAME = r"(?:context|stageVariables|method\.request)(?:\.[\w-]+)+"
_VARIABLE = re.compile(rf"\$\{{({_NAME})\}}|\$({_NAME})")


class Variables:
    """``matched`` is None where no route takes the request.

    ``message_string`` is JSON, as ``$context.error.messageString`` has it.
    """

    def __init__(
        self,
        api: Api,
        request: HttpRequest,
        matched: Matched | None,
        *,
        caller: Caller,
        error_type: str,
        message: str | None,
        message_string: str,
    ) -> None:
        self._api = api
        self._request = request
        self._context = {
            **context_variables(api, matched, request, caller),
            "error.message": message or "",
            "error.messageString": message_string,
            "error.responseType": error_type,
        }

    def filled(self, template: str) -> str:
        """A variable that has no value is nothing."""
        return _VARIABLE.sub(lambda found: self.value(found[1] or found[2]) or "", template)

    def header(self, value: str) -> str | None:
        """``'*'`` is itself without its quotes; else what it names."""
        if len(value) >= 2 and value[0] == value[-1] == "'":
            return value[1:-1]
        return self.value(value)

    def value(self, name: str) -> str | None:
        """``context.requestId``, ``stageVariables.x``, ``method.request.header.Origin``."""
        kind, _, rest = name.partition(".")
        match kind:
            case "context":
                return self._context.get(rest)
            case "stageVariables":
                return self._api.stage_variables.get(rest)
            case "method" if rest.startswith("request.header."):
                return self._request.header(rest.removeprefix("request.header."))
            case "method" if rest.startswith("request.querystring."):
                return dict(query.decoded(self._request.query)).get(rest.removeprefix("request.querystring."))
            case _:
                return None
