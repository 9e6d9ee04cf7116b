"""A small client of the Debug Adapter Protocol, for debugpy's adapter."""

from __future__ import annotations

import json
import socket
import time
from collections import deque
from pathlib import Path
from typing import Any


class Dap:
    """One connection; every wait ends after a minute."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._stream = self._socket.makefile("rb")
        self._last = 0
        self._kept: deque[dict[str, Any]] = deque()

    def attach(self, mappings: list[dict[str, str]], breakpoints: dict[Path, list[int]]) -> None:
        """As an editor does it: breakpoints by the paths of this machine, then the program may run."""
        self.request("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
        self._send("attach", {"pathMappings": mappings, "justMyCode": False})
        self.event("initialized")
        for path, lines in breakpoints.items():
            answer = self.request(
                "setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line} for line in lines]
            )
            assert len(answer["breakpoints"]) == len(lines)
        self.request("configurationDone")

    def stopped(self) -> tuple[int, Path, int]:
        """Waits for a stop: the thread, the file of this machine, the line."""
        thread = int(self.event("stopped")["threadId"])
        frame = self.request("stackTrace", threadId=thread)["stackFrames"][0]
        return thread, Path(frame["source"]["path"]), int(frame["line"])

    def local(self, thread: int, name: str) -> str:
        """A local variable of the frame that is stopped."""
        frame = self.request("stackTrace", threadId=thread)["stackFrames"][0]
        scope = self.request("scopes", frameId=frame["id"])["scopes"][0]
        found = self.request("variables", variablesReference=scope["variablesReference"])["variables"]
        return next(str(variable["value"]) for variable in found if variable["name"] == name)

    def leave(self, thread: int) -> None:
        """Lets the program go on to its end, before which the answer need not come."""
        self._send("continue", {"threadId": thread})

    def detach(self) -> None:
        self.request("disconnect", terminateDebuggee=False)
        self.close()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """A request and its answer's body."""
        number = self._send(command, arguments)
        answer = self._next(lambda message: message["type"] == "response" and message["request_seq"] == number)
        assert answer["success"], answer
        body: dict[str, Any] = answer.get("body") or {}
        return body

    def ask(self, command: str, **arguments: Any) -> None:
        """A request whose answer nobody waits for."""
        self._send(command, arguments)

    def event(self, name: str) -> dict[str, Any]:
        body: dict[str, Any] = self._next(lambda message: message.get("event") == name).get("body") or {}
        return body

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        self._last += 1
        message = {"seq": self._last, "type": "request", "command": command, "arguments": arguments}
        content = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        return self._last

    def _next(self, wanted: Any) -> dict[str, Any]:
        for message in self._kept:
            if wanted(message):
                self._kept.remove(message)
                return message
        until = time.monotonic() + 60
        while time.monotonic() < until:
            message = self._read()
            if wanted(message):
                return message
            self._kept.append(message)
        raise TimeoutError(list(self._kept))

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._stream.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            if not line:
                raise ConnectionError("the adapter has gone")
        message: dict[str, Any] = json.loads(self._stream.read(length))
        return message
