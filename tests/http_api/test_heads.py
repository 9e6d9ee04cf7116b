"""What of a request stands before its body: how much it may be, and who is called.

Sources: API Gateway developer guide, "Quotas" (10,240 bytes of request line and header values); ELB user guide,
"Quotas for your Application Load Balancers"; RFC 9112, 3.2 and 3.2.2.
"""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from api_kit import api_of, request_of, route_of
from front_kit import FakePool, Heard, answered, ran

from samlocal.http_api.front import Front
from samlocal.http_api.model import ApiKind
from samlocal.http_api.web.application import WebApplication
from samlocal.service.server import listening, serving

# "GET / HTTP/1.1" with its end has 16 bytes.
MOST = 10_240 - 16


@pytest.mark.parametrize(
    ("kind", "path", "headers", "status"),
    [
        (ApiKind.REST, "/", {"a": "x" * MOST}, 200),
        (ApiKind.REST, "/", {"a": "x" * (MOST + 1)}, 431),
        (ApiKind.HTTP, "/", {"a": "x" * 5000, "b": "x" * (MOST - 5000)}, 200),
        (ApiKind.HTTP, "/", {"a": "x" * 5000, "b": "x" * (MOST - 4999)}, 431),
        (ApiKind.HTTP, "/" + "x" * MOST, {}, 200),
        (ApiKind.HTTP, "/" + "x" * (MOST + 1), {}, 431),
        (ApiKind.ALB, "/", {"a": "x" * 16_000}, 200),
        (ApiKind.ALB, "/", {"a": "x" * 16_384}, 400),
        (ApiKind.ALB, "/", {f"a{n}": "x" * 16_000 for n in range(5)}, 400),
        (ApiKind.ALB, "/" + "x" * 16_384, {}, 414),
        (ApiKind.FUNCTION_URL, "/", {"a": "x" * 16_384}, 200),
    ],
)
def test_a_head_is_as_large_as_aws_takes_it(kind: ApiKind, path: str, headers: dict[str, str], status: int) -> None:
    # The name of a header counts for a load balancer alone.
    route = route_of() if kind is ApiKind.REST or kind is ApiKind.HTTP else route_of(path="$default")
    root = route_of(path="/")
    api = api_of(kind, routes=(route, root))
    pool = FakePool()

    said, _, _ = answered(api, request_of("GET", path, headers=headers), pool)

    assert (said, bool(pool.asked)) == (status, status == 200)


@pytest.mark.parametrize(
    ("head", "status", "domain"),
    [
        ("GET /a HTTP/1.1|Host: localhost", 200, "localhost"),
        ("GET /a HTTP/1.1|Host: evil.example", 421, None),
        ("GET /a HTTP/1.1|X-No: host", 400, None),
        ("GET /a HTTP/1.1|Host: localhost|Host: evil.example", 400, None),
        ("GET /a HTTP/1.0", 200, "127.0.0.1"),
        ("GET /a HTTP/1.0|Host: evil.example", 421, None),
        ("GET http://localhost:1/a HTTP/1.1|Host: evil.example", 200, "localhost"),
        ("GET http://evil.example/a HTTP/1.1|Host: localhost", 421, None),
        ("GET http://localhost HTTP/1.1|Host: localhost", 200, "localhost"),
    ],
)
def test_a_request_calls_one_name_and_that_is_an_own_one(head: str, status: int, domain: str | None) -> None:
    async def main() -> FakePool:
        pool, failures = FakePool(), list[Exception]()
        front = Front(api_of(ApiKind.HTTP, routes=(route_of(), route_of(path="/"))), pool, Heard(), None)
        with contextlib.closing(listening("127.0.0.1", 0)) as listens:
            address = listens.getsockname()[:2]
            async with serving(WebApplication(front, failed=failures.append), [listens]):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(head.replace("|", "\r\n").encode() + b"\r\nConnection: close\r\n\r\n")
                assert (await reader.read()).split(b" ")[1] == str(status).encode()
                writer.close()
        assert failures == []
        return pool

    asked = [event["requestContext"]["domainName"].partition(":")[0] for _, event in ran(main()).asked]
    assert asked == ([] if domain is None else [domain])
