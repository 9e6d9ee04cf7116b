"""What a REST API's client gets of what the function has returned.

Sources: API Gateway developer guide, "Output format of a Lambda function for proxy integration", "Important notes"
(headers that are remapped), "Content type conversions", "Enable payload compression"; localstack/localstack,
``test_lambda_aws_proxy_response_format``, validated on AWS; ministackorg/ministack pull request 767, tried there.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from samlocal.http_api import identifiers
from samlocal.http_api.answers.accepted import accepted_type
from samlocal.http_api.answers.payload import Response, parsed, response, text_bytes
from samlocal.http_api.events.body import matches
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.model import Api

_JSON = "application/json"
_MEMBERS = ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "base64Encoded")

REMAPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
    }
)
"""A function's header of such a name reaches the client as ``x-amzn-Remapped-…``."""

_DROPPED = frozenset({"transfer-encoding", "te", "keep-alive"})
_OWN = frozenset({"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"})


def rest_answer(api: Api, request: HttpRequest, payload: bytes) -> HttpAnswer:
    """Raises MalformedError."""
    said = response(parsed(payload), default_status=200, known=_MEMBERS)
    body = _body(api, request, said)
    headers = response_headers(request, said.headers, content_type=said.content_type)
    return _compressed(api, request, HttpAnswer(status=said.status, headers=headers, body=body))


def mapped_answer(
    api: Api, request: HttpRequest, *, status: int, headers: Mapping[str, str], body: bytes
) -> HttpAnswer:
    """What an integration response makes, such as that of SAM's OPTIONS of ``Cors``."""
    typed = any(name.lower() == "content-type" for name in headers)
    answer = HttpAnswer(
        status=status,
        headers=response_headers(request, tuple(headers.items()), content_type=typed),
        body=body,
    )
    return _compressed(api, request, answer)


def passed_answer(api: Api, request: HttpRequest, said: HttpAnswer) -> HttpAnswer:
    """Another server's, of HTTP_PROXY: what is renamed of it was recorded on AWS (localstack/localstack,
    ``test_apigateway_http.snapshot.json``)."""
    headers = response_headers(request, said.headers, content_type=True)
    if said.stream is not None:
        return HttpAnswer(status=said.status, headers=headers, stream=said.stream)
    return _compressed(api, request, HttpAnswer(status=said.status, headers=headers, body=said.body))


def response_headers(request: HttpRequest, said: Fields, *, content_type: bool) -> Fields:
    """The function's, and those that API Gateway adds. ``content_type`` says that the function has spoken of one."""
    headers = [] if content_type else [("Content-Type", _JSON)]
    for name, value in said:
        lower = name.lower()
        if lower in REMAPPED or lower in _OWN:
            headers.append((f"x-amzn-Remapped-{name}", value))
        elif lower not in _DROPPED:
            headers.append((name, value))
    headers += [
        ("x-amzn-RequestId", request.request_id),
        ("x-amz-apigw-id", identifiers.extended_id(request.request_id)),
        ("X-Amzn-Trace-Id", identifiers.trace_root(request)),
    ]
    return tuple(headers)


def _body(api: Api, request: HttpRequest, said: Response) -> bytes:
    """Base64 is decoded only for who accepts, as the first of its types, one that the API treats as binary."""
    if not said.base64:
        return text_bytes(said.body)
    if not matches(accepted_type(request), api.binary_media_types):
        return text_bytes(said.body)
    return said.decoded()


def _compressed(api: Api, request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
    least = api.minimum_compression_size
    accepted = {
        part.partition(";")[0].strip().lower() for part in (request.header("accept-encoding") or "").split(",")
    }
    encoded = any(name.lower() == "content-encoding" for name, _ in answer.headers)
    if least is None or len(answer.body) < least or encoded or "gzip" not in accepted:
        return answer
    return HttpAnswer(
        status=answer.status,
        headers=(*answer.headers, ("Content-Encoding", "gzip")),
        body=gzip.compress(answer.body, mtime=0),
    )
