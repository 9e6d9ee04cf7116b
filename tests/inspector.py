"""A small client of Node's inspector protocol (Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import json
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class Inspector:
    """One connection; every wait ends after a minute."""

    def __init__(self, port: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as answer:
            (described,) = json.load(answer)
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(described["webSocketDebuggerUrl"], proxy=None, open_timeout=60)
        )
        self._last = 0
        self._scripts: dict[str, str] = {}
        self._events: list[dict[str, Any]] = []

    def attach(self, breakpoints: dict[str, int]) -> None:
        """As an editor does it: breakpoints first, counted from 1, then the program may run."""
        self.request("Runtime.enable")
        self.request("Debugger.enable")
        for url, line in breakpoints.items():
            self.request("Debugger.setBreakpointByUrl", url=url, lineNumber=line - 1)
        self.request("Runtime.runIfWaitingForDebugger")

    def paused(self) -> tuple[str, str, int]:
        """Waits for a stop: the frame, the script's URL, the line."""
        frame = self.event("Debugger.paused")["callFrames"][0]
        location = frame["location"]
        return frame["callFrameId"], self._scripts[location["scriptId"]], location["lineNumber"] + 1

    def evaluate(self, frame: str, expression: str) -> Any:
        answer = self.request("Debugger.evaluateOnCallFrame", callFrameId=frame, expression=expression)
        return answer["result"]["value"]

    def attach_by_source(self, source: Path, line: int) -> None:
        """As ``attach``, but for a source that only a program's own map names; with the same end."""
        self.request("Runtime.enable")
        self.request("Debugger.enable")
        self.request("Runtime.runIfWaitingForDebugger")
        while True:
            script = self.event("Debugger.scriptParsed")
            kind, _, content = str(script.get("sourceMapURL", "")).partition("base64,")
            if kind.startswith("data:"):
                found = generated(json.loads(base64.b64decode(content)), source, line)
                if found is not None:
                    place = {"lineNumber": found[0], "columnNumber": found[1]}
                    self.request("Debugger.setBreakpoint", location={"scriptId": script["scriptId"], **place})
                    return

    def close(self) -> None:
        self._open.close()

    def has_ended(self) -> bool:
        """Whether the other side has hung up; what it says until then is read."""
        try:
            self._read()
        except ConnectionClosed:
            self.close()
            return True
        return False

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        self._send(method, params)
        while (message := self._read()).get("id") != self._last:
            self._events.append(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    def leave(self) -> None:
        """Lets the program go on to its end, before which the answer need not come."""
        self._send("Debugger.resume", {})

    def _send(self, method: str, params: dict[str, Any]) -> None:
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))

    def event(self, name: str) -> dict[str, Any]:
        for kept in self._events:
            if kept.get("method") == name:
                self._events.remove(kept)
                params: dict[str, Any] = kept["params"]
                return params
        while (message := self._read()).get("method") != name:
            self._events.append(message)
        return dict(message["params"])

    def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=60))
        if message.get("method") == "Debugger.scriptParsed":
            script = message["params"]
            self._scripts[script["scriptId"]] = script["url"]
        return message


_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def generated(source_map: dict[str, Any], source: Path, line: int) -> tuple[int, int] | None:
    """Line and column of the program, from 0, where a line of a source, from 1, begins (ECMA-426, "mappings")."""
    if str(source) not in source_map["sources"]:
        return None
    wanted = (source_map["sources"].index(str(source)), line - 1)
    place = (0, 0)
    for number, segments in enumerate(source_map["mappings"].split(";")):
        column = 0
        for segment in filter(None, segments.split(",")):
            steps = [*decoded(segment), 0, 0, 0]
            column += steps[0]
            place = (place[0] + steps[1], place[1] + steps[2])
            if place == wanted:
                return number, column
    return None


def decoded(segment: str) -> list[int]:
    """The numbers of a segment: five bits a digit, the lowest first and of that the lowest the sign."""
    numbers: list[int] = []
    value = shift = 0
    for digit in map(_DIGITS.index, segment):
        value += (digit & 31) << shift
        shift += 5
        if digit & 32 == 0:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
