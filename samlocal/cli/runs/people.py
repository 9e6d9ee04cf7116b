"""A run as a person at a terminal reads it: its log, its figures, its answer. Programs get all of it as it is."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.cli.pieces import Piece
from samlocal.cli.runs.answer import readable
from samlocal.cli.runs.log_lines import ERROR_COLOUR, log_lines, placed
from samlocal.cli.runs.own_paths import OwnPaths
from samlocal.cli.runs.runtime_warnings import RuntimeWarnings
from samlocal.cli.shown.request_lines import duration
from samlocal.sandbox.journal import Record
from samlocal.sandbox.log_format import render
from samlocal.sandbox.result import Result, Success

# Of so many lines of the log it is known whether they have been shown.
_HEARD = 1000

# A string, a number, or one of JSON's three names; a string before a colon is a member's name.
_JSON = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*"(?: \(JSON\))?(?=: ))|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<value>-?\b[\d.eE+-]+\b|\b(?:true|false|null)\b)"
)
_COLOURS = {"name": "cyan", "text": "green", "value": "magenta"}

# What Lambda puts before the message of an error of its own, and in its line of the log before the time.
_LAMBDAS_OWN = re.compile(r"^RequestId: \S+ Error: ")

# What a function behind an API answers (API Gateway developer guide, "Lambda proxy integration").
_OF_API = frozenset({"statusCode", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded"})


OfApi: TypeAlias = Callable[[Result], Mapping[str, Any]]
"""What an API makes of what has come of its event, in the form of a function's response."""


class Subject(Struct, frozen=True, kw_only=True):
    """Whose run it is: where the template says how long and how large it may be."""

    timeout_at: str
    memory_at: str


class People:
    """One command's. ``marks`` says whether the terminal has other characters than ASCII's.

    ``paths`` are those of the function whose run goes on.
    """

    def __init__(self, *, marks: bool) -> None:
        self._good, self._bad = ("✓", "✗") if marks else ("ok", "failed")
        self._heard: deque[str] = deque(maxlen=_HEARD)
        self._errors: deque[str] = deque(maxlen=_HEARD)
        self._warnings = RuntimeWarnings()
        self._subject: Subject | None = None
        self.paths: OwnPaths | None = None
        self._of_api: OfApi | None = None

    def is_of_api(self, of_api: OfApi) -> None:
        self._of_api = of_api

    def is_of(self, subject: Subject) -> None:
        self._subject = subject

    def lines(self, record: Record) -> list[tuple[Piece, ...]]:
        """What a record of the log is for a reader; nothing where the log has nothing of it."""
        line = render(record)
        if line is None:
            return []
        if record.type == "platform.report" and record.fields is not None:
            return [self._figures(record.fields)]
        if record.type.startswith("platform."):
            return [(Piece(text=record.text or line, dim=True),)]
        if self._warnings.is_known(line):
            return []
        for pieces in log_lines(line, level=record.level, request_id=record.request_id, paths=None):
            text = "".join(piece.text for piece in pieces).strip()
            self._heard.append(text)
            if any(piece.fg == ERROR_COLOUR for piece in pieces):
                self._errors.append(text)
        return log_lines(line, level=record.level, request_id=record.request_id, paths=self.paths)

    def answer(self, result: Result) -> Iterator[tuple[Piece, ...]]:
        """What has come of an event that was not streamed."""
        if not isinstance(result, Success):
            yield from self._error(result.payload)
            self._heard.clear()
            self._errors.clear()
            if self._of_api is None:
                return
        response = _response_of_api(result.payload) if self._of_api is None else self._of_api(result)
        if response is None:
            yield from map(json_pieces, readable(result.payload))
            return
        yield from _http(response)

    def _error(self, payload: bytes) -> Iterator[tuple[Piece, ...]]:
        """Nothing of it where the log has shown it already, as nearly every runtime writes it there."""
        try:
            error = json.loads(payload)
        except (ValueError, RecursionError):
            error = None
        if not isinstance(error, dict) or not isinstance(error.get("errorType"), str):
            yield from map(json_pieces, readable(payload))
            return
        message = str(error.get("errorMessage") or "")
        trace = error.get("stackTrace") or error.get("trace")
        entries = trace if isinstance(trace, list) else []
        lines = [line for entry in entries for line in str(entry).splitlines() if line.strip()]
        is_heard = any(line.strip() in self._heard for line in lines)
        if self._has_shown(message or error["errorType"]) and (is_heard or not lines):
            return
        head = Piece(text=error["errorType"], fg=ERROR_COLOUR, bold=True)
        yield (head, Piece(text=f": {message}", fg=ERROR_COLOUR)) if message else (head,)
        if not is_heard:
            yield from (placed(line, self.paths) for line in lines)

    def _has_shown(self, message: str) -> bool:
        """Whether a line of the log, in the colour of errors, ends with a message, or with its first line."""
        first = _LAMBDAS_OWN.sub("", message).partition("\n")[0].strip()
        return any(line == first or line.endswith(f" {first}") for line in self._errors)

    def _figures(self, fields: Mapping[str, Any]) -> tuple[Piece, ...]:
        metrics, status = fields["metrics"], fields.get("status", "success")
        is_good = status == "success"
        texts = [duration(metrics["durationMs"])]
        if "initDurationMs" in metrics:
            texts.append(f"init {duration(metrics['initDurationMs'])}")
        memory, used = metrics["memorySizeMB"], metrics.get("maxMemoryUsedMB")
        texts.append(f"{memory} MB" if used is None else f"{used} of {memory} MB")
        mark = Piece(text=self._good if is_good else self._bad, fg="green" if is_good else "red", bold=True)
        return (mark, Piece(text=f" {', '.join(texts)}", dim=True), *self._reason(fields, memory, used))

    def _reason(self, fields: Mapping[str, Any], memory: int, used: int | None) -> Iterator[Piece]:
        """Why a function was ended, with the property that says so."""
        if fields.get("status") == "timeout":
            at = f" ({self._subject.timeout_at})" if self._subject is not None else ""
            yield Piece(text=f"  timed out: Timeout{at}", fg="red")
        elif fields.get("status") != "success" and used is not None and used >= memory:
            at = f" ({self._subject.memory_at})" if self._subject is not None else ""
            yield Piece(text=f"  out of memory: MemorySize{at}", fg="red")
        elif fields.get("errorType"):
            yield Piece(text=f"  {fields['errorType']}", fg="red")


def json_pieces(line: str) -> tuple[Piece, ...]:
    """A line of JSON in colours."""
    pieces, at = [], 0
    for found in _JSON.finditer(line):
        pieces.append(Piece(text=line[at : found.start()]))
        pieces.append(Piece(text=found[0], fg=_COLOURS[found.lastgroup or "text"]))
        at = found.end()
    return (*pieces, Piece(text=line[at:]))


def _http(response: Mapping[str, Any]) -> Iterator[tuple[Piece, ...]]:
    """A function's response to an API: status, headers and body, as a client gets them."""
    status = response["statusCode"]
    colour = "green" if status < 400 else "yellow" if status < 500 else "red"
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    yield (Piece(text=f"{status} {phrase}".rstrip(), fg=colour, bold=True),)
    headers = [(name, value) for name, value in (response.get("headers") or {}).items()]
    headers += [
        (name, value) for name, several in (response.get("multiValueHeaders") or {}).items() for value in several
    ]
    headers += [("Set-Cookie", value) for value in response.get("cookies") or ()]
    for name, value in headers:
        yield (Piece(text=f"{name}: {value}", dim=True),)
    body = response.get("body")
    if isinstance(body, str) and body:
        yield (Piece(text=""),)
        yield from map(json_pieces, _body(body, encoded=response.get("isBase64Encoded") is True))


def _body(body: str, *, encoded: bool) -> list[str]:
    if not encoded:
        return readable(body.encode("utf-8", "surrogatepass"))
    try:
        data = base64.b64decode(body, validate=True)
        data.decode()
    except (binascii.Error, UnicodeDecodeError):
        return [f"({len(body)} characters of base64)"]
    return readable(data)


def _response_of_api(payload: bytes) -> Mapping[str, Any] | None:
    """None where it is anything else, or has more than can be shown so."""
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(response, dict) or not response.keys() <= _OF_API:
        return None
    status = response.get("statusCode")
    is_status = isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599
    several = response.get("multiValueHeaders")
    shapes = (
        (response.get("headers"), dict),
        (several, dict),
        (response.get("cookies"), list),
        (response.get("body"), str),
    )
    fits = all(value is None or isinstance(value, shape) for value, shape in shapes)
    fits = fits and all(isinstance(each, list) for each in (several or {}).values())
    return response if is_status and fits else None
