"""What an authorizer's function has said, and for how long that is believed.

Sources: API Gateway developer guide, "Output from an API Gateway Lambda authorizer" and "Lambda authorizer response
format" of HTTP APIs; AWS knowledge center, "API Gateway proxy resource with a Lambda authorizer that has caching
activated" (what is kept is the policy, evaluated for each method anew).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from samlocal.http_api.authorizers.policy import Evaluation, PolicyError, Verdict, evaluated

Key = tuple[str, ...]


class SayingError(Exception):
    """The function has said nothing that an API understands."""


class Saying(Struct, frozen=True, kw_only=True):
    """``policy`` is None where the function answers yes or no."""

    is_authorized: bool = True
    policy: object = None
    principal_id: str | None = None
    context: Mapping[str, object] = field(default_factory=dict)
    usage_key: str | None = None

    def on(self, arn: str, *, source_ip: str) -> Evaluation:
        """Of the method. Raises SayingError."""
        if self.policy is None:
            return Evaluation(verdict=Verdict.ALLOWED if self.is_authorized else Verdict.IMPLICIT_DENY)
        try:
            return evaluated(self.policy, arn, source_ip=source_ip)
        except PolicyError as error:
            raise SayingError(str(error)) from error


def policy_saying(payload: bytes, *, scalars: bool) -> Saying:
    """A policy and what comes with it. ``scalars`` says that the context holds nothing else, as with REST APIs.

    Raises SayingError.
    """
    said = _object(payload)
    if "policyDocument" not in said:
        raise SayingError("it returned no policyDocument")
    principal = said.get("principalId")
    if scalars and not isinstance(principal, str):
        raise SayingError("it returned no principalId")
    context = _context(said)
    if scalars and (nested := [name for name, value in context.items() if isinstance(value, dict | list)]):
        raise SayingError(f"its context has {', '.join(nested)}: an object or a list cannot be passed on")
    usage_key = said.get("usageIdentifierKey")
    return Saying(
        policy=said["policyDocument"],
        principal_id=principal if isinstance(principal, str) else None,
        context=context,
        usage_key=usage_key if isinstance(usage_key, str) else None,
    )


def simple_saying(payload: bytes) -> Saying:
    """``isAuthorized`` and a context. Raises SayingError."""
    said = _object(payload)
    verdict = said.get("isAuthorized")
    if not isinstance(verdict, bool):
        raise SayingError("it returned no isAuthorized that is true or false")
    return Saying(is_authorized=verdict, context=_context(said))


class Kept:
    """Sayings by who asked, each for its time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sayings: dict[Key, tuple[float, Saying]] = {}

    def get(self, key: Key) -> Saying | None:
        until, saying = self._sayings.get(key, (0.0, None))
        return saying if self._clock() < until else None

    def keep(self, key: Key, saying: Saying, *, seconds: int) -> None:
        now = self._clock()
        self._sayings = {each: kept for each, kept in self._sayings.items() if now < kept[0]}
        self._sayings[key] = (now + seconds, saying)


def _object(payload: bytes) -> dict[str, object]:
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise SayingError(f"it returned no JSON: {error}") from error
    if not isinstance(said, dict):
        raise SayingError(f"it returned {said!r}, which is no object")
    if b"\\u" in payload:
        try:
            json.dumps(said, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError) as error:
            # Half of a character: the event that it would go into could not be written.
            raise SayingError(f"it returned what is no text: {error}") from error
    return said


def _context(said: Mapping[str, object]) -> Mapping[str, object]:
    context = said.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise SayingError("its context is no object")
    return context
