"""Who runs the functions of a local endpoint: fetches the invocations that its services have, and answers them."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

import msgspec

from samlocal.errors import AwsError
from samlocal.local.invocation import PATH, WAIT_SECONDS, WAITING, Answered, Fetched, Waiting
from samlocal.local.log_line import LOGS, LogLine, LogLines
from samlocal.local.moto.door import CONTROL_HEADER
from samlocal.local.schedule import SCHEDULES, Fire, Fired, Schedule
from samlocal.local.server import LocalServer

_MORE_SECONDS = 30.0


class Runner:
    """One at a time has an endpoint's invocations: whoever has come last."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self._id = uuid.uuid4().hex

    def fetch(self, *, wait: float = WAIT_SECONDS) -> Fetched:
        """The next ones, as soon as there are some. Raises AwsError."""
        return msgspec.json.decode(self._ask("GET", PATH, wait=str(wait)), type=Fetched)

    def over(self, invocation_id: str, answered: Answered) -> None:
        """What came of one. Raises AwsError."""
        self._ask("POST", f"{PATH}/{invocation_id}", msgspec.json.encode(answered))

    def leave(self) -> None:
        """Runs no more: what is not over is the next one's. Raises AwsError."""
        self._ask("DELETE", PATH)

    def waiting(self) -> Waiting:
        """What is there for whoever runs functions. Raises AwsError."""
        return msgspec.json.decode(self._ask("GET", WAITING), type=Waiting)

    def wrote(self, lines: Sequence[LogLine]) -> None:
        """What functions have written. Raises AwsError."""
        self._ask("POST", LOGS, msgspec.json.encode(lines))

    def log(self, *, after: int, wait: float = WAIT_SECONDS) -> LogLines:
        """What functions have written behind the line of that number, as soon as there is some. Raises AwsError."""
        return msgspec.json.decode(self._ask("GET", LOGS, after=str(after), wait=str(wait)), type=LogLines)

    def schedules(self) -> tuple[Schedule, ...]:
        """Those that are enabled. Raises AwsError."""
        return msgspec.json.decode(self._ask("GET", SCHEDULES), type=tuple[Schedule, ...])

    def fire(self, name: str, *, at: float | None = None) -> Fired:
        """Has one be due: by its ARN, its name or its logical id. Raises AwsError."""
        asked = msgspec.json.encode(Fire(name=name, at=at))
        return msgspec.json.decode(self._ask("POST", SCHEDULES, asked), type=Fired)

    def _ask(self, method: str, path: str, body: bytes | None = None, **query: str) -> bytes:
        address = urlsplit(self.server.url)
        asked = urlencode({"runner": self._id, **query})
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=WAIT_SECONDS + _MORE_SECONDS
        )
        try:
            connection.request(method, f"{path}?{asked}", body, {CONTROL_HEADER: self.server.control})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise AwsError(f"The local environment does not answer: {error or type(error).__name__}.") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise AwsError(f"The local environment refuses to have its functions run ({answer.status}).")
        return said
