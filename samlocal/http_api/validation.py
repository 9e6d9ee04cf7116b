"""What a REST API asks of a request before its integration gets it.

Source: API Gateway developer guide, "Request validation for REST APIs in API Gateway": parameters are there and not
blank; a body fits the model of its content type (draft 4 of JSON Schema), or that of ``$default``; a content type
without a model is not looked at, and none at all counts as ``application/json``.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.events.body import media_type
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Validation
from samlocal.http_api.request_values import RequestValues

_JSON = "application/json"
_ANY = "$default"


def refusal(validation: Validation, values: RequestValues, request: HttpRequest) -> Refusal | None:
    """None for a request that may pass."""
    missing = [
        name for part, name in validation.parameters if not (values.value(f"request.{part}.{name}") or "").strip()
    ]
    if missing:
        message = f"Missing required request parameters: [{', '.join(missing)}]"
        return Refusal(type=RefusalType.BAD_REQUEST_PARAMETERS, message=message)
    if validation.schemas and not _fits(validation, request):
        return Refusal(type=RefusalType.BAD_REQUEST_BODY)
    return None


def _fits(validation: Validation, request: HttpRequest) -> bool:
    content_type = media_type(request.header("content-type") or _JSON)
    schema = validation.schemas.get(content_type) or validation.schemas.get(_ANY)
    if schema is None:
        return True
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return False
    return _is_valid(schema, body)


def _is_valid(schema: str, body: object) -> bool:
    """By a schema that names what is not there, or has a wrong pattern, nothing is: AWS would not have taken it. Nor
    is a body that is nested deeper than can be looked into here."""
    from referencing.exceptions import Unresolvable

    try:
        return bool(_validator(schema).is_valid(body))
    except (Unresolvable, re.error, RecursionError):
        return False


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    # 200 ms: for those alone who ask for it.
    from jsonschema import Draft4Validator  # type: ignore[import-untyped]
    from referencing import Registry

    # With a registry of one's own nothing is fetched, whatever a schema names.
    return Draft4Validator(json.loads(schema), registry=Registry())
