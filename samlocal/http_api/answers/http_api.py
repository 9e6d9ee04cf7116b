"""What an HTTP API's client gets: of what the function has returned, and without it.

Sources: API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs" (inference in format 2.0),
"Troubleshooting issues with HTTP API Lambda integrations" and "… JWT authorizers"; aws/aws-sam-cli pull request 2941
(unknown members are ignored, 1.0 needs a statusCode, base64 is always decoded); rackspace/sailplane issue 138 for the
default content type; cortexlabs/cortex issue 1225 for the answer after a timeout.
"""

from __future__ import annotations

from samlocal.http_api import identifiers
from samlocal.http_api.answers.payload import compact, parsed, response, text_bytes
from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest
from samlocal.http_api.integration import PayloadFormat

_JSON = "application/json"
_TEXT = "text/plain;charset=utf-8"
_DROPPED = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "te", "trailer", "transfer-encoding", "upgrade"}
)

_INTERNAL = (500, "Internal Server Error")
_UNAVAILABLE = (503, "Service Unavailable")
_WORDS = {
    RefusalType.ACCESS_DENIED: (403, "Forbidden"),
    RefusalType.API_CONFIGURATION_ERROR: _INTERNAL,
    RefusalType.AUTHORIZER_CONFIGURATION_ERROR: _INTERNAL,
    RefusalType.BAD_REQUEST_BODY: (400, "Bad Request"),
    RefusalType.BAD_REQUEST_PARAMETERS: (400, "Bad Request"),
    RefusalType.INTEGRATION_FAILURE: _INTERNAL,
    RefusalType.INTEGRATION_TIMEOUT: _UNAVAILABLE,
    RefusalType.INVALID_API_KEY: (403, "Forbidden"),
    RefusalType.MALFORMED: _INTERNAL,
    RefusalType.MISSING_AUTHENTICATION_TOKEN: (404, "Not Found"),
    RefusalType.QUOTA_EXCEEDED: (429, "Too Many Requests"),
    RefusalType.REQUEST_TOO_LARGE: (413, "Request Entity Too Large"),
    RefusalType.THROTTLED: _UNAVAILABLE,
    RefusalType.UNAUTHORIZED: (401, "Unauthorized"),
    RefusalType.UNSUPPORTED_MEDIA_TYPE: (415, "Unsupported Media Type"),
}
# Recorded without a content type: the developer guide's 401 and cortex's 503.
_BARE = frozenset({401, 503})


def http_answer(request: HttpRequest, payload: bytes, payload_format: PayloadFormat) -> HttpAnswer:
    """Raises MalformedError."""
    value = parsed(payload)
    if payload_format is PayloadFormat.V2 and not (isinstance(value, dict) and "statusCode" in value):
        return _inferred(request, value)
    said = response(value, default_status=None, json_bodies=payload_format is PayloadFormat.V2)
    headers = said.headers if said.content_type else (("content-type", _TEXT), *said.headers)
    cookies = tuple(("set-cookie", cookie) for cookie in said.cookies)
    kept = tuple((name.lower(), value) for name, value in (*headers, *cookies) if name.lower() not in _DROPPED)
    return HttpAnswer(status=said.status, headers=(*kept, _request_id(request)), body=said.decoded())


def service_answer(request: HttpRequest, said: HttpAnswer) -> HttpAnswer:
    """An AWS service's own, which goes through as it is."""
    kept = tuple((name.lower(), value) for name, value in said.headers if name.lower() not in _DROPPED)
    return HttpAnswer(status=said.status, headers=(*kept, _request_id(request)), body=said.body)


def http_refusal(request: HttpRequest, refusal: Refusal) -> HttpAnswer:
    status, message = _WORDS[refusal.type]
    typed: Fields = () if status in _BARE else (("content-type", _JSON),)
    return HttpAnswer(
        status=status,
        headers=(*typed, *refusal.headers, _request_id(request)),
        body=compact({"message": message}),
    )


def _inferred(request: HttpRequest, value: object) -> HttpAnswer:
    """A string is the body itself, everything else the body's JSON."""
    body = text_bytes(value) if isinstance(value, str) else compact(value)
    return HttpAnswer(status=200, headers=(("content-type", _JSON), _request_id(request)), body=body)


def _request_id(request: HttpRequest) -> tuple[str, str]:
    return "apigw-requestid", identifiers.extended_id(request.request_id)
