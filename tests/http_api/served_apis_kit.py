"""``samlocal start-api`` as a process, and clients of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import kit
from kit import Running

MakeProject = Callable[..., kit.Project]

_SERVED = re.compile(r"(\S+) \([^)]*\) is served at ((?:https?|wss?)://\S+)")


class Answer:
    """One answer; header names are small."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.fields = [(name.lower(), value) for name, value in headers]
        self.headers = dict(self.fields)
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ServedApis:
    """``urls`` by API."""

    def __init__(self, running: Running, urls: Mapping[str, str]) -> None:
        self.running = running
        self.urls = urls

    def connection(self, api: str | None = None) -> http.client.HTTPConnection:
        parts = urllib.parse.urlsplit(self.urls[api or next(iter(self.urls))])
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        *,
        api: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Of the first API where none is named."""
        with contextlib.closing(self.connection(api)) as connection:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())


@contextlib.contextmanager
def served_apis(
    made: kit.Project, *args: str, environ: Mapping[str, str] | None = None, within: float = kit.STARTUP_SECONDS
) -> Iterator[ServedApis]:
    """It has to serve ``within`` so many seconds."""
    given = {"AWS_REGION": "eu-west-1", **(environ or {})}
    with made.start("start-api", "--port", "0", *args, environ=given) as running:
        running.has_logged("Ctrl-C ends it.", within=within)
        urls = {found[1]: found[2] for found in _SERVED.finditer(running.stderr())}
        yield ServedApis(running, urls)
        running.signalled(signal.SIGTERM).outcome()
