"""What a command that stays serves, as its records name it."""

from __future__ import annotations

from msgspec import Struct


class ServedFunction(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    arn: str


class ServedRoute(Struct, frozen=True, kw_only=True):
    """``leads_to`` is a function's id, or what answers in place of one; it is None where ``not_run`` says why."""

    method: str
    path: str
    leads_to: str | None
    not_run: str | None
    authorizer: str | None
    api_key: bool


class ServedApi(Struct, frozen=True, kw_only=True):
    """``stage`` is ``$default`` where it has no name."""

    id: str
    kind: str
    stage: str
    url: str | None
    routes: tuple[ServedRoute, ...]


class ServedSource(Struct, frozen=True, kw_only=True):
    """A queue or stream that is read for a function, or an event that is pushed to it, which has no ``source`` here.

    ``id`` is the mapping's, or ``Function/Event``. Of a pipe ``function`` is the pipe itself. ``not_read`` says why
    nothing comes of it.
    """

    id: str
    function: str
    source: str
    name: str
    not_read: str | None = None
