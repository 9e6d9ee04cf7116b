"""What a client accepts, as API Gateway looks at it: the first type that it names, without its parameters.

Source: API Gateway developer guide, "Content type conversions in API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.http_api.events.body import media_type
from samlocal.http_api.exchange import HttpRequest

_JSON = "application/json"


def accepted_type(request: HttpRequest) -> str:
    """In lower case; empty where the client says nothing of it."""
    return media_type((request.header("accept") or "").partition(",")[0])


def accepted_template(request: HttpRequest, templates: Mapping[str, str]) -> tuple[str, str] | None:
    """The one that the client accepts, else the JSON one, else the first, with its content type; None of none."""
    accepted = accepted_type(request)
    for name in (accepted, _JSON, *templates):
        if name in templates:
            return name, templates[name]
    return None
