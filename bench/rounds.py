"""What a round of the soak does, and what is wrong with an answer."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from enum import StrEnum
from http.client import HTTPException
from pathlib import Path
from typing import Any

from queues import Queue, client, wait
from serving import LOOPBACK, Caller, Reply

SAMLOCAL = str(Path(sys.executable).with_name("samlocal"))
FUNCTION = "soak"
SHARE = 25
"""One event of so many has a fault, for each fault."""

_HTTP_SHARE = 3
"""One event of so many that have no fault comes by HTTP."""

_MESSAGES = 10
_TEMPLATE_EVERY = 3
_COMMANDS_EVERY = 2
_KEEP = "2s"
_RUN_SECONDS = 120.0


class Fault(StrEnum):
    CRASH = "crash"
    HANG = "hang"
    RAISE = "raise"


class Rounds:
    """``done`` counts what was done, ``times`` are in ms by fault, ``endpoint`` is the local environment's URL."""

    def __init__(
        self,
        folder: Path,
        *,
        kept: Path,
        api: int,
        lambda_: int,
        debug: int,
        environ: Mapping[str, str],
        calls: int,
        callers: int,
    ) -> None:
        """Waits until the local environment is there. Raises ServerFailedError."""
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.times: dict[str, list[float]] = {}
        self._folder, self._kept = folder, kept
        self._api, self._lambda, self._debug = api, lambda_, debug
        self._environ = environ
        self._calls, self._callers = calls, callers
        sqs = client(environ, folder)
        self.endpoint = str(sqs.meta.endpoint_url)
        self._orders = Queue(sqs, "Orders")
        self._taking = threading.Lock()
        self._keys: set[str] = set()

    @property
    def invocations(self) -> int:
        return sum(self.done[kind] for kind in ("calls", "requests", "messages", "commands", "kept", "debugged"))

    def run(self, number: int, *, renewing: int) -> None:
        """One round; ``renewing`` is the port of the server whose credentials end. Raises ServerFailedError."""
        self._orders.send([f"{number} {message}" for message in range(_MESSAGES)])
        self._call_all(number)
        self._attach()
        self._renew(renewing)
        if number % _COMMANDS_EVERY == 0:
            self._command("commands", self._folder, "--event", json.dumps({"number": number}), number=number)
            self._command(
                "kept", self._kept, "--keep", _KEEP, "--event", json.dumps({"number": number}), number=number
            )
        wait(lambda: self._orders.is_empty)
        self.done["messages"] += _MESSAGES
        self._save(number)

    def _call_all(self, number: int) -> None:
        """All callers at once, each with the next event when it has its answer."""
        first = number * self._calls
        events = enumerate(faults(self._calls), first)

        def caller() -> None:
            with (
                closing(Caller(self._lambda, f"/2015-03-31/functions/{FUNCTION}/invocations")) as own,
                closing(Caller(self._api, "/soak")) as http,
            ):
                while True:
                    with self._taking:
                        event, fault = next(events, (None, None))
                    if event is None:
                        return
                    self._call(
                        http if fault is None and event % _HTTP_SHARE == 0 else own, event, fault, by_http=http
                    )

        with ThreadPoolExecutor(self._callers) as pool:
            for running in [pool.submit(caller) for _ in range(self._callers)]:
                running.result()

    def _call(self, caller: Caller, number: int, fault: Fault | None, *, by_http: Caller) -> None:
        event = {"number": number} | ({"fault": fault} if fault else {})
        try:
            reply = caller.call(json.dumps(event).encode())
            problem = refusal(number, reply) if caller is by_http else complaint(number, fault, reply)
        except (OSError, HTTPException) as error:
            reply, problem = None, repr(error)
        with self._taking:
            self.done["requests" if caller is by_http else "calls"] += 1
            if fault is not None:
                self.done[fault] += 1
            if reply is not None:
                self.times.setdefault(fault or "none", []).append(reply.seconds * 1000)
            if problem is not None:
                self.wrong.append(f"event {number} ({fault}): {problem}")

    def _attach(self) -> None:
        """A debugger attaches to a function's sandbox, says its first word, and leaves (Debug Adapter Protocol)."""
        with closing(Caller(self._lambda, "/2015-03-31/functions/debugged/invocations")) as own:
            reply = own.call(b'{"number": 0}')
        if reply.status != 200:
            self.wrong.append(f"the debugged function: {reply.status} {reply.body[:200]!r}")
        with socket.create_connection((LOOPBACK, self._debug), timeout=_RUN_SECONDS) as adapter:
            for each in ({"command": "initialize", "arguments": {"adapterID": "soak"}}, {"command": "disconnect"}):
                content = json.dumps({"seq": 1, "type": "request", **each}).encode()
                adapter.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
            if not adapter.recv(1):
                self.wrong.append("the debugger that attached was hung up on")
        self.done["debugged"] += 1
        self.done["attached"] += 1

    def _renew(self, port: int) -> None:
        with closing(Caller(port, f"/2015-03-31/functions/{FUNCTION}/invocations")) as own:
            reply = own.call(b'{"number": 0, "fault": "key"}')
        try:
            self._keys.add(json.loads(reply.body)["key"])
        except (ValueError, LookupError, TypeError):
            self.wrong.append(f"with keys that end: {reply.status} {reply.body[:200]!r}")
        self.done["calls"] += 1
        self.done["renewals"] = len(self._keys) - 1

    def _command(self, kind: str, folder: Path, *options: str, number: int) -> None:
        ran = subprocess.run(
            [SAMLOCAL, "invoke", FUNCTION, *options],
            cwd=folder,
            env=dict(self._environ),
            capture_output=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
        self.done[kind] += 1
        if ran.returncode or json.loads(ran.stdout).get("number") != number:
            self.wrong.append(f"{kind}: exit status {ran.returncode}: {ran.stderr[-300:]!r}")

    def _save(self, number: int) -> None:
        """The code has another line, and now and then the template. Both are exchanged whole, as editors do it."""
        files = ["app.py", *(["template.yaml"] if number % _TEMPLATE_EVERY == 0 else [])]
        for name in files:
            path = self._folder / name
            saved = path.with_suffix(".saved")
            saved.write_text(f"{path.read_text(encoding='utf-8').partition('# round')[0]}# round {number}\n", "utf-8")
            saved.replace(path)
            self.done["saves"] += 1


def faults(count: int) -> list[Fault | None]:
    """In an order that is the same each time."""
    found: list[Fault | None] = [fault for fault in Fault for _ in range(count // SHARE)]
    found += [None] * (count - len(found))
    random.Random(12).shuffle(found)
    return found


def refusal(number: int, reply: Reply) -> str | None:
    """What is wrong with an API's answer, None where it is that of a function that answers without a status."""
    try:
        answer = reply.status, json.loads(reply.body).get("number")
    except (ValueError, AttributeError):
        return f"{reply.status} {reply.body[:200]!r}"
    return None if answer == (200, number) else f"{reply.status} {reply.body[:200]!r}"


def complaint(number: int, fault: Fault | None, reply: Reply) -> str | None:
    """What is wrong with an answer, None where it is AWS's to this very event.

    Lambda developer guide, "Invoking a function synchronously" and "Errors": a function's error has status 200, the
    header ``X-Amz-Function-Error`` and a payload of its own; a crash's and a timeout's names the request.
    """
    id_ = reply.headers.get("x-amzn-requestid")
    try:
        content = json.loads(reply.body)
    except ValueError:
        return f"{reply.status} with what is no JSON: {reply.body[:200]!r}"
    answer = reply.status, reply.headers.get("x-amz-function-error"), content
    wanted: tuple[int, str | None, dict[str, Any]]
    match fault:
        case None:
            wanted = 200, None, {"number": number, "request_id": id_}
        case Fault.RAISE:
            told = {"errorType": "ValueError", "errorMessage": f"fault of {number}", "requestId": id_}
            wanted = 200, "Unhandled", told
            if isinstance(content, dict):
                content.pop("stackTrace", None)
        case Fault.CRASH:
            text = f"RequestId: {id_} Error: Runtime exited with error: exit status 3"
            wanted = 200, "Unhandled", {"errorType": "Runtime.ExitError", "errorMessage": text}
        case Fault.HANG:
            text = f"RequestId: {id_} Error: Task timed out after 3.00 seconds"
            wanted = 200, "Unhandled", {"errorType": "Sandbox.Timedout", "errorMessage": text}
    return None if answer == wanted else f"{answer} instead of {wanted}"
