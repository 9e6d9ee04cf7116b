"""Where in a request an authorizer looks for who asks.

Sources: API Gateway API reference, CreateAuthorizer, ``identitySource`` (``method.request.…``); API Gateway developer
guide, "Identity sources" of HTTP APIs (``$request.…``) and of WebSocket APIs (``route.request.…``).
"""

from __future__ import annotations

import re

from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.model import Api
from samlocal.http_api.request_values import RequestValues

_SOURCE = re.compile(r"\$?(?:(?:method\.|route\.)?request\.(?:header|querystring)|stageVariables|context)\.")


def identity_value(source: str, api: Api, matched: Matched, request: HttpRequest) -> str | None:
    """None where it is absent. Who asks is refused then, as where it is empty."""
    return RequestValues(api, matched, request).value(source) if _SOURCE.match(source) else None
