"""Ids that AWS gives out, in its form, made of what is already there: event, answer and log agree without a registry.

The forms are those of events recorded on AWS (localstack/localstack, ``test_apigateway_lambda.snapshot.json``;
hotsock/voker, ``vokerhttp/testdata``).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import string

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import Api, ApiKind

_BASE_36 = string.digits + string.ascii_lowercase


def extended_id(request_id: str) -> str:
    """Sixteen characters such as ``ATfSdF7nPHcErRA=``: REST's extended id, an HTTP API's only one."""
    return base64.urlsafe_b64encode(_digest(request_id, 11)).decode()


def trace_root(request: HttpRequest) -> str:
    """``Root=1-6a5145a8-536f3e792f6be9b44c1f46fa``: the client's own, else one of this request."""
    given = request.header("x-amzn-trace-id")
    if given is not None and "Root=" in given:
        return given
    return f"Root=1-{int(request.received):08x}-{_digest(request.request_id, 12).hex()}"


def resource_id(api: Api, path: str) -> str:
    """A REST API's resource: ten characters for the root, six for others."""
    return _short(f"{api.api_id}:{path}", 10 if path == "/" else 6)


def deployment_id(api: Api) -> str:
    return _short(f"{api.api_id}:{api.stage}:deployment", 6)


def domain_name(api: Api, request: HttpRequest) -> str:
    """The host that the client has named; AWS's own name for the API where it has named none.

    API Gateway developer guide, ``$context.domainName``: the same as the incoming Host header.
    """
    host = request.header("host")
    if host:
        return host
    place = api.place
    if api.kind is ApiKind.FUNCTION_URL:
        return f"{api.api_id}.lambda-url.{place.region}.on.aws"
    return f"{api.api_id}.execute-api.{place.region}.{place.url_suffix}"


def domain_prefix(domain: str) -> str:
    """The first label of a host, without its port."""
    return domain.split(".", 1)[0].split(":", 1)[0]


# Of every request to one route they are the same.
@functools.lru_cache(maxsize=1024)
def _short(text: str, length: int) -> str:
    number = int.from_bytes(_digest(text, 16))
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_BASE_36))
        letters.append(_BASE_36[rest])
    return "".join(letters)


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()
