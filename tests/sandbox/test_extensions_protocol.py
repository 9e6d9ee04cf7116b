"""The Extensions, Telemetry and Logs APIs call by call, without a container.

Answers and refusals: aws-lambda-runtime-interface-emulator, ``internal/lambda/rapi/handler``; limits of a
subscription: Lambda developer guide, "Lambda Telemetry API reference" and "Lambda Logs API".
"""

from __future__ import annotations

import http.client
import http.server
import json
import queue
import select
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from event_loop import EventLoop
from kit import eventually
from unmeasured import unmeasured

from samlocal.function.logging_config import LoggingConfig
from samlocal.sandbox.apis.apis import Apis
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.journal import Journal, Record, Remark
from samlocal.sandbox.log_format import render
from samlocal.sandbox.messages import (
    Broken,
    Event,
    ExtensionFailed,
    ExtensionsEnded,
    Idle,
    Message,
    Ready,
    Reason,
    Shutdown,
    Taken,
)
from samlocal.sandbox.network.route import Route, Whereabouts, bound_socket
from samlocal.sandbox.network.sockets import Door, Sockets

DEADLINE = 60.0
ROOT = "/2020-01-01/extension"
SUBSCRIPTION = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"},
}


class Caller:
    """An extension, or the runtime, with a connection of its own."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        self.id = ""

    def send(self, method: str, path: str, body: object = None, **headers: str) -> None:
        given = {"Lambda-Extension-Identifier": self.id} if self.id else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self._connection.request(method, path, content, given)

    def answer(self) -> tuple[int, Any]:
        response = self._connection.getresponse()
        self.id = response.headers.get("Lambda-Extension-Identifier", self.id)
        return response.status, json.loads(response.read() or b"null")

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        self.send(method, path, body, **headers)
        return self.answer()

    def is_answered(self, *, within: float) -> bool:
        readable, _, _ = select.select([self._connection.sock], [], [], within)
        return bool(readable)

    def register(self, name: str, *events: str) -> tuple[int, Any]:
        return self.call("POST", f"{ROOT}/register", {"events": list(events)}, Lambda_Extension_Name=name)

    def poll(self) -> None:
        self.send("GET", f"{ROOT}/event/next")

    def subscribe(self, subscription: object, *, logs: bool = False) -> tuple[int, Any]:
        return self.call("PUT", "/2020-08-15/logs" if logs else "/2022-07-01/telemetry", subscription)

    def close(self) -> None:
        self._connection.close()


class Sandbox:
    """samlocal's side of the APIs; ``started`` is set when the runtime would be."""

    def __init__(self) -> None:
        self.told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.broken: list[BaseException] = []
        self.records: list[Record] = []
        self.started = threading.Event()
        self._callers: list[Caller] = []
        subject = SandboxIdentity(
            function_name="orders",
            handler="app.handler",
            account="123456789012",
            instance="stream",
            memory=128,
            logging=LoggingConfig(group="/aws/lambda/orders"),
        )
        self.loop = EventLoop()
        telemetry = Telemetry()
        self._journal = Journal(subject, self, telemetry=telemetry)
        route = Route(network="bridge", host="127.0.0.1", seen_as="127.0.0.1")
        listening = bound_socket("127.0.0.1")
        door = Door(endpoint=None, port=listening.getsockname()[1], listening=listening)
        self._sockets = Sockets(route, (door,), {})
        self.apis = self.loop.call(lambda: Apis(self._sockets, journal=self._journal, telemetry=telemetry))
        self.restart(None)

    @property
    def port(self) -> int:
        return self._sockets.port

    def put(self, item: Record | Remark) -> None:
        assert isinstance(item, Record)
        self.records.append(item)

    async def room(self) -> None:
        """There always is."""

    def restart(
        self, start_runtime: Callable[[], None] | None, tell: Callable[[Message], None] | None = None
    ) -> None:
        self.loop.call(self.apis.restart, start_runtime, tell or self.tell)
        self.loop.call(self.apis.started, Whereabouts(address="127.0.0.1", process=1, user=0))

    def tell(self, message: Message) -> None:
        if isinstance(message, Broken):
            self.broken.append(message.error)
        self.told.put(message)

    def invoke(self, event: Event) -> None:
        self.loop.call(self.apis.invoke, event)

    def shut_down(self, shutdown: Shutdown) -> None:
        self.loop.run(self.apis.shut_down(shutdown, flush_seconds=1))

    def exited(self, name: str, status: int) -> None:
        self.loop.call(self.apis.extensions.exited, name, status)

    def function_line(self, line: str) -> None:
        self.loop.call(self._journal.function_line, line)

    def extension_line(self, line: str) -> None:
        self.loop.call(self._journal.extension_line, line)

    @property
    def lines(self) -> list[str]:
        return [line for record in self.records if (line := render(record)) is not None]

    def launching(self, *names: str) -> None:
        self.restart(self.started.set)
        self.loop.call(self.apis.extensions.launching, names)

    def caller(self) -> Caller:
        self._callers.append(Caller(self._sockets.port))
        return self._callers[-1]

    def runtime_polls(self) -> Caller:
        runtime = self.caller()
        runtime.send("GET", "/2018-06-01/runtime/invocation/next")
        assert self.next() == Ready(at=0.0)
        return runtime

    def next(self, within: float = DEADLINE) -> Message | None:
        try:
            return unmeasured(self.told.get(timeout=within))
        except queue.Empty:
            return None

    def close(self) -> None:
        for caller in self._callers:
            caller.close()
        self.loop.run(self.apis.close())
        self._sockets.close()
        self.loop.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    running = Sandbox()
    yield running
    running.close()
    assert running.broken == []


@pytest.fixture
def internal(sandbox: Sandbox) -> Caller:
    """A registered internal extension."""
    sandbox.restart(None)
    caller = sandbox.caller()
    assert caller.register("inside", "INVOKE")[0] == 200
    return caller


def event(request_id: str = "r-1") -> Event:
    return Event(
        request_id=request_id,
        payload=b"{}",
        deadline_ms=1_700_000_003_000,
        function_arn="arn:aws:lambda:eu-west-1:123456789012:function:orders",
        trace_id="Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0",
    )


def test_a_registration_is_answered_with_the_function(sandbox: Sandbox) -> None:
    sandbox.launching("watcher")
    watcher = sandbox.caller()
    answer = {"functionName": "orders", "functionVersion": "$LATEST", "handler": "app.handler"}
    assert watcher.register("watcher", "INVOKE", "SHUTDOWN") == (200, answer)
    assert uuid.UUID(watcher.id)


def test_the_runtime_starts_with_the_last_registration(sandbox: Sandbox) -> None:
    sandbox.launching("one", "two")
    assert sandbox.caller().register("one", "INVOKE")[0] == 200
    assert not sandbox.started.is_set()
    assert sandbox.caller().register("two")[0] == 200
    assert sandbox.started.wait(DEADLINE)


def test_a_registration_waits_until_the_names_are_known(sandbox: Sandbox) -> None:
    sandbox.restart(sandbox.started.set)
    watcher = sandbox.caller()
    watcher.send("POST", f"{ROOT}/register", {"events": ["SHUTDOWN"]}, Lambda_Extension_Name="watcher")
    sandbox.loop.call(sandbox.apis.extensions.launching, ("watcher",))
    # SHUTDOWN is for external ones alone: it was taken as what it is.
    assert watcher.answer()[0] == 200


@pytest.mark.parametrize(
    ("name", "body", "error_type", "message"),
    [
        ("", {"events": []}, "Extension.InvalidExtensionName", "Empty extension name"),
        ("a", {"events": ["START"]}, "Extension.InvalidEventType", "START: ErrorInvalidEventType"),
        (
            "a",
            {"events": ["SHUTDOWN"]},
            "Extension.InvalidEventType",
            "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension",
        ),
        ("a", b"no json", "InvalidRequestFormat", None),
        ("a", {"events": 7}, "InvalidRequestFormat", None),
        ("inside", {}, "Extension.InvalidExtensionState", "Extension with this name already registered"),
    ],
)
def test_a_wrong_registration_is_refused(
    name: str, body: object, error_type: str, message: str | None, sandbox: Sandbox, internal: Caller
) -> None:
    status, said = sandbox.caller().call("POST", f"{ROOT}/register", body, Lambda_Extension_Name=name)
    assert (status, said["errorType"]) == (403, error_type)
    assert message is None or said["errorMessage"] == message


def test_ten_register_and_no_more(sandbox: Sandbox, internal: Caller) -> None:
    for number in range(9):
        assert sandbox.caller().register(f"e{number}")[0] == 200
    refusal = {"errorType": "Extension.TooManyExtensions", "errorMessage": "Extension limit (10) reached"}
    assert sandbox.caller().register("e9") == (403, refusal)


def test_nobody_registers_once_the_runtime_is_ready(sandbox: Sandbox, internal: Caller) -> None:
    sandbox.runtime_polls()
    refusal = {"errorType": "Extension.RegistrationClosed", "errorMessage": "Extension registration closed already"}
    assert sandbox.caller().register("late") == (403, refusal)


@pytest.mark.parametrize(
    ("given", "error_type"),
    [
        ("", "Extension.MissingExtensionIdentifier"),
        ("x", "Extension.InvalidExtensionIdentifier"),
        (str(uuid.UUID(int=1)), "Extension.UnknownExtensionIdentifier"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{ROOT}/event/next"),
        ("POST", f"{ROOT}/init/error"),
        ("POST", f"{ROOT}/exit/error"),
        ("PUT", "/2022-07-01/telemetry"),
        ("PUT", "/2020-08-15/logs"),
    ],
)
def test_who_is_not_registered_is_refused(
    method: str, path: str, given: str, error_type: str, sandbox: Sandbox, internal: Caller
) -> None:
    stranger = sandbox.caller()
    stranger.id = given
    status, said = stranger.call(method, path, {})
    assert (status, said["errorType"]) == (403, error_type)


def test_the_phase_is_over_when_runtime_and_extensions_are_ready(sandbox: Sandbox, internal: Caller) -> None:
    sandbox.runtime_polls()
    assert sandbox.next(within=0.1) is None
    internal.poll()
    assert sandbox.next() == Idle(at=0.0)
    assert sandbox.lines == ["EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]"]


def test_an_event_goes_to_those_who_want_it(sandbox: Sandbox, internal: Caller) -> None:
    other = sandbox.caller()
    other.register("other")
    other.poll()
    internal.poll()
    runtime = sandbox.runtime_polls()
    assert sandbox.next() == Idle(at=0.0)

    sandbox.invoke(event())
    assert internal.answer() == (
        200,
        {
            "eventType": "INVOKE",
            "deadlineMs": 1_700_000_003_000,
            "requestId": "r-1",
            "invokedFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "tracing": {"type": "X-Amzn-Trace-Id", "value": event().trace_id},
        },
    )
    assert runtime.answer() == (200, {})
    assert sandbox.next() == Taken(request_id="r-1")
    runtime.call("POST", "/2018-06-01/runtime/invocation/r-1/response", b"1")
    sandbox.next()
    runtime.send("GET", "/2018-06-01/runtime/invocation/next")
    assert sandbox.next() == Ready(at=0.0)
    # The one that did not want it has nothing to be ready for.
    assert sandbox.next(within=0.1) is None
    internal.poll()
    assert sandbox.next() == Idle(at=0.0)


def test_a_second_poll_is_out_of_turn(sandbox: Sandbox, internal: Caller) -> None:
    internal.poll()
    sandbox.runtime_polls()
    assert sandbox.next() == Idle(at=0.0)
    twin = sandbox.caller()
    twin.id = internal.id
    status, said = twin.call("GET", f"{ROOT}/event/next")
    assert (status, said["errorType"]) == (403, "Extension.InvalidExtensionState")


def test_a_report_of_an_error_needs_its_type(sandbox: Sandbox, internal: Caller) -> None:
    refusal = {
        "errorType": "Extension.MissingHeader",
        "errorMessage": "Lambda-Extension-Function-Error-Type not found",
    }
    assert internal.call("POST", f"{ROOT}/init/error", {}) == (403, refusal)
    told = internal.call("POST", f"{ROOT}/init/error", {}, Lambda_Extension_Function_Error_Type="Mine.Bad")
    assert told == (202, {"status": "OK"})
    # No further call succeeds.
    assert internal.call("GET", f"{ROOT}/event/next")[0] == 403


@pytest.mark.parametrize(("status", "cause"), [(0, "exit code 0"), (2, "exit status 2"), (137, "signal: killed")])
def test_an_extension_that_ends_is_a_crash(status: int, cause: str, sandbox: Sandbox) -> None:
    sandbox.launching("watcher")
    sandbox.exited("watcher", status)
    assert sandbox.next() == ExtensionFailed(error_type="Extension.Crash", cause=cause)


def test_external_extensions_that_want_it_are_told_of_the_end(sandbox: Sandbox) -> None:
    sandbox.launching("told", "silent")
    told, silent = sandbox.caller(), sandbox.caller()
    told.register("told", "SHUTDOWN")
    silent.register("silent", "INVOKE")
    told.poll()
    silent.poll()
    sandbox.runtime_polls()
    assert sandbox.next() == Idle(at=0.0)
    assert sandbox.apis.grace == 2.0
    sandbox.shut_down(Shutdown(reason=Reason.SPINDOWN, deadline_ms=7))
    answer = {"eventType": "SHUTDOWN", "deadlineMs": 7, "shutdownReason": "spindown"}
    assert told.answer() == (200, answer)
    # It is told once: who asks again waits for its end.
    told.poll()
    assert not told.is_answered(within=0.3)
    assert sandbox.next(within=0.1) is None
    sandbox.exited("told", 0)
    assert sandbox.next() == ExtensionsEnded()


def test_an_extension_at_work_hears_of_the_end_when_it_asks(sandbox: Sandbox) -> None:
    sandbox.launching("busy")
    busy = sandbox.caller()
    busy.register("busy", "INVOKE", "SHUTDOWN")
    busy.poll()
    sandbox.runtime_polls()
    sandbox.invoke(event())
    assert busy.answer()[1]["eventType"] == "INVOKE"
    sandbox.shut_down(Shutdown(reason=Reason.TIMEOUT, deadline_ms=7))
    busy.poll()
    assert busy.answer()[1] == {"eventType": "SHUTDOWN", "deadlineMs": 7, "shutdownReason": "timeout"}


def test_there_is_no_grace_without_extensions_and_half_a_second_for_internal_ones(sandbox: Sandbox) -> None:
    assert sandbox.apis.grace == 0.0
    sandbox.restart(None)
    sandbox.caller().register("inside")
    assert sandbox.apis.grace == 0.5


def test_nothing_of_a_runtime_before_counts_for_the_next(sandbox: Sandbox) -> None:
    before = sandbox.runtime_polls()
    told: queue.SimpleQueue[Message] = queue.SimpleQueue()
    sandbox.restart(None, told.put)
    with pytest.raises((OSError, http.client.HTTPException)):
        before.answer()
    assert told.empty()
    sandbox.caller().send("GET", "/2018-06-01/runtime/invocation/next")
    assert unmeasured(told.get(timeout=DEADLINE)) == Ready(at=0.0)


# subscriptions

TCP = {"protocol": "TCP", "port": 4243}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schemaVersion": "2020-08-15"}, "schemaVersion should be one of 2025-01-29, 2022-12-13, 2022-07-01"),
        ({"types": []}, "types should not be empty"),
        ({"types": ["all"]}, "'all' is no type"),
        ({"destination": None}, "destination is not provided"),
        ({"destination": {"protocol": "UDP"}}, "destination.protocol should be HTTP or TCP"),
        ({"destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain"}}, "URI port is not provided"),
        (
            {"destination": {"protocol": "HTTP", "URI": "http://localhost:80"}},
            "URI host should be sandbox.localdomain or sandbox",
        ),
        ({"destination": {"protocol": "HTTP", "URI": "https://sandbox:80"}}, "URI scheme should be http"),
        ({"destination": {"protocol": "HTTP", "URI": "http://sandbox:9001"}}, "URI port 9001 is reserved"),
        ({"destination": TCP | {"port": 0}}, "destination.port should be a port that is not reserved"),
        ({"buffering": {"maxItems": 999}}, "buffering.maxItems should be between 1000 and 10000"),
        ({"buffering": {"maxBytes": 1 << 21}}, "buffering.maxBytes should be between 262144 and 1048576"),
        ({"buffering": {"timeoutMs": 24}}, "buffering.timeoutMs should be between 25 and 30000"),
        (
            {"types": [], "destination": {"protocol": "HTTP", "URI": "http://sandbox"}},
            "types should not be empty; URI port is not provided",
        ),
    ],
)
def test_a_wrong_subscription_is_refused_with_everything_that_is_wrong(
    changes: dict[str, Any], message: str, internal: Caller
) -> None:
    refusal = {"errorType": "ValidationError", "errorMessage": message}
    assert internal.subscribe(SUBSCRIPTION | changes) == (400, refusal)


@pytest.mark.parametrize(
    "changes", [{}, {"destination": TCP}, {"schemaVersion": "2022-07-01"}, {"schemaVersion": "2025-01-29"}]
)
def test_a_right_one_is_taken(changes: dict[str, Any], internal: Caller) -> None:
    assert internal.subscribe(SUBSCRIPTION | changes) == (200, "OK")


def test_the_logs_api_has_its_own_versions_and_error(internal: Caller) -> None:
    status, said = internal.subscribe(SUBSCRIPTION, logs=True)
    assert (status, said["errorType"]) == (400, "Logs.ValidationError")
    without_version = {name: value for name, value in SUBSCRIPTION.items() if name != "schemaVersion"}
    assert internal.subscribe(without_version, logs=True) == (200, "OK")


def test_one_extension_uses_one_of_the_two(sandbox: Sandbox, internal: Caller) -> None:
    assert internal.subscribe(SUBSCRIPTION) == (200, "OK")
    # A second time changes nothing.
    assert internal.subscribe(SUBSCRIPTION) == (200, "OK")
    assert internal.subscribe({**SUBSCRIPTION, "schemaVersion": "2020-08-15"}, logs=True)[0] == 400
    assert [line for line in sandbox.lines if line.startswith("TELEMETRY")] == [
        "TELEMETRY\tName: inside\tState: Subscribed\tTypes: [Platform, Function]"
    ]


def test_nobody_subscribes_after_the_init_phase(sandbox: Sandbox, internal: Caller) -> None:
    subscriber = sandbox.caller()
    subscriber.id = internal.id
    internal.poll()
    sandbox.runtime_polls()
    assert sandbox.next() == Idle(at=0.0)
    refusal = {"errorType": "Telemetry.SubscriptionClosed", "errorMessage": "Telemetry API subscription is closed"}
    assert subscriber.subscribe(SUBSCRIPTION) == (403, refusal)


@pytest.fixture
def listener() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """An extension's HTTP listener; gives the batches it got. It refuses the first two."""
    batches: list[list[dict[str, Any]]] = []
    refused: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if len(refused) < 2:
                refused.append(1)
                self.send_response(500)
            else:
                batches.append(body)
                self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    got: Any = lambda: [event for batch in batches for event in batch]  # noqa: E731
    got.port, got.batches = server.server_port, batches
    yield got
    server.shutdown()
    thread.join()
    server.server_close()


def to(port: int, **more: object) -> dict[str, Any]:
    return SUBSCRIPTION | {"destination": {"protocol": "HTTP", "URI": f"http://sandbox:{port}/x?y=1"}} | more


def test_what_came_before_the_subscription_is_sent_and_a_refused_batch_again(
    sandbox: Sandbox, internal: Caller, listener: Any
) -> None:
    sandbox.function_line("early")
    assert internal.subscribe(to(listener.port)) == (200, "OK")
    sandbox.function_line("late")
    sandbox.extension_line("not asked for")
    eventually(lambda: len(listener()) >= 3, within=DEADLINE)
    assert [event["record"] for event in listener() if event["type"] == "function"] == ["early", "late"]


def test_a_batch_goes_out_when_it_is_full(sandbox: Sandbox, internal: Caller, listener: Any) -> None:
    buffering = {"maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 30_000}
    assert internal.subscribe(to(listener.port, types=["function"], buffering=buffering)) == (200, "OK")
    for number in range(999):
        sandbox.function_line(str(number))
    assert listener.batches == []
    sandbox.function_line("999")
    eventually(lambda: len(listener.batches) == 1, within=DEADLINE)
    assert [event["record"] for event in listener.batches[0]] == [str(number) for number in range(1000)]


def test_what_an_extension_does_not_take_is_dropped_and_counted(sandbox: Sandbox, internal: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        port = slow.getsockname()[1]
        # A batch goes when it is full: no clock decides, however slow the machine.
        buffering = {"maxItems": 1000, "timeoutMs": 30_000}
        assert internal.subscribe(to(port, types=["function"], buffering=buffering)) == (200, "OK")
        # One batch on its way, one that waits, and 500 for which there is no room.
        for number in range(2500):
            sandbox.function_line(str(number))

        def take() -> list[dict[str, Any]]:
            connection, _ = slow.accept()
            with connection, connection.makefile("rb") as stream:
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = json.loads(stream.read(length))
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            return body

        slow.settimeout(DEADLINE)
        first = take()
        # What is answered too late is sent once more.
        while (second := take()) == first:
            pass
    assert [event["record"] for event in first] == [str(number) for number in range(1000)]
    *kept, dropped = second
    assert [event["record"] for event in kept] == [str(number) for number in range(1000, 2000)]
    assert dropped["type"] == "platform.logsDropped"
    assert dropped["record"]["droppedRecords"] == 500
    assert dropped["record"]["droppedBytes"] > 500 * len('{"time": "", "type": "function", "record": ""}')
