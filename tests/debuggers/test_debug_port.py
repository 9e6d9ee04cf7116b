"""The debug port of a command that stays: debuggers attach to it again while sandboxes come and go behind it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dap import Dap
from debug_kit import Debugged, payload
from event_loop import EventLoop
from inspector import Inspector
from kit import Project, eventually, free_port, node, python

from samlocal.errors import ConfigurationError
from samlocal.sandbox.debug.port import DebugPort

SOURCE = """\
def handler(event, context):
    total = event["a"] + 1
    return {"total": total * 2}
"""
NODE = """\
exports.handler = async (event) => {
  const total = event.a + 1;
  return { total: total * 2 };
};
"""


@pytest.fixture
def entrance() -> Iterator[tuple[DebugPort, EventLoop]]:
    loop = EventLoop()
    port = DebugPort(free_port())
    loop.enter(port)
    yield port, loop
    loop.leave(port)
    loop.close()


class Program:
    """Listens where the debugger in a sandbox does, and echoes."""

    def __init__(self, port: int) -> None:
        self._listens = socket.create_server(("127.0.0.1", port))
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listens.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        while True:
            try:
                data = connection.recv(1 << 16)
            except OSError:
                return
            if not data:
                return
            connection.sendall(data)

    def dies(self) -> None:
        # On Linux a thread that waits in accept() holds the socket; what has been shut down wakes it.
        self._listens.shutdown(socket.SHUT_RDWR)
        self._listens.close()
        for connection in self._connections:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def message(**content: object) -> bytes:
    body = json.dumps(content).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def received(connection: socket.socket) -> dict[str, Any]:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, head
        head += byte
    left = int(head.split(b":")[1])
    body = b""
    while len(body) < left:
        body += connection.recv(left - len(body))
    found: dict[str, Any] = json.loads(body)
    return found


def test_whoever_comes_before_there_is_a_program_is_kept_waiting(entrance: tuple[DebugPort, EventLoop]) -> None:
    port, _ = entrance
    with connected(port.port) as debugger:
        debugger.sendall(b"JDWP-")
        debugger.settimeout(0.3)
        with pytest.raises(TimeoutError):
            debugger.recv(1)
        debugger.sendall(b"Handshake")
        debugger.settimeout(60)
        program = Program(port.inside)
        said = b""
        while len(said) < 14:
            said += debugger.recv(14)
        assert said == b"JDWP-Handshake"
        program.dies()
        assert debugger.recv(1) == b"", "its end is the program's"


def test_who_says_without_end_before_there_is_a_program_is_not_heard_out(
    entrance: tuple[DebugPort, EventLoop],
) -> None:
    port, _ = entrance
    with connected(port.port) as debugger, pytest.raises(ConnectionError):
        debugger.sendall(bytes(1 << 26))


def test_a_program_that_hangs_up_without_a_word_is_asked_again(entrance: tuple[DebugPort, EventLoop]) -> None:
    """As an engine's own listener does, which stands before a container in which nobody listens yet."""
    port, _ = entrance
    with socket.create_server(("127.0.0.1", port.inside)) as silent, connected(port.port) as debugger:
        debugger.sendall(b"hello")
        for _ in range(3):
            silent.settimeout(60)
            connection, _address = silent.accept()
            connection.close()
        connection, _address = silent.accept()
        with connection:
            assert connection.recv(100) == b"hello"
            connection.sendall(b"hello yourself")
            assert debugger.recv(100) == b"hello yourself"


def test_a_debug_adapters_client_is_asked_to_attach_again(entrance: tuple[DebugPort, EventLoop]) -> None:
    """By the specification: ``terminated`` with ``restart``, and an answer to the client's leave."""
    port, _ = entrance
    program = Program(port.inside)
    with connected(port.port) as client:
        long = "x" * 300_000
        for number in (1, 2):
            client.sendall(message(seq=number, type="request", command="initialize", arguments={"long": long}))
            assert received(client)["arguments"] == {"long": long}
        program.dies()
        assert received(client) | {"seq": None} == {
            "seq": None,
            "type": "event",
            "event": "terminated",
            "body": {"restart": True},
        }
        client.sendall(message(seq=3, type="request", command="threads"))
        assert (received(client)["request_seq"], False) == (3, False)
        client.sendall(message(seq=4, type="request", command="disconnect", arguments={"restart": True}))
        answer = received(client)
        assert (answer["request_seq"], answer["command"], answer["success"]) == (4, "disconnect", True)
        assert client.recv(1) == b""


def test_a_client_that_takes_its_leave_is_not_asked_back(entrance: tuple[DebugPort, EventLoop]) -> None:
    port, _ = entrance
    program = Program(port.inside)
    with connected(port.port) as client:
        client.sendall(message(seq=1, type="request", command="disconnect"))
        assert received(client)["command"] == "disconnect"
        program.dies()
        assert client.recv(1) == b""


def test_the_end_of_the_command_is_the_end_of_the_debugging() -> None:
    loop = EventLoop()
    port = DebugPort(free_port())
    loop.enter(port)
    program = Program(port.inside)
    with connected(port.port) as client, connected(port.port) as raw, connected(port.port) as silent:
        client.sendall(message(seq=1, type="request", command="initialize"))
        received(client)
        raw.sendall(b"hello")
        assert raw.recv(10) == b"hello"
        loop.leave(port)
        assert received(client)["body"] == {}, "nobody is asked back"
        assert raw.recv(1) == b""
        assert silent.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            connected(port.port)
    program.dies()
    loop.close()


def test_a_debug_port_that_is_taken_is_named() -> None:
    loop = EventLoop()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"debug port {port} is in use"):
            loop.enter(DebugPort(port))
    loop.close()


@pytest.mark.docker
def test_debugpys_client_attaches_again_after_each_reload(
    project: Callable[..., Project], debugged: Callable[..., Debugged]
) -> None:
    made = project(python(SOURCE))
    path = made.folder.resolve() / "code" / "app.py"
    fn = debugged(made, live=True, stays=True)
    mapping = [{"localRoot": str(path.parent), "remoteRoot": "/var/task"}]
    client = Dap(fn.port)
    client.attach(mapping, {path: [2]})
    for factor in (2, 3, 4):
        call = fn.invoke({"a": factor})
        thread, stopped_in, line = client.stopped()
        assert (stopped_in, line) == (path, 2)
        client.request("continue", threadId=thread)
        assert payload(call)["total"] == (factor + 1) * factor
        path.write_text(SOURCE.replace("* 2", f"* {factor + 1}"))
        assert fn.reload()
        assert client.event("terminated") == {"restart": True}
        client.detach()
        # At once, as an editor does: the new runtime is not there yet.
        client = Dap(fn.port)
        client.attach(mapping, {path: [2]})
    client.detach()


@pytest.mark.docker
def test_the_inspectors_client_attaches_again_after_each_reload(
    project: Callable[..., Project], debugged: Callable[..., Debugged]
) -> None:
    made = project(node(NODE))
    path = made.folder.resolve() / "code" / "app.js"
    fn = debugged(made, live=True, stays=True)
    client = Inspector(fn.port)
    client.attach({"file:///var/task/app.js": 2})
    for factor in (2, 3, 4):
        call = fn.invoke({"a": factor})
        _, stopped_in, line = client.paused()
        assert (stopped_in, line) == ("file:///var/task/app.js", 2)
        client.request("Debugger.resume")
        assert payload(call)["total"] == (factor + 1) * factor
        path.write_text(NODE.replace("* 2", f"* {factor + 1}"))
        assert fn.reload()
        # The end of the connection is what tells its client.
        eventually(client.has_ended)
        client = Inspector(fn.port)
        client.attach({"file:///var/task/app.js": 2})
    client.close()
