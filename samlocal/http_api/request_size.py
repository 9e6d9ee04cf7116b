"""Requests whose head is too large for what stands in front of functions: nothing else is looked at then.

Sources: API Gateway developer guide, "Quotas" (10,240 bytes of request line and header values); Elastic Load
Balancing user guide, "Quotas for your Application Load Balancers" (16 KB of request line and of each header, 64 KB of
all) and "Troubleshoot your Application Load Balancers" (400 and 414). What API Gateway answers:
ntsblog.homedev.com.au, "HTTP header is larger than 10240 bytes" (the words), backbencher.dev, "431 Status Code" (the
status). Of function URLs nothing is documented.
"""

from __future__ import annotations

from samlocal.http_api.answers.load_balancer import page
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.model import ApiKind

_GATEWAY_BYTES = 10_240
_LINE_BYTES = _HEADER_BYTES = 16 * 1024
_HEAD_BYTES = 64 * 1024


def too_large_head(kind: ApiKind, request: HttpRequest) -> HttpAnswer | None:
    """The answer to a request with such a head, None for any other."""
    match kind:
        case ApiKind.REST | ApiKind.HTTP | ApiKind.WEBSOCKET:
            if _line(request) + sum(len(value) for _, value in request.headers) > _GATEWAY_BYTES:
                said = f"HTTP header is larger than {_GATEWAY_BYTES} bytes.".encode()
                return HttpAnswer(status=431, headers=(("Content-Type", "text/plain"),), body=said)
        case ApiKind.ALB:
            sizes = [len(name) + len(value) for name, value in request.headers]
            if _line(request) > _LINE_BYTES:
                return page(414)
            if max(sizes, default=0) > _HEADER_BYTES or sum(sizes) > _HEAD_BYTES:
                return page(400)
    return None


def _line(request: HttpRequest) -> int:
    """Of the request line, in bytes: headers and targets are of bytes that are a character each."""
    target = len(request.path) + (len(request.query) + 1 if request.query else 0)
    return len(request.method) + target + len(request.protocol) + len("  \r\n")
