"""What of an event is secret by its name: said before it is committed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

# Members of an event that are secret by their name, as HTTP, AWS and OAuth have them.
_SECRET = re.compile(
    r"authorization|cookies?|set-cookie|x-api-key|x-amz-security-token|authorizationtoken|.*password.*|.*secret.*"
    r"|.*(?:access|refresh|id|auth)_?token",
    re.IGNORECASE,
)


def secrets(event: bytes) -> tuple[str, ...]:
    """The members that are secret by their name, each by the way to it: ``headers.Authorization``."""
    try:
        document = msgspec.json.decode(event)
    except (msgspec.DecodeError, RecursionError):
        return ()
    return tuple(dict.fromkeys(_secret(document, "")))


def _secret(value: object, way: str) -> Iterator[str]:
    match value:
        case dict():
            for name, member in value.items():
                to = f"{way}.{name}" if way else str(name)
                if member and _SECRET.fullmatch(str(name)):
                    yield to
                else:
                    yield from _secret(member, to)
        case list():
            for member in value:
                yield from _secret(member, way)
