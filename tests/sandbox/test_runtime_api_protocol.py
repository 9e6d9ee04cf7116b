"""The Runtime API as runtimes speak it: raw HTTP against the real server, on the event loop that sandboxes use.

Statuses and names of errors: fidelity.md §1.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import queue
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from event_loop import EventLoop
from kit import eventually
from unmeasured import unmeasured

from samlocal.sandbox.apis.listener import Listener
from samlocal.sandbox.apis.runtime_api import RuntimeApi
from samlocal.sandbox.apis.server import Server
from samlocal.sandbox.messages import (
    Chunk,
    Event,
    Failed,
    InitError,
    Message,
    Ready,
    Responded,
    StreamEnded,
    Taken,
    TooLarge,
    Truncated,
)
from samlocal.sandbox.network.route import bound_socket

ROOT = "/2018-06-01/runtime"
RESPONSE_BYTES = 6_291_556
DEADLINE = 60.0
SOON = 0.3


def event(request_id: str = "r-1", **more: Any) -> Event:
    given = {
        "payload": b'{"id": 7}',
        "deadline_ms": 1_700_000_003_000,
        "function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
        "trace_id": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0",
    }
    return Event(request_id=request_id, **(given | more))


async def everybody(_: socket.socket, __: str) -> bool:
    return True


class Api:
    """The API under test, from samlocal's side."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.broken: list[BaseException] = []
        self._closed = False
        self._listening = bound_socket("127.0.0.1")
        self.port = int(self._listening.getsockname()[1])
        self._loop = EventLoop()
        self._api = RuntimeApi(self._told.put)
        server = Server(self._api.routes, self.broken.append)
        listener = Listener(self._listening, admits=everybody, connected=server.serve, failed=self.broken.append)
        self._loop.begin(listener.run())

    def offer(self, offered: Event) -> None:
        self._loop.call(self._api.offer, offered)

    def restart(self) -> None:
        self._loop.call(self._api.restart)

    def sees(self) -> None:
        """Returns when it has dealt with all that has been sent to it until now: each call is a turn of its loop."""
        for _ in range(50):
            self._loop.call(int)

    def told(self, within: float = DEADLINE) -> Message | None:
        """The next message, None when there is none."""
        try:
            return unmeasured(self._told.get(timeout=within))
        except queue.Empty:
            return None

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.close()
            self._listening.close()


class Runtime:
    """A runtime client with a connection of its own, as slow or as careless as a test wants it."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)

    def poll(self) -> None:
        """Asks for the next event and does not wait."""
        self.connection.request("GET", f"{ROOT}/invocation/next")

    def answer(self) -> tuple[int, Any, http.client.HTTPMessage]:
        response = self.connection.getresponse()
        return response.status, json.loads(response.read()), response.headers

    def post(self, path: str, body: bytes = b"{}", **headers: str) -> tuple[int, Any]:
        self.connection.request("POST", ROOT + path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        status, said, _ = self.answer()
        return status, said

    def close(self) -> None:
        self.connection.close()


@pytest.fixture
def api() -> Iterator[Api]:
    running = Api()
    yield running
    running.close()
    assert running.broken == []


@pytest.fixture
def connect(api: Api) -> Iterator[Callable[[], Runtime]]:
    made: list[Runtime] = []

    def make() -> Runtime:
        made.append(Runtime(api.port))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def runtime(connect: Callable[[], Runtime]) -> Runtime:
    return connect()


@pytest.fixture
def nonce(api: Api, runtime: Runtime) -> str:
    """A runtime that has the event ``r-1`` to answer: the nonce it came with."""
    runtime.poll()
    assert api.told() == Ready(at=0.0)
    api.offer(event())
    _, _, headers = runtime.answer()
    assert api.told() == Taken(request_id="r-1")
    return str(headers["Lambda-Runtime-Invocation-Id"])


def test_next_blocks_until_there_is_an_event(api: Api, runtime: Runtime) -> None:
    runtime.poll()
    assert api.told() == Ready(at=0.0)
    assert runtime.connection.sock is not None
    runtime.connection.sock.settimeout(SOON)
    with pytest.raises(TimeoutError):
        runtime.connection.sock.recv(1, socket.MSG_PEEK)
    runtime.connection.sock.settimeout(DEADLINE)
    api.offer(event())
    status, payload, headers = runtime.answer()
    assert (status, payload) == (200, {"id": 7})
    assert headers["Content-Type"] == "application/json"
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "r-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "1700000003000"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == event().function_arn
    assert headers["Lambda-Runtime-Trace-Id"] == event().trace_id


def test_a_header_without_a_value_is_left_out(api: Api, runtime: Runtime) -> None:
    runtime.poll()
    api.told()
    api.offer(event())
    _, _, headers = runtime.answer()
    assert "Lambda-Runtime-Client-Context" not in headers
    assert "Lambda-Runtime-Cognito-Identity" not in headers


def test_the_client_context_and_the_identity_come_with_the_event(api: Api, runtime: Runtime) -> None:
    runtime.poll()
    api.told()
    api.offer(event(client_context='{"custom": 1}', cognito_identity='{"cognitoIdentityId": "i"}'))
    _, _, headers = runtime.answer()
    assert headers["Lambda-Runtime-Client-Context"] == '{"custom": 1}'
    assert headers["Lambda-Runtime-Cognito-Identity"] == '{"cognitoIdentityId": "i"}'


def test_a_response_is_taken_once_and_byte_for_byte(api: Api, runtime: Runtime, nonce: str) -> None:
    assert runtime.post("/invocation/r-1/response", b'{"a" :1}\n') == (202, {"status": "OK"})
    assert api.told() == Responded(request_id="r-1", payload=b'{"a" :1}\n')
    status, said = runtime.post("/invocation/r-1/response")
    assert (status, said["errorType"]) == (403, "InvalidStateTransition")
    assert api.told(SOON) is None


def test_an_error_is_taken_and_nothing_after_it(api: Api, runtime: Runtime, nonce: str) -> None:
    error = b'{"errorType": "KeyError", "errorMessage": "id", "stackTrace": []}'
    assert runtime.post("/invocation/r-1/error", error) == (202, {"status": "OK"})
    assert api.told() == Failed(request_id="r-1", payload=error)
    assert runtime.post("/invocation/r-1/response")[0] == 403
    assert api.told(SOON) is None


@pytest.mark.parametrize("kind", ["response", "error"])
def test_an_answer_to_an_unknown_event_is_refused(kind: str, api: Api, runtime: Runtime, nonce: str) -> None:
    status, said = runtime.post(f"/invocation/r-2/{kind}")
    assert (status, said["errorType"]) == (400, "InvalidRequestID")
    assert api.told(SOON) is None
    assert runtime.post(f"/invocation/r-1/{kind}")[0] == 202


def test_an_answer_before_any_event_is_refused(runtime: Runtime) -> None:
    assert runtime.post("/invocation/r-1/response")[0] == 400


@pytest.mark.parametrize("kind", ["response", "error"])
def test_an_answer_with_another_nonce_is_too_late(kind: str, api: Api, runtime: Runtime, nonce: str) -> None:
    assert runtime.post(f"/invocation/r-1/{kind}", Lambda_Runtime_Invocation_Id="another")[0] == 410
    assert api.told(SOON) is None
    assert runtime.post(f"/invocation/r-1/{kind}", Lambda_Runtime_Invocation_Id=nonce)[0] == 202


def test_next_is_refused_while_an_event_waits_for_its_answer(
    api: Api, runtime: Runtime, nonce: str, connect: Callable[[], Runtime]
) -> None:
    other = connect()
    other.poll()
    status, said, _ = other.answer()
    assert (status, said["errorType"]) == (403, "InvalidStateTransition")
    assert api.told(SOON) is None


def test_one_event_follows_another(api: Api, runtime: Runtime, nonce: str) -> None:
    runtime.post("/invocation/r-1/response")
    assert isinstance(api.told(), Responded)
    runtime.poll()
    assert api.told() == Ready(at=0.0)
    api.offer(event("r-2"))
    _, _, headers = runtime.answer()
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "r-2"
    assert headers["Lambda-Runtime-Invocation-Id"] != nonce
    assert runtime.post("/invocation/r-1/response")[0] == 400
    assert runtime.post("/invocation/r-2/response")[0] == 202


def test_the_largest_response_is_taken(api: Api, runtime: Runtime, nonce: str) -> None:
    body = b"x" * RESPONSE_BYTES
    assert runtime.post("/invocation/r-1/response", body)[0] == 202
    assert api.told() == Responded(request_id="r-1", payload=body)


def test_a_response_of_one_byte_more_is_refused(api: Api, runtime: Runtime, nonce: str) -> None:
    status, said = runtime.post("/invocation/r-1/response", b"x" * (RESPONSE_BYTES + 1))
    assert (status, said["errorType"]) == (413, "RequestEntityTooLarge")
    assert api.told() == TooLarge(request_id="r-1", size=RESPONSE_BYTES + 1)


def test_a_failed_init_is_told(api: Api, runtime: Runtime) -> None:
    assert runtime.post("/init/error", b'{"errorType": "E"}') == (202, {"status": "OK"})
    assert api.told() == InitError(payload=b'{"errorType": "E"}')


def test_an_init_cannot_fail_once_the_runtime_is_ready(api: Api, runtime: Runtime, nonce: str) -> None:
    status, said = runtime.post("/init/error")
    assert (status, said["errorType"]) == (403, "InvalidStateTransition")
    assert api.told(SOON) is None


def test_a_path_that_there_is_not_is_not_found(runtime: Runtime) -> None:
    runtime.connection.request("GET", "/2018-06-01/runtime/invocation/last")
    response = runtime.connection.getresponse()
    response.read()
    assert response.status == 404


# streaming


class Stream:
    """A streamed response, part by part, over a raw socket: http.client sends no trailers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._send(
            f"POST {ROOT}/invocation/r-1/response HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n"
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n"
        )

    def part(self, data: bytes) -> None:
        self._socket.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self, **trailers: str) -> bytes:
        """Ends the body and gives the answer's first line."""
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in trailers.items())
        self._send(f"0\r\n{lines}\r\n")
        return self._socket.recv(65536).partition(b"\r\n")[0]

    def close(self) -> None:
        self._socket.close()

    def _send(self, text: str) -> None:
        self._socket.sendall(text.encode("latin-1"))


@pytest.fixture
def stream(api: Api, nonce: str) -> Iterator[Stream]:
    made = Stream(api.port)
    yield made
    made.close()


def test_a_streamed_response_is_told_part_by_part(api: Api, stream: Stream) -> None:
    stream.part(b"one")
    assert api.told() == Chunk(request_id="r-1", data=b"one")
    stream.part(b"two")
    assert api.told() == Chunk(request_id="r-1", data=b"two")
    assert b" 202 " in stream.end()
    assert api.told() == StreamEnded(request_id="r-1", error=None)


def test_an_error_half_way_comes_in_the_trailers(api: Api, stream: Stream) -> None:
    error = b'{"errorType": "RangeError", "errorMessage": "half"}'
    stream.part(b"one")
    answer = stream.end(
        Lambda_Runtime_Function_Error_Type="RangeError",
        Lambda_Runtime_Function_Error_Body=base64.b64encode(error).decode(),
    )
    assert b" 202 " in answer
    assert api.told() == Chunk(request_id="r-1", data=b"one")
    assert api.told() == StreamEnded(request_id="r-1", error=error)


def test_an_error_half_way_may_lack_its_body(api: Api, stream: Stream) -> None:
    stream.end(Lambda_Runtime_Function_Error_Type="RangeError")
    ended = api.told()
    assert isinstance(ended, StreamEnded)
    assert json.loads(ended.error or b"")["errorType"] == "RangeError"


def test_a_stream_that_breaks_off_is_a_failure_and_nothing_after_it_is_taken(
    api: Api, stream: Stream, connect: Callable[[], Runtime]
) -> None:
    stream.part(b"one")
    assert api.told() == Chunk(request_id="r-1", data=b"one")
    stream.close()
    assert api.told() == Truncated(request_id="r-1")
    assert connect().post("/invocation/r-1/error")[0] == 403
    assert api.told(SOON) is None


# runtimes that go


def test_an_event_does_not_go_to_a_runtime_that_hung_up(api: Api, connect: Callable[[], Runtime]) -> None:
    first, second = connect(), connect()
    first.poll()
    assert api.told() == Ready(at=0.0)
    first.close()
    api.sees()
    second.poll()
    assert api.told() == Ready(at=0.0)
    api.offer(event())
    status, payload, _ = second.answer()
    assert (status, payload) == (200, {"id": 7})


def test_an_event_that_comes_between_two_polls_waits_for_the_second(api: Api, connect: Callable[[], Runtime]) -> None:
    """A client whose own time limit ends its poll asks again at once; the event must not fall in between."""
    first, second = connect(), connect()
    first.poll()
    assert api.told() == Ready(at=0.0)
    first.close()
    api.sees()
    api.offer(event())
    second.poll()
    status, payload, _ = second.answer()
    assert (status, payload) == (200, {"id": 7})


def test_an_event_goes_to_the_last_runtime_that_asked(api: Api, connect: Callable[[], Runtime]) -> None:
    first, second = connect(), connect()
    first.poll()
    assert api.told() == Ready(at=0.0)
    second.poll()
    assert api.told() == Ready(at=0.0)
    api.offer(event())
    assert second.answer()[0] == 200
    first.connection.getresponse().close()


def test_the_end_of_the_api_is_the_end_of_its_connections(api: Api, connect: Callable[[], Runtime]) -> None:
    waiting, done = connect(), connect()
    assert done.post("/invocation/none/response")[0] == 400
    waiting.poll()
    assert api.told() == Ready(at=0.0)
    api.close()
    for each in (waiting, done):
        assert each.connection.sock is not None
        with contextlib.suppress(ConnectionResetError):
            assert each.connection.sock.recv(1) == b""


def test_after_a_restart_the_next_runtime_starts_with_its_init(
    api: Api, runtime: Runtime, nonce: str, connect: Callable[[], Runtime]
) -> None:
    api.restart()
    assert runtime.post("/invocation/r-1/response")[0] == 400
    again = connect()
    assert again.post("/init/error")[0] == 202
    assert isinstance(api.told(), InitError)
    again.poll()
    assert api.told() == Ready(at=0.0)


# requests that are none, or not whole


def raw(api: Api, data: bytes, *, answers: int = 1) -> bytes:
    """What the server says to these bytes until it hangs up, or has given so many answers and says no more."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=DEADLINE) as connection:
        connection.sendall(data)
        said = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                said += part
                if said.count(b"HTTP/1.1 ") >= answers:
                    connection.settimeout(SOON)
        return said


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x00 TLS\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300_000 + b"\r\n\r\n", 431),
        (b"PATCH /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"GET http://api/2018-06-01/runtime/init/last HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    ],
)
def test_what_is_no_request_is_answered_4xx(data: bytes, status: int, api: Api) -> None:
    answers = raw(api, data)
    assert f"HTTP/1.1 {status} ".encode() in answers
    assert api.told(0) is None


def test_who_asks_for_a_head_alone_gets_no_more(api: Api) -> None:
    # RFC 9110, section 9.3.2.
    head, _, body = raw(api, b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").partition(b"\r\n\r\n")
    assert (head[:13], body) == (b"HTTP/1.1 404 ", b"")


def test_a_body_that_is_no_body_is_answered_4xx_and_is_no_answer(api: Api, nonce: str) -> None:
    head = f"POST {ROOT}/invocation/r-1/response HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(api, head.encode() + b"no number\r\n").startswith(b"HTTP/1.1 400 ")
    assert api.told() == Truncated(request_id="r-1")


def test_a_client_may_ask_whether_to_go_on(api: Api, nonce: str) -> None:
    head = f"POST {ROOT}/invocation/r-1/response HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
    head += "Expect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", api.port), timeout=DEADLINE) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 202 ")
    assert api.told() == Responded(request_id="r-1", payload=b"{}")


def test_two_requests_may_come_at_once(api: Api) -> None:
    one = f"POST {ROOT}/init/error HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    assert raw(api, one + one, answers=2).count(b"HTTP/1.1 202 ") == 2


def test_connections_beyond_a_hundred_are_dropped_and_the_others_served(api: Api, runtime: Runtime) -> None:
    assert runtime.post("/init/error")[0] == 202
    with contextlib.ExitStack() as opened:
        for _ in range(300):
            opened.enter_context(socket.create_connection(("127.0.0.1", api.port), timeout=DEADLINE))
        api.sees()
        assert runtime.post("/init/error")[0] == 202
    # The ends of the others take their time.
    eventually(lambda: raw(api, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 404 "))


def test_trailers_that_are_no_text_are_an_error_all_the_same(api: Api, stream: Stream) -> None:
    trailers = {"Lambda_Runtime_Function_Error_Type": "\u00ff", "Lambda_Runtime_Function_Error_Body": "é"}
    assert b" 202 " in stream.end(**trailers)
    ended = api.told()
    assert isinstance(ended, StreamEnded)
    assert "errorType" in json.loads(ended.error or b"")


def test_a_slow_duplicate_does_not_answer_the_next_event(
    api: Api, runtime: Runtime, nonce: str, connect: Callable[[], Runtime]
) -> None:
    head = f"POST {ROOT}/invocation/r-1/response HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1"
    with socket.create_connection(("127.0.0.1", api.port), timeout=DEADLINE) as slow:
        slow.sendall(head.encode())
        api.sees()
        # The first one counts from its first byte.
        assert runtime.post("/invocation/r-1/response")[0] == 403
        assert runtime.post("/invocation/r-1/error")[0] == 403
        slow.sendall(b"2345")
        assert b" 202 " in slow.recv(65536)
    assert api.told() == Responded(request_id="r-1", payload=b"12345")


def test_an_error_over_the_limit_is_refused_like_a_response(api: Api, runtime: Runtime, nonce: str) -> None:
    assert runtime.post("/invocation/r-1/error", b"x" * (RESPONSE_BYTES + 1))[0] == 413
    assert api.told() == TooLarge(request_id="r-1", size=RESPONSE_BYTES + 1)


def test_an_init_error_that_breaks_off_is_a_failed_init(api: Api) -> None:
    raw_head = f"POST {ROOT}/init/error HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{{"
    with socket.create_connection(("127.0.0.1", api.port), timeout=DEADLINE) as connection:
        connection.sendall(raw_head.encode())
    failed = api.told()
    assert isinstance(failed, InitError)
    assert json.loads(failed.payload)["errorType"] == "Runtime.Unknown"


def test_a_tenant_comes_with_the_event(api: Api, runtime: Runtime) -> None:
    runtime.poll()
    api.told()
    api.offer(event(tenant_id="blue"))
    assert runtime.answer()[2]["Lambda-Runtime-Aws-Tenant-Id"] == "blue"
