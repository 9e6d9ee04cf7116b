"""What a function has returned, read as a response.

What is accepted beyond the documented form is what AWS was seen to accept: scalars for strings (localstack/localstack
pull request 11199 for ``"statusCode": "201"``, its ``test_apigateway_lambda.py`` for header values),
``base64Encoded`` (aws/aws-sam-cli pull request 2941), null for what may be absent.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from typing import Never

from msgspec import Struct

from samlocal.http_api.exchange import Fields

STATUSES = range(200, 600)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class MalformedError(Exception):
    """It is no response; the message says what is wrong with it."""


class UndecodableError(MalformedError):
    """The body is said to be base64 and is not."""


class Response(Struct, frozen=True, kw_only=True):
    """``headers`` have those of ``multiValueHeaders`` among them. ``content_type`` says whether they speak of one, if
    only to say that there is none (null). ``body`` is as returned: in base64 where ``base64`` says so."""

    status: int
    headers: Fields
    content_type: bool
    cookies: tuple[str, ...]
    body: str
    base64: bool

    def decoded(self) -> bytes:
        """The body's bytes. Raises UndecodableError."""
        if not self.base64:
            return text_bytes(self.body)
        try:
            return base64.b64decode(self.body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UndecodableError(f"isBase64Encoded is true and the body is no base64: {error}") from error


def parsed(payload: bytes) -> object:
    """The JSON value. Raises MalformedError."""
    try:
        return json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"it is no JSON: {error}") from error


def response(
    value: object, *, default_status: int | None, known: Collection[str] | None = None, json_bodies: bool = False
) -> Response:
    """The response that an object says. Raises MalformedError.

    ``default_status`` is None where the function must give one, ``known`` are the members that it may have where
    others are refused, ``json_bodies`` says that a body may be an object or a list.
    """
    if not isinstance(value, dict):
        raise MalformedError(f"it is {_kind(value)}, not an object with statusCode, headers and body")
    if known is not None and (unknown := [name for name in value if name not in known]):
        raise MalformedError(f"it has {', '.join(map(repr, unknown))}; members may be {', '.join(known)}")
    several = _several(value.get("multiValueHeaders"))
    single = _single(value.get("headers"))
    headers = [*several, *(pair for pair in single if pair not in several)]
    return Response(
        status=_status(value.get("statusCode"), default_status),
        headers=tuple(headers),
        content_type=any(
            name.lower() == "content-type"
            for mapping in (value.get("headers"), value.get("multiValueHeaders"))
            for name in mapping or ()
        ),
        cookies=tuple(_cookies(value.get("cookies"))),
        body=_body(value.get("body"), json_bodies=json_bodies),
        base64=_flag(value.get("isBase64Encoded")) or _flag(value.get("base64Encoded")),
    )


def compact(value: object) -> bytes:
    """JSON without white space, as AWS sends what it takes for a body itself. Raises MalformedError."""
    return text_bytes(_compact(value))


def text_bytes(text: str) -> bytes:
    """JSON may hold half a character, which UTF-8 cannot."""
    return text.encode(errors="replace")


def _status(value: object, default: int | None) -> int:
    if value is None:
        if default is None:
            raise MalformedError("it has no statusCode")
        return default
    try:
        status = int(_scalar("statusCode", value)) if not isinstance(value, float) else _whole(value)
    except ValueError as error:
        raise MalformedError(f"statusCode is {value!r}, not a number") from error
    if isinstance(value, bool) or status not in STATUSES:
        raise MalformedError(f"statusCode is {value!r}, not a status from 200 to 599")
    return status


def _whole(value: float) -> int:
    if not value.is_integer():
        raise ValueError(value)
    return int(value)


def _single(value: object) -> list[tuple[str, str]]:
    return [
        (_name(name), _scalar(f"the header {name}", each))
        for name, each in _mapping("headers", value).items()
        if each is not None
    ]


def _several(value: object) -> list[tuple[str, str]]:
    pairs = []
    for name, each in _mapping("multiValueHeaders", value).items():
        values = each if isinstance(each, list) else [each]
        pairs += [(_name(name), _scalar(f"the header {name}", item)) for item in values if item is not None]
    return pairs


def _mapping(name: str, value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError(f"{name} is {_kind(value)}, not an object")
    return value


def _cookies(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedError(f"cookies is {_kind(value)}, not a list")
    return [_scalar("a cookie", item) for item in value]


def _body(value: object, *, json_bodies: bool) -> str:
    if value is None:
        return ""
    if json_bodies and isinstance(value, dict | list):
        return _compact(value)
    return _text("body", value)


def _compact(value: object) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except RecursionError as error:
        raise MalformedError("it is nested too deeply") from error


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _flag(value: object) -> bool:
    match value:
        case None | False | "false":
            return False
        case True | "true":
            return True
        case _:
            raise MalformedError(f"isBase64Encoded is {value!r}, not true or false")


def _scalar(name: str, value: object) -> str:
    return header_value(_text(name, value))


def _text(name: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case _:
            raise MalformedError(f"{name} is {_kind(value)}, not a string")


def _name(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        raise MalformedError(f"{text!r} is no name of a header")
    return text


def header_value(text: str) -> str:
    """HTTP's headers are Latin-1, without controls: what is more goes out as its UTF-8 bytes."""
    line = _CONTROLS.sub(" ", text).strip()
    try:
        line.encode("latin-1")
    except UnicodeEncodeError:
        return text_bytes(line).decode("latin-1")
    return line


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
