"""A function's request on its way to AWS: what is kept of it, what is made anew, and how the answer comes back."""

from __future__ import annotations

import asyncio
import contextlib
import select
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys
from endpoint_kit import run

from samlocal.aws import Aws, Credentials
from samlocal.aws.signature import is_signed_with, signature_of
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.callers import Caller
from samlocal.endpoint.forwarding import Forwarding, Sent
from samlocal.sandbox.network.endpoint import Endpoint, endpoint

KEY, SECRET, TOKEN = "ASIAEXAMPLE", "the-secret", "the-token"
HERE = endpoint("http://127.0.0.1:3001")
PATH = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Afar/invocations"


class Far:
    """A server that stands where AWS does. ``more`` is what it waits for between its two parts, ``left`` that
    its client has gone."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.more = threading.Event()
        self.left = threading.Event()


@contextlib.contextmanager
def far(*, chunked: bool = False, length: int = 6) -> Iterator[Far]:
    """``length`` is that of the answer, of which six bytes come."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            there.asked.append((self.command, self.path, headers, body))
            self.send_response(202)
            self.send_header("X-Amzn-RequestId", "its-own")
            if not chunked:
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(b"onetwo")
                self.close_connection = True
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\none\r\n")
            while not there.more.is_set():
                # Nothing more comes of a client but its end.
                if select.select([self.connection], [], [], 0.05)[0]:
                    there.left.set()
                    return
            self.wfile.write(b"3\r\ntwo\r\n0\r\n\r\n")

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Far(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield there
    finally:
        there.more.set()
        server.shutdown()
        thread.join()
        server.server_close()


def sent(*, secret: str = SECRET, body: bytes = b'{"a": 1}', **headers: str) -> Sent:
    """A request as an SDK in a function makes it."""
    given = {"host": "172.17.0.1:43210", "x-amz-log-type": "Tail", "user-agent": "an SDK"} | headers
    request = AWSRequest(method="POST", url=f"http://{given['host']}{PATH}", headers=given, data=body)
    SigV4Auth(Keys(KEY, secret, TOKEN), "lambda", "eu-west-1").add_auth(request)
    signed = {name.lower(): value for name, value in request.headers.items()}
    return Sent(method="POST", target=PATH, headers=signed, body=body)


def caller(request: Sent, url: str) -> Caller:
    signature = signature_of(request.headers)
    assert signature is not None
    keys = Credentials(access_key_id=KEY, secret_access_key=SECRET, session_token=TOKEN)
    aws = Aws(region="eu-west-1", credentials=keys, endpoint_url=url)
    return Caller(name="Fn", region="eu-west-1", secret=SECRET, signature=signature, aws=aws)


def forwarding(own: Endpoint = HERE) -> tuple[Forwarding, list[tuple[str, str, int]]]:
    told: list[tuple[str, str, int]] = []
    return Forwarding(own, told=lambda *said: told.append(said)), told


def test_a_request_goes_on_as_it_came_with_a_signature_of_the_functions_own_keys() -> None:
    async def test() -> None:
        with far() as there:
            request = sent(connection="keep-alive", expect="100-continue")
            forwards, told = forwarding()
            answer = await forwards.answer(caller(request, there.url), request)
            assert answer is not None
            assert (answer.status, answer.body, answer.headers["X-Amzn-RequestId"]) == (202, b"onetwo", "its-own")
            ((method, path, headers, body),) = there.asked
            assert (method, path, body) == ("POST", PATH, b'{"a": 1}')
            assert (headers["x-amz-log-type"], headers["user-agent"]) == ("Tail", "an SDK")
            assert headers["x-amz-security-token"] == TOKEN
            assert "expect" not in headers
            assert headers["authorization"] != request.headers["authorization"]
            signature = signature_of(headers)
            assert signature is not None
            assert (signature.access_key_id, signature.region) == (KEY, "eu-west-1")
            assert "host" in signature.signed
            assert is_signed_with(SECRET, signature, method=method, target=path, headers=headers, body=body)
            assert told == [("Fn", f"POST {PATH}", 202)]

    run(test)


def test_a_stream_comes_back_as_it_comes() -> None:
    async def test() -> None:
        with far(chunked=True) as there:
            request = sent()
            answer = await forwarding()[0].answer(caller(request, there.url), request)
            assert answer is not None
            assert answer.stream is not None
            assert not any(name.lower() == "transfer-encoding" for name in answer.headers)
            assert await anext(answer.stream) == b"one"
            there.more.set()
            assert [part async for part in answer.stream] == [b"two"]

    run(test)


@pytest.mark.parametrize("waits", [False, True])
def test_a_stream_ends_with_the_client_who_reads_it(waits: bool) -> None:
    async def test() -> None:
        with far(chunked=True) as there:
            request = sent()
            answer = await forwarding()[0].answer(caller(request, there.url), request)
            assert answer is not None
            assert answer.stream is not None
            assert await anext(answer.stream) == b"one"
            if waits:
                reading = asyncio.ensure_future(anext(answer.stream))
                await asyncio.sleep(0.1)
                reading.cancel()
            answer.left()
            assert await asyncio.to_thread(there.left.wait, 30)

    run(test)


def test_a_connection_that_breaks_while_the_answer_is_read_is_a_service_error() -> None:
    async def test() -> None:
        with far(length=7) as there:
            request = sent()
            with pytest.raises(ApiError, match="The connection broke") as refused:
                await forwarding()[0].answer(caller(request, there.url), request)
            assert (refused.value.status, refused.value.error_type) == (500, "ServiceException")

    run(test)


@pytest.mark.parametrize(("secret", "body"), [("guessed", b"{}"), (SECRET, b"another")])
def test_a_signature_that_is_not_good_goes_nowhere(secret: str, body: bytes) -> None:
    async def test() -> None:
        with far() as there:
            signed = sent(secret=secret, body=b"{}")
            request = Sent(method=signed.method, target=signed.target, headers=signed.headers, body=body)
            with pytest.raises(ApiError) as refused:
                await forwarding()[0].answer(caller(request, there.url), request)
            assert (refused.value.status, refused.value.error_type) == (403, "InvalidSignatureException")
            assert there.asked == []

    run(test)


def test_an_aws_that_cannot_be_reached_is_a_service_error() -> None:
    async def test() -> None:
        request = sent()
        with pytest.raises(ApiError) as refused:
            await forwarding()[0].answer(caller(request, "http://127.0.0.1:1"), request)
        assert (refused.value.status, refused.value.error_type) == (500, "ServiceException")

    run(test)


def test_a_request_does_not_come_back_to_where_it_was_sent_from() -> None:
    async def test() -> None:
        with far() as there:
            request = sent()
            forwards, told = forwarding(endpoint(there.url))
            # Whoever started samlocal has its address for AWS's.
            assert await forwards.answer(caller(request, there.url), request) is None
            assert (there.asked, told) == ([], [])

    run(test)
