"""What the client of a function URL gets: of what the function has returned, and without it.

Sources: Lambda developer guide, "Invoking Lambda function URLs"; localstack/localstack, ``TestLambdaURL``, validated
on AWS (what is inferred, a status that is a string, 502 ``Internal Server Error``); aws/aws-lambda-go,
``lambda-urls-response-multi-value-headers.json``.
"""

from __future__ import annotations

from samlocal.function.limits import REQUEST_BYTES
from samlocal.http_api import identifiers
from samlocal.http_api.answers.payload import compact, parsed, response, text_bytes
from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest

_JSON = "application/json"
_DROPPED = frozenset(
    {"connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


def url_answer(request: HttpRequest, payload: bytes) -> HttpAnswer:
    """Raises MalformedError."""
    value = parsed(payload)
    if not (isinstance(value, dict) and "statusCode" in value):
        body = text_bytes(value) if isinstance(value, str) else compact(value)
        return HttpAnswer(status=200, headers=url_headers(request, (("Content-Type", _JSON),)), body=body)
    said = response(value, default_status=200, json_bodies=True)
    headers = said.headers if said.content_type else (("Content-Type", _JSON), *said.headers)
    cookies = tuple(("Set-Cookie", cookie) for cookie in said.cookies)
    return HttpAnswer(status=said.status, headers=url_headers(request, (*headers, *cookies)), body=said.decoded())


def url_headers(request: HttpRequest, said: Fields) -> Fields:
    kept = tuple((name, value) for name, value in said if name.lower() not in _DROPPED)
    own = (("x-amzn-RequestId", request.request_id), ("X-Amzn-Trace-Id", identifiers.trace_root(request)))
    return (*kept, *own)


def url_refusal(request: HttpRequest, refusal: Refusal) -> HttpAnswer:
    """Lambda's own API stands behind it: its errors are those of an invocation."""
    match refusal.type:
        case RefusalType.ACCESS_DENIED | RefusalType.UNAUTHORIZED | RefusalType.MISSING_AUTHENTICATION_TOKEN:
            return _error(request, 403, "AccessDeniedException", {"Message": "Forbidden"})
        case RefusalType.REQUEST_TOO_LARGE:
            message = f"Request must be smaller than {REQUEST_BYTES} bytes for the InvokeFunction operation"
            return _error(request, 413, "RequestEntityTooLargeException", {"Type": "User", "message": message})
        case RefusalType.THROTTLED | RefusalType.QUOTA_EXCEEDED:
            return _error(
                request,
                429,
                "TooManyRequestsException",
                {"Type": "User", "message": refusal.message or "Rate Exceeded."},
            )
        case _:
            return HttpAnswer(
                status=502,
                headers=url_headers(request, (("Content-Type", _JSON),)),
                body=b"Internal Server Error",
            )


def _error(request: HttpRequest, status: int, error_type: str, body: dict[str, str]) -> HttpAnswer:
    headers = url_headers(request, (("Content-Type", _JSON), ("x-amzn-ErrorType", error_type)))
    return HttpAnswer(status=status, headers=headers, body=compact(body))
