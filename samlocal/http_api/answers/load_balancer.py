"""What the client of an Application Load Balancer gets: of what the function has returned, and without it.

Sources: ELB user guide, "Lambda functions as targets"; adamchainz/apig-wsgi issue 52 (the status must be a number),
jeremydaly/lambda-api issue 117 (header values must be strings), aws/aws-lambda-go pull request 207 (headers may not
be null), CodeGenieApp/serverless-express issue 688 (the page).
"""

from __future__ import annotations

import http

from samlocal.http_api.answers.payload import MalformedError, parsed, response
from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.model import Api

RESPONSE_BYTES = 1024 * 1024
SERVER = ("Server", "awselb/2.0")
# Of the connection, or the load balancer's own; there is one date (RFC 9110, 6.6.1).
_DROPPED = frozenset(
    {"connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_STATUSES = {
    RefusalType.INTEGRATION_TIMEOUT: 504,
    RefusalType.MISSING_AUTHENTICATION_TOKEN: 404,
    RefusalType.REQUEST_TOO_LARGE: 413,
    RefusalType.UNAUTHORIZED: 401,
}


def load_balancer_answer(api: Api, payload: bytes) -> HttpAnswer:
    """Raises MalformedError. ``statusDescription`` goes nowhere: the phrase of a status is HTTP's own."""
    if len(payload) > RESPONSE_BYTES:
        raise MalformedError(f"it has {len(payload)} bytes, more than the 1 MB that a load balancer takes")
    value = parsed(payload)
    name = "multiValueHeaders" if api.multi_value_headers else "headers"
    if isinstance(value, dict):
        _check(value, name)
        other = "headers" if api.multi_value_headers else "multiValueHeaders"
        value = {member: each for member, each in value.items() if member != other}
    said = response(value, default_status=None)
    typed = () if said.content_type else (("Content-Type", "application/octet-stream"),)
    kept = tuple((name, value) for name, value in said.headers if name.lower() not in _DROPPED)
    own = () if any(name.lower() == "server" for name, _ in kept) else (SERVER,)
    return HttpAnswer(status=said.status, headers=(*typed, *kept, *own), body=said.decoded())


def load_balancer_refusal(refusal: Refusal) -> HttpAnswer:
    return page(_STATUSES.get(refusal.type, 502))


def page(status: int) -> HttpAnswer:
    """``<h1>502 Bad Gateway</h1>``, as a load balancer shows it."""
    title = f"{status} {http.HTTPStatus(status).phrase}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    return HttpAnswer(
        status=status, headers=(("Content-Type", "text/html"), SERVER), body="\r\n".join(lines).encode()
    )


def _check(value: dict[str, object], name: str) -> None:
    """What other kinds of API let pass."""
    if not isinstance(value.get("statusCode"), int) or isinstance(value.get("statusCode"), bool):
        raise MalformedError(f"statusCode is {value.get('statusCode')!r}; a load balancer takes a number alone")
    if name in value and value[name] is None:
        raise MalformedError(f"{name} is null; a load balancer takes an object, or none")
    headers = value.get(name)
    for header, each in headers.items() if isinstance(headers, dict) else ():
        for item in each if isinstance(each, list) else [each]:
            if not isinstance(item, str):
                raise MalformedError(f"the header {header} is {item!r}; a load balancer takes strings alone")
