"""The headers of a request, as each kind of API hands them on.

Sources: events recorded on AWS (hotsock/voker, ``vokerhttp/testdata``: one request behind each kind of API;
localstack/localstack, ``test_apigateway_lambda.snapshot.json``; milliHQ/terraform-aws-next-js pull request 31 for
HTTP APIs' format 1.0; aws/aws-lambda-go, ``events/testdata``); API Gateway developer guide, "Important notes".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.identifiers import trace_root

Values = dict[str, list[str]]
"""Values by name; the names are already spelt as the event has them."""

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
_DROPPED_BY_REST = _HOP_BY_HOP | {
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "www-authenticate",
}
_SPELT_BY_API_GATEWAY = {
    name.lower(): name
    for name in ("Host", "User-Agent", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto")
}
_SPELT_BY_REST = _SPELT_BY_API_GATEWAY | {"authorization": "Authorization"}
_SPELT_BY_FORMAT_1 = _SPELT_BY_API_GATEWAY | {"content-length": "Content-Length"}
_SPELT_BY_WEBSOCKET = _SPELT_BY_REST | {
    name.lower(): name
    for name in (
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Version",
    )
}


def rest(request: HttpRequest) -> Values:
    """Names stay as the client wrote them, but for a few that API Gateway writes itself."""
    return _collected(_spelt(_forwarded(request), _SPELT_BY_REST), dropped=_DROPPED_BY_REST)


def http_v1(request: HttpRequest) -> Values:
    """An HTTP API's in format 1.0: in lower case but for those that it writes itself, always with a length."""
    return _collected(
        ((_SPELT_BY_FORMAT_1.get(name.lower(), name.lower()), value) for name, value in _with_length(request)),
        dropped=_HOP_BY_HOP,
    )


def http_v2(request: HttpRequest) -> Values:
    """In lower case; cookies are a list of the event's own."""
    return _collected(_lowered(_with_length(request)), dropped=_HOP_BY_HOP | {"cookie"})


def function_url(request: HttpRequest) -> Values:
    """In lower case; cookies stay, beside the event's list."""
    return _collected(_lowered(_forwarded(request)), dropped=_HOP_BY_HOP)


def load_balancer(request: HttpRequest) -> Values:
    """In lower case; ``connection`` stays."""
    return _collected(_lowered(_forwarded(request)), dropped=frozenset({"transfer-encoding"}))


def websocket(request: HttpRequest) -> Values:
    return _collected(_spelt(_forwarded(request), _SPELT_BY_WEBSOCKET), dropped=_DROPPED_BY_REST)


def cookies(request: HttpRequest) -> list[str]:
    """``name=value`` each, of all of the request's Cookie headers."""
    pieces = (piece.strip() for value in request.header_values("cookie") for piece in value.split(";"))
    return [piece for piece in pieces if piece]


def last_values(values: Values) -> dict[str, str]:
    return {name: each[-1] for name, each in values.items()}


def joined_values(values: Values) -> dict[str, str]:
    return {name: ",".join(each) for name, each in values.items()}


def whence(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """What AWS says of where a request came from, in place of what the client says."""
    yield "X-Forwarded-For", ", ".join([*request.header_values("x-forwarded-for"), request.source_ip])
    yield "X-Forwarded-Port", _port(request)
    yield "X-Forwarded-Proto", request.scheme


def _forwarded(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """The client's headers, and behind them what AWS says of where they came from."""
    own = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
    yield from ((name, value) for name, value in request.headers if name.lower() not in own)
    yield "X-Amzn-Trace-Id", trace_root(request)
    yield from whence(request)


def _with_length(request: HttpRequest) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in _forwarded(request) if name.lower() != "content-length")
    yield "Content-Length", str(len(request.body))


def _port(request: HttpRequest) -> str:
    host = request.header("host") or ""
    port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""
    return port or ("443" if request.scheme == "https" else "80")


def _lowered(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in fields)


def _spelt(fields: Iterable[tuple[str, str]], spelling: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((spelling.get(name.lower(), name), value) for name, value in fields)


def _collected(fields: Iterable[tuple[str, str]], *, dropped: frozenset[str]) -> Values:
    """Those of one name together, under the spelling that came first."""
    values: Values = {}
    spelling: dict[str, str] = {}
    for name, value in fields:
        lower = name.lower()
        if lower not in dropped:
            values.setdefault(spelling.setdefault(lower, name), []).append(value)
    return values
