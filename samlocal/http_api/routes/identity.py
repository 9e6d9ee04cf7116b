"""By which id AWS knows an API, and where it serves it."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from samlocal.http_api.model import DEFAULT_ROUTE
from samlocal.http_api.routes.stack import Stack
from samlocal.template.model import Resource

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def api_id(stack: Stack, resource: Resource) -> str:
    """The deployed API's, else the placeholder that the functions' own variables have."""
    known = stack.id_of(resource)
    return known if known and re.fullmatch(r"[a-z0-9]+", known) else _made(stack.path(resource), 10)


def url_id(stack: Stack, resource: Resource) -> str:
    """Of a function URL: the first part of its host name."""
    host = urlsplit(stack.id_of(resource, "FunctionUrl") or "").hostname or ""
    return host.partition(".")[0] or _made(stack.path(resource), 32)


def deployed_url(stack: Stack, resource: Resource, stage: str, *, scheme: str = "https") -> str | None:
    """Of an API that the environment has, at the host that AWS gives it; None where there is no environment, or it is
    not in it.

    API Gateway developer guide, "Invoke REST APIs in API Gateway": a stage's path, which ``$default`` does not have.
    """
    known = _deployed(stack, resource)
    if known is None:
        return None
    place = stack.application.place
    path = "" if stage == DEFAULT_ROUTE else f"/{stage}"
    return f"{scheme}://{known}.execute-api.{place.region}.{place.url_suffix}{path}"


def deployed_attribute(stack: Stack, resource: Resource, attribute: str) -> str | None:
    """Of a resource that the environment has."""
    return None if _deployed(stack, resource) is None else stack.id_of(resource, attribute)


def _deployed(stack: Stack, resource: Resource) -> str | None:
    environment = stack.application.environment
    if environment is None:
        return None
    found = environment.stack.resources.get(resource.logical_id)
    return None if found is None else found.physical_id


def _made(name: str, length: int) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:length])
