"""What a command that stays says, as records: ``--output json`` writes them, and text is made of them.

In JSON each is one object in a line, with its ``type`` and ``time``; ``serving`` comes first, and again when
functions come and go, ``ended`` last. Fields are always there, null where there is nothing. Durations are in ms,
memory in MB, ``seconds`` in s. Functions are called by their id, ``Child/Fn`` in a nested template; ``sandbox`` is
the name of a log stream. ``attempt`` counts the runs of an asynchronous event from 1, and is null where a caller
waits.
"""

from __future__ import annotations

import datetime
import os
from typing import TypeAlias

from msgspec import Struct, field

from samlocal import __version__
from samlocal.cli.shown.served import ServedApi, ServedFunction, ServedSource
from samlocal.endpoint.directory import Directory
from samlocal.project.settings import Settings
from samlocal.service.debugged import Debugged


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Timed(Struct, frozen=True, kw_only=True, tag_field="type"):
    time: datetime.datetime = field(default_factory=_now)


class Serving(Timed, frozen=True, kw_only=True, tag="serving"):
    """``url`` is where; ``environment`` is None where there is none; ``debugged`` is a function's id.

    ``apis`` each have a place of their own. ``sources`` is None for a command that reads none.
    """

    version: str
    process: int
    url: str | None
    region: str
    environment: str | None
    stack: str | None
    reloads: bool
    functions: tuple[ServedFunction, ...]
    debugged: str | None = None
    debug_port: int | None = None
    apis: tuple[ServedApi, ...] = ()
    sources: tuple[ServedSource, ...] | None = None


def serving(
    settings: Settings,
    directory: Directory,
    *,
    url: str | None,
    reloads: bool = False,
    apis: tuple[ServedApi, ...] = (),
    sources: tuple[ServedSource, ...] | None = None,
    debugged: Debugged | None = None,
) -> Serving:
    """What a project serves."""
    return Serving(
        version=__version__,
        process=os.getpid(),
        url=url,
        region=directory.place.region,
        environment=settings.environment,
        stack=settings.stack_name,
        reloads=reloads,
        debugged=None if debugged is None else debugged.id,
        debug_port=None if debugged is None else debugged.port.port,
        functions=tuple(ServedFunction(id=each.path, name=each.name, arn=each.arn) for each in directory),
        apis=apis,
        sources=sources,
    )


class RequestBegun(Timed, frozen=True, kw_only=True, tag="request.begun"):
    """It has come; it may still wait for a sandbox."""

    request_id: str
    function: str
    attempt: int | None = None


class RequestEnded(Timed, frozen=True, kw_only=True, tag="request.ended"):
    """The function ran: ``status`` is ``success``, ``error`` or ``timeout``."""

    request_id: str
    function: str
    attempt: int | None
    status: str
    error_type: str | None
    duration: float
    billed_duration: int
    init_duration: float | None
    memory_size: int
    max_memory_used: int | None


class RequestThrottled(Timed, frozen=True, kw_only=True, tag="request.throttled"):
    """``reason`` is AWS's."""

    request_id: str
    function: str
    attempt: int | None
    reason: str


class RequestFailed(Timed, frozen=True, kw_only=True, tag="request.failed"):
    """samlocal could not run the function, or not to its end."""

    request_id: str
    function: str
    attempt: int | None
    message: str
    tip: str | None


class RequestRefused(Timed, frozen=True, kw_only=True, tag="request.refused"):
    """``request`` is its method and path; no function was run."""

    request: str
    status: int
    error_type: str
    message: str


class HttpAnswered(Timed, frozen=True, kw_only=True, tag="http.answered"):
    """An HTTP request has its answer, or the beginning of it. ``route`` is None where there is none.

    ``function`` is whose event it became, None where it became none's.
    """

    api: str
    method: str
    path: str
    status: int
    duration: float
    route: str | None
    function: str | None


class AwsAsked(Timed, frozen=True, kw_only=True, tag="aws.asked"):
    """A request of a function, by its id, was passed on to AWS."""

    caller: str
    request: str
    status: int


class EventPushed(Timed, frozen=True, kw_only=True, tag="event.pushed"):
    """A function gets an event of ``source``: of a topic, a bucket, a rule, by its ARN where it has one."""

    request_id: str
    function: str
    source: str


class EventRetried(Timed, frozen=True, kw_only=True, tag="event.retried"):
    """An asynchronous event is going to be run again, in ``seconds``."""

    request_id: str
    function: str
    attempt: int
    seconds: float


class EventSent(Timed, frozen=True, kw_only=True, tag="event.sent"):
    """What came of an asynchronous event went ``to`` a destination, or a dead-letter queue or topic."""

    request_id: str
    function: str
    condition: str
    to: str


class BatchRun(Timed, frozen=True, kw_only=True, tag="source.batch"):
    """A function has had so many ``records`` of an event source, by its ARN; ``failed`` of them come ``again``."""

    request_id: str
    function: str
    source: str
    name: str
    records: int
    failed: int
    again: str


class RecordsFiltered(Timed, frozen=True, kw_only=True, tag="source.filtered"):
    """So many ``records`` of an event source were none for the function, by its filters."""

    function: str
    source: str
    name: str
    records: int


class RecordsDiscarded(Timed, frozen=True, kw_only=True, tag="source.discarded"):
    """Records of a stream are given up, for AWS's ``condition``; ``to`` is where that is told, if anywhere.

    ``problem`` is why it could not be told there.
    """

    function: str
    source: str
    name: str
    records: int
    condition: str
    to: str | None
    problem: str | None


class SourceInterrupted(Timed, frozen=True, kw_only=True, tag="source.interrupted"):
    """An event source cannot be read, and is tried again in ``seconds``."""

    function: str
    source: str
    name: str
    message: str
    tip: str | None
    seconds: float


class LogLine(Timed, frozen=True, kw_only=True, tag="log"):
    """A line of a function's log, as the function's log has it; ``source`` is the Telemetry API's type."""

    function: str
    request_id: str | None
    sandbox: str
    source: str
    level: str | None
    text: str


class Reloaded(Timed, frozen=True, kw_only=True, tag="reloaded"):
    """What was saved in ``files`` is taken up, ``how``: ``in_place``, ``anew``, ``after_event``."""

    functions: tuple[str, ...]
    files: tuple[str, ...]
    duration: float
    how: str
    text: str


class NotReloaded(Timed, frozen=True, kw_only=True, tag="reload.failed"):
    """What was saved in ``files`` cannot be taken up; ``functions`` stay as they were."""

    functions: tuple[str, ...]
    files: tuple[str, ...]
    message: str
    tip: str | None
    text: str


class Notice(Timed, frozen=True, kw_only=True, tag="notice"):
    text: str
    function: str | None = None


class Warned(Timed, frozen=True, kw_only=True, tag="warning"):
    text: str


class Failed(Timed, frozen=True, kw_only=True, tag="error"):
    """``ends`` says that the command does, by it."""

    message: str
    tip: str | None
    ends: bool = False


class Running(Struct, frozen=True, kw_only=True):
    request_id: str
    function: str


class Ending(Timed, frozen=True, kw_only=True, tag="ending"):
    """It was told to end, and waits for what runs."""

    running: tuple[Running, ...]


class Ended(Timed, frozen=True, kw_only=True, tag="ended"):
    """All sandboxes are removed."""


Said: TypeAlias = (
    Serving
    | RequestBegun
    | RequestEnded
    | RequestThrottled
    | RequestFailed
    | RequestRefused
    | HttpAnswered
    | AwsAsked
    | EventPushed
    | EventRetried
    | EventSent
    | BatchRun
    | RecordsFiltered
    | RecordsDiscarded
    | SourceInterrupted
    | LogLine
    | Reloaded
    | NotReloaded
    | Notice
    | Warned
    | Failed
    | Ending
    | Ended
)
