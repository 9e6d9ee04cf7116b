"""What samlocal's own commands ask the local endpoint's process, beside what AWS's clients ask."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from urllib.parse import parse_qs

import msgspec

from samlocal.local.invocation import PATH, WAIT_SECONDS, WAITING, Answered, Waiting
from samlocal.local.log_line import LOGS, LogLine
from samlocal.local.moto.function_log import FunctionLog
from samlocal.local.moto.invocations import Invocations
from samlocal.local.moto.schedules import Schedules
from samlocal.local.schedule import SCHEDULES, Fire

Environ: TypeAlias = dict[str, Any]


class Controls:
    """A WSGI application for who knows the endpoint's secret: the door has asked for it."""

    def __init__(self, invocations: Invocations, schedules: Schedules) -> None:
        self._invocations = invocations
        self._schedules = schedules
        self._log = FunctionLog()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        match environ["REQUEST_METHOD"], path:
            case "GET", _ if path == WAITING:
                waiting = Waiting(events=self._invocations.count, is_run=self._invocations.is_run)
                return _json(start_response, msgspec.json.encode(waiting))
            case "GET", _ if path == PATH:
                return _json(start_response, self._fetch(_query(environ), environ.get("werkzeug.socket")))
            case "DELETE", _ if path == PATH:
                self._invocations.leave(_query(environ)("runner"))
                return _json(start_response, b"{}")
            case "POST", _ if path.startswith(f"{PATH}/"):
                answered = msgspec.json.decode(_body(environ), type=Answered)
                self._invocations.over(path.removeprefix(f"{PATH}/"), answered)
                return _json(start_response, b"{}")
            case "POST", _ if path == LOGS:
                self._log.write(msgspec.json.decode(_body(environ), type=tuple[LogLine, ...]))
                return _json(start_response, b"{}")
            case "GET", _ if path == LOGS:
                return _json(start_response, self._lines(_query(environ), environ.get("werkzeug.socket")))
            case "GET", _ if path == SCHEDULES:
                return _json(start_response, msgspec.json.encode(self._schedules.enabled()))
            case "POST", _ if path == SCHEDULES:
                fire = msgspec.json.decode(_body(environ), type=Fire)
                return _json(start_response, msgspec.json.encode(self._schedules.fire(fire.name, fire.at)))
        start_response("404 Not Found", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]

    def _lines(self, query: Callable[[str], str], connection: socket.socket | None) -> bytes:
        after, wait = int(query("after") or 0), float(query("wait") or 0)
        return msgspec.json.encode(self._log.after(after, wait, is_there=lambda: _is_open(connection)))

    def _fetch(self, query: Callable[[str], str], connection: socket.socket | None) -> bytes:
        wait = float(query("wait") or WAIT_SECONDS)
        fetched = self._invocations.fetch(query("runner"), wait, is_there=lambda: _is_open(connection))
        return msgspec.json.encode(fetched)


def _is_open(connection: socket.socket | None) -> bool:
    """Whether who has asked still waits: the kernel closes the connection of one that has been killed, too."""
    if connection is None:
        return True
    try:
        return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _query(environ: Environ) -> Callable[[str], str]:
    given = parse_qs(environ.get("QUERY_STRING", ""))
    return lambda name: given.get(name, [""])[0]


def _json(start_response: Any, body: bytes) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
