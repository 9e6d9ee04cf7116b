"""By which id AWS would know an API."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

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


def _made(name: str, length: int) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:length])
