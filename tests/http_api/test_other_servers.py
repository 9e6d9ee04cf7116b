"""Servers behind an API that never answer, answer without end, break off, or are the API itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from api_kit import api_of
from front_kit import FakePool, Heard, ran
from routes_kit import api, request

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.front import Front
from samlocal.http_api.integration import IntegrationResponse, MappedIntegration
from samlocal.http_api.model import Api, ApiKind, Route
from samlocal.http_api.server_connection import HttpProxyError
from samlocal.http_api.service_call import ServiceCall
from samlocal.http_api.targets import ServiceTarget
from samlocal.http_api.web.application import WebApplication
from samlocal.service.server import listening, serving

Serves = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def rest(url: str, more: str = "", kind: str = "http_proxy") -> Api:
    integration = f'{{type: {kind}, httpMethod: POST, uri: "{url}"{more}}}'
    return api(
        "Resources: {Api: {Type: AWS::ApiGateway::RestApi, Properties: {Body: {openapi: 3.0.1, info: {title: t}, "
        f'paths: {{"/a/{{proxy+}}": {{post: {{x-amazon-apigateway-integration: {integration}}}}}}}}}}}}}}}',
        head="",
    )


def http_api(url: str, more: str = "") -> Api:
    return api(
        f"""
Resources:
  Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{ProtocolType: HTTP}}}}
  Int: {{Type: AWS::ApiGatewayV2::Integration, Properties: {{ApiId: !Ref Api, IntegrationType: HTTP_PROXY,
    IntegrationMethod: POST, IntegrationUri: "{url}"{more}}}}}
  Route: {{Type: AWS::ApiGatewayV2::Route, Properties: {{ApiId: !Ref Api, RouteKey: "ANY /a/{{proxy+}}",
    Target: !Sub "integrations/${{Int}}"}}}}
""",
        head="",
    )


@asynccontextmanager
async def server(serves: Serves) -> AsyncIterator[str]:
    over: list[asyncio.Event] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.append(done := asyncio.Event())
        try:
            with contextlib.suppress(ConnectionError):
                await serves(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            done.set()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as there:
        yield f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}"
    for each in over:
        await each.wait()


async def read(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def whole(answer: HttpAnswer) -> bytes:
    return answer.body if answer.stream is None else b"".join([part async for part in answer.stream])


def mapped(url: str) -> Api:
    return rest(url, ", responses: {default: {statusCode: 200}}", kind="http")


@pytest.mark.parametrize(
    ("made", "status", "message"),
    [
        (rest, 504, {"message": "Endpoint request timed out"}),
        (http_api, 503, {"message": "Service Unavailable"}),
        (mapped, 200, {"message": "Endpoint request timed out"}),
    ],
)
def test_an_api_that_leads_to_itself_comes_to_an_end_at_once(
    made: Callable[[str], Api], status: int, message: dict[str, str]
) -> None:
    heard, failures = Heard(), list[Exception]()

    async def main() -> tuple[int, bytes]:
        with contextlib.closing(listening("127.0.0.1", 0)) as listens:
            url = f"http://127.0.0.1:{listens.getsockname()[1]}"
            served = made(f"{url}/a/again")
            front = Front(served, FakePool(), heard, None)
            async with serving(WebApplication(front, failed=failures.append), [listens]):
                answer = await front.answer(
                    request("POST", "/a/first", headers={"X-Amzn-Trace-Id": "Root=1-6b0-3b8"})
                )
            await front.close()
        return answer.status, await whole(answer)

    said, body = ran(main())

    assert (said, json.loads(body), failures) == (status, message, [])
    assert len(heard.exchanges) == 17
    (remark,) = heard.remarks
    assert remark.endswith(": it leads to itself: samlocal has passed it on 16 times")


@pytest.mark.parametrize(("made", "status"), [(rest, 504), (http_api, 503), (mapped, 504)])
def test_a_server_that_does_not_answer_is_left_when_the_command_ends(made: Callable[[str], Api], status: int) -> None:
    async def main() -> int:
        is_asked, is_left = asyncio.Event(), asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read(reader)
            is_asked.set()
            await reader.read()
            is_left.set()

        async with server(silent) as url:
            front = Front(made(url), FakePool(), Heard(), None)
            answering = asyncio.create_task(front.answer(request("POST", "/a/b")))
            await is_asked.wait()
            front.end()
            answer = await answering
            await is_left.wait()
            # Nobody is asked any more.
            assert (await front.answer(request("POST", "/a/b"))).status == answer.status
            await front.close()
        return answer.status

    assert ran(main()) == status


def test_an_answer_that_streams_comes_as_it_is_written_and_ends_with_the_command() -> None:
    async def main() -> None:
        goes_on = asyncio.Event()

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read(reader)
            writer.write(b"HTTP/1.1 201 Created\r\nX-From: there\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            await goes_on.wait()
            while True:
                writer.write(b"10000\r\n" + bytes(65_536) + b"\r\n")
                await writer.drain()

        async with server(endless) as url:
            front = Front(rest(url, ", responseTransferMode: STREAM"), FakePool(), Heard(), None)
            answer = await front.answer(request("POST", "/a/b"))
            assert answer.stream is not None
            assert (answer.status, dict(answer.headers)["X-From"]) == (201, "there")
            assert await anext(answer.stream) == b"first"
            goes_on.set()
            # More than an API takes that does not stream.
            size = 0
            while size < 11 * 1024 * 1024:
                size += len(await anext(answer.stream))
            front.end()
            with pytest.raises(HttpProxyError):
                await whole(answer)
            await front.close()

    ran(main())


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsho",
    ],
)
def test_an_answer_that_breaks_off_is_none(said: bytes) -> None:
    heard = Heard()

    async def main() -> int:
        async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read(reader)
            writer.write(said)

        async with server(short) as url:
            front = Front(rest(url), FakePool(), heard, None)
            answer = await front.answer(request("POST", "/a/b"))
            await front.close()
        return answer.status

    assert ran(main()) == 502
    assert ["IncompleteRead" in each for each in heard.remarks] == [True]


@pytest.mark.parametrize(
    ("said", "header"), [("a%0D%0AX-Evil:%201", b"a X-Evil: 1"), ("%CE%BB", "λ".encode()), ("%E9", b"\xef\xbf\xbd")]
)
def test_a_server_gets_in_a_header_whatever_a_client_says_and_no_other_header(said: str, header: bytes) -> None:
    async def main() -> list[bytes]:
        heads = []

        async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.extend((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

        async with server(keeping) as url:
            mapping = ', RequestParameters: {"append:header.X-Said": $request.querystring.said}'
            front = Front(http_api(url, mapping), FakePool(), Heard(), None)
            assert (await front.answer(request("POST", "/a/b", query=f"said={said}"))).status == 204
            await front.close()
        return heads

    heads = ran(main())

    assert b"X-Said: " + header in heads
    assert not any(each.lower().startswith(b"x-evil") for each in heads)


def test_many_services_that_do_not_answer_yet_are_waited_for_at_once() -> None:
    # asyncio's own threads are 32 at most.
    many = 40

    class Services:
        def __init__(self) -> None:
            self.all_are_asked = threading.Barrier(many)

        def ask(self, call: ServiceCall, *, role: str, region: str) -> HttpAnswer:
            self.all_are_asked.wait(timeout=60)
            return HttpAnswer(status=200, body=b"{}")

    queue = ServiceTarget(
        service="sqs",
        subdomain="",
        region="eu-west-1",
        action=None,
        path="1/q",
        method="POST",
        role="arn:aws:iam::1:role/r",
    )
    integration = MappedIntegration(target=queue, responses=(IntegrationResponse(pattern=None, status="200"),))
    served = api_of(ApiKind.REST, Route(method="POST", path="/a", integration=integration))

    async def main() -> list[int]:
        front = Front(served, FakePool(), Heard(), None, Services())
        answers = await asyncio.gather(*(front.answer(request("POST", "/a")) for _ in range(many)))
        await front.close()
        return [each.status for each in answers]

    assert ran(main()) == [200] * many
