"""What a REST API asks of a request before its integration gets it.

Source: API Gateway developer guide, "Request validation for REST APIs in API Gateway": parameters are there and not
blank; a body fits the model of its content type (draft 4 of JSON Schema), or that of ``$default``; a content type
without a model is not looked at, and none at all counts as ``application/json``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeAlias

from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.events.body import media_type
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Validation
from samlocal.http_api.regular_expression import PatternError, is_in
from samlocal.http_api.request_values import RequestValues
from samlocal.http_api.time_limit import time_left

_Keyword: TypeAlias = Callable[[Any, Any, Any, Mapping[str, Any]], Iterator[Any] | None]

_JSON = "application/json"
_ANY = "$default"


def refusal(validation: Validation, values: RequestValues, request: HttpRequest) -> Refusal | None:
    """None for a request that may pass. Raises TimeLimitError."""
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
    except (Unresolvable, PatternError, RecursionError):
        return False


@functools.lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    # 200 ms: for those alone who ask for it.
    from referencing import Registry

    # With a registry of one's own nothing is fetched, whatever a schema names.
    return _draft4()(json.loads(schema), registry=Registry())


@functools.cache
def _draft4() -> Any:
    """jsonschema's, where each keyword asks whether there is time left, patterns are tried as all of a user's, and
    items are not compared with each other one by one."""
    from jsonschema import Draft4Validator  # type: ignore[import-untyped]
    from jsonschema.validators import extend  # type: ignore[import-untyped]

    own: dict[str, _Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "uniqueItems": _unique,
    }
    keywords = {**Draft4Validator.VALIDATORS, **own}
    return extend(Draft4Validator, {name: _in_time(keyword) for name, keyword in keywords.items()})


def _in_time(keyword: _Keyword) -> _Keyword:
    def checked(validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        time_left()
        return iter(keyword(validator, value, instance, schema) or ())

    return checked


def _pattern(_: Any, pattern: str, instance: Any, __: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(instance, str) and not is_in(pattern, instance):
        yield _wrong(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Mapping[str, Any]
) -> Iterator[Any]:
    for pattern, schema in patterns.items() if isinstance(instance, dict) else ():
        for name, value in instance.items():
            if is_in(pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(is_in(pattern, name) for pattern in patterns):
            continue
        if isinstance(allowed, dict):
            yield from validator.descend(value, allowed, path=name)
        elif not allowed:
            yield _wrong(f"{name!r} is not allowed")


def _unique(_: Any, wanted: Any, instance: Any, __: Mapping[str, Any]) -> Iterator[Any]:
    if wanted is True and isinstance(instance, list) and len({_identity(item) for item in instance}) < len(instance):
        yield _wrong("it has an item twice")


def _identity(value: Any) -> Hashable:
    """Equal for values that JSON Schema takes for equal: 1 and 1.0 are, 1 and true are not."""
    match value:
        case bool():
            return bool, value
        case dict():
            return dict, frozenset((name, _identity(member)) for name, member in value.items())
        case list():
            return list, tuple(_identity(item) for item in value)
    return value  # type: ignore[no-any-return]


def _wrong(message: str) -> Exception:
    from jsonschema import ValidationError

    wrong: Exception = ValidationError(message)
    return wrong
