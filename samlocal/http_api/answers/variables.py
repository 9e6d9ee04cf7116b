"""The variables of a gateway response's template.

Source: API Gateway developer guide, "Gateway responses in API Gateway": templates know simple variables, and no more
of VTL; headers are a quoted value, a variable, or a part of the request.
"""

from __future__ import annotations

import re

from samlocal.http_api.caller import Caller
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api
from samlocal.http_api.request_values import RequestValues, static

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
        self._values = RequestValues(api, matched, request, caller)
        self._error = {
            "context.error.message": message or "",
            "context.error.messageString": message_string,
            "context.error.responseType": error_type,
        }

    def filled(self, template: str) -> str:
        """A variable that has no value is nothing."""
        return _VARIABLE.sub(lambda found: self._value(found[1] or found[2]) or "", template)

    def header(self, expression: str) -> str | None:
        """What it names, or what its quotes hold."""
        text = static(expression)
        return self._value(expression) if text is None else text

    def _value(self, name: str) -> str | None:
        return self._error[name] if name in self._error else self._values.value(name)
