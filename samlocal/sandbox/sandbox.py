"""A sandbox: one container with its Runtime API, from its start to its end."""

from __future__ import annotations

import datetime
import queue
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from samlocal.engine import Engine
from samlocal.errors import EngineError
from samlocal.function import limits
from samlocal.sandbox import debug
from samlocal.sandbox.container import Container, SandboxSpec, container_spec
from samlocal.sandbox.debug import DebuggerView
from samlocal.sandbox.messages import (
    Broken,
    Chunk,
    Event,
    Exited,
    Failed,
    InitError,
    Message,
    Ready,
    Responded,
    StreamEnded,
    TooLarge,
)
from samlocal.sandbox.network import HOST_NETWORK, blocked_error, bound_socket, is_blocked, open_route
from samlocal.sandbox.report import Report, start_line
from samlocal.sandbox.result import (
    Crashed,
    FunctionError,
    InitFailed,
    Result,
    Success,
    TimedOut,
    crashed,
    exit_text,
    outcome,
    timed_out,
    timeout_text,
    too_large,
)
from samlocal.sandbox.session import Session

if TYPE_CHECKING:
    from samlocal.sandbox.listener import LoopThread
    from samlocal.sandbox.runtime_api import RuntimeApi

# How often a sandbox that does not answer is looked at for a firewall in its way.
_FIREWALL_CHECK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An event and what comes with it. ``trace_id`` is an X-Ray header, made up where it is None."""

    payload: bytes
    client_context: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What came of one event, and its figures."""

    request_id: str
    result: Result
    report: Report


class _State(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    ENDED = auto()


class Sandbox:
    """Runs one event after another in one container. Use it as a context manager; it ends with its block.

    ``log`` gets what the function writes, line by line, from a thread of its own, and ``notice`` how it stands with
    the debugger.
    """

    def __init__(
        self,
        engine: Engine,
        spec: SandboxSpec,
        *,
        session: Session,
        log: Callable[[str], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._spec = spec
        self._session = session
        self._log = log
        self._debugger = DebuggerView(spec.debugging, log=log, notice=notice) if spec.debugging else None
        self._timeout = debug.SECONDS if spec.debugging else spec.function.timeout
        self._failed_init: InitError | Exited | None = None
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._state = _State.ENDED
        self._container: Container | None = None
        self._api: RuntimeApi | None = None
        self._init_duration: float | None = None
        self._max_memory_used: int | None = None
        self._route, self._listening = open_route(engine, spec.network)
        self._port = int(self._listening.getsockname()[1])
        self._relaying = self._open_relay()
        self._loop: LoopThread | None = None
        self._serving: threading.Thread | None = None

    def __enter__(self) -> Sandbox:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(self, request: Request, *, chunk: Callable[[bytes], None]) -> Invocation:
        """Runs one event to its end: the function's answer and the runtime's readiness for the next.

        ``chunk`` gets the parts of a streamed response as they come. Raises EngineError when the engine or the way to
        it breaks; whatever the function does is a result.
        """
        if self._state is _State.ENDED:
            self._start()
        self._finish_init()
        request_id = str(uuid.uuid4())
        self._log(start_line(request_id))
        began = time.monotonic()
        deadline = began + self._timeout
        result = self._init_again(request_id, deadline) if self._state is _State.ENDED else None
        if result is None:
            self._hand_over(request, request_id, deadline)
            result = self._answer(request_id, deadline, chunk)
        result = self._until_idle(result, deadline)
        duration = min(time.monotonic() - began, float(self._timeout)) * 1000
        return Invocation(request_id=request_id, result=result, report=self._report(request_id, result, duration))

    def stop(self) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself."""
        container, self._container = self._container, None
        self._become(_State.ENDED)
        if container is not None:
            self._max_memory_used = container.max_memory_used()
            container.end()

    def close(self) -> None:
        """Ends everything that the sandbox started."""
        try:
            self.stop()
        finally:
            if self._serving is not None:
                self._serving.join()
            if self._loop is not None:
                self._loop.close()
            self._listening.close()
            if self._relaying is not None:
                self._relaying.close()

    # the container

    def _start(self) -> None:
        """Starts the container, the first or the next one of this sandbox."""
        messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._messages = messages
        self._become(_State.INIT)
        self._init_duration = None
        own = {"AWS_LAMBDA_RUNTIME_API": f"{self._route.seen_as}:{self._port}"} | self._endpoint_variable()
        spec = container_spec(
            self._spec,
            name=self._session.next_name(),
            labels=self._session.labels,
            route=self._route,
            variables=dict(self._spec.variables) | own,
        )
        if self._spec.debugging is not None:
            self._spec.debugging.await_port()
        self._container = Container(self._engine, spec.name)
        self._container.create(spec, log=self._debugger.line if self._debugger else self._log, tell=messages.put)
        if self._loop is None:
            # The servers' imports take as long as the container's start; they run beside it.
            self._serving = threading.Thread(target=self._serve, name="samlocal-serve", daemon=True)
            self._serving.start()
        elif self._api is not None:
            self._loop.call(self._api.restart)
        self._container.start()

    def _become(self, state: _State) -> None:
        self._state = state

    # the way to samlocal

    def _serve(self) -> None:
        """Serves the Runtime API, and the relay where there is one, on a loop of their own."""
        try:
            from samlocal.sandbox.listener import LoopThread, serve
            from samlocal.sandbox.relay import relay
            from samlocal.sandbox.runtime_api import RuntimeApi

            self._loop = LoopThread("samlocal-apis")
            self._api = RuntimeApi(self._tell)
            self._loop.run(serve(self._listening, self._api.app, self._broken), self._broken)
            if self._relaying is not None and self._spec.endpoint is not None:
                self._loop.run(relay(self._relaying, self._spec.endpoint), self._broken)
        except BaseException as error:
            self._broken(error)

    def _tell(self, message: Message) -> None:
        self._messages.put(message)

    def _broken(self, error: BaseException) -> None:
        self._messages.put(Broken(error=error))

    def _open_relay(self) -> socket.socket | None:
        """A socket beside the Runtime API's for an endpoint that only this machine can reach."""
        endpoint = self._spec.endpoint
        if endpoint is None or not endpoint.on_loopback or self._route.network == HOST_NETWORK:
            return None
        return bound_socket(self._route.host)

    def _endpoint_variable(self) -> dict[str, str]:
        endpoint = self._spec.endpoint
        if endpoint is None:
            return {}
        if self._relaying is None:
            return {"AWS_ENDPOINT_URL": endpoint.url}
        return {"AWS_ENDPOINT_URL": endpoint.at(self._route.seen_as, int(self._relaying.getsockname()[1]))}

    # init

    def _finish_init(self) -> None:
        """Waits for the runtime's first poll. An init that fails, or takes over ten seconds, ends the sandbox."""
        container = self._container
        if self._state is not _State.INIT or container is None:
            return
        seconds = limits.INIT_SECONDS if self._debugger is None else debug.SECONDS
        outcome = self._await_ready(container.started + seconds)
        if not isinstance(outcome, Ready):
            self.stop()
            self._failed_init = outcome
        elif self._debugger is None:
            self._init_duration = (time.monotonic() - container.started) * 1000
        else:
            # Waiting for the debugger is no part of the init.
            self._debugger.ready()

    def _await_ready(self, deadline: float) -> Ready | InitError | Exited | None:
        """How the init phase ended, None when time is up."""
        failed: InitError | None = None
        while True:
            try:
                message = self._next_message(min(deadline, time.monotonic() + _FIREWALL_CHECK_SECONDS))
            except TimeoutError:
                self._check_way()
                if time.monotonic() >= deadline:
                    return failed
                continue
            match message:
                case Ready():
                    self._become(_State.IDLE)
                    return message
                case InitError():
                    failed = message
                case Exited():
                    self._become(_State.ENDED)
                    return failed or message
                case _:
                    # Answers to no event: the Runtime API has refused them.
                    continue

    def _init_again(self, request_id: str, deadline: float) -> Result | None:
        """Runs a failed init once more inside the invocation, as Lambda does; its result when it fails again.

        Lambda developer guide, "Lambda execution environment lifecycle": failures during the Init phase.
        """
        outcome: Ready | InitError | Exited | None = self._failed_init
        if self._debugger is None:
            self._start()
            outcome = self._await_ready(deadline)
        # Whoever debugs has seen it fail, and would have to attach once more.
        match outcome:
            case Ready():
                return None
            case InitError(payload=payload):
                return InitFailed(payload=payload)
            case Exited(status=status, out_of_memory=out_of_memory):
                return self._crashed(request_id, status, out_of_memory=out_of_memory)
            case None:
                return self._time_up(request_id)

    def _check_way(self) -> None:
        container = self._container
        if container is not None and container.pid and is_blocked(container.pid, self._port):
            raise blocked_error(self._route, self._port)

    # an event

    def _hand_over(self, request: Request, request_id: str, deadline: float) -> None:
        left = deadline - time.monotonic()
        event = Event(
            request_id=request_id,
            payload=request.payload,
            deadline_ms=int((time.time() + left) * 1000),
            function_arn=self._spec.function.arn,
            trace_id=request.trace_id or _trace_id(),
            client_context=request.client_context,
        )
        self._become(_State.BUSY)
        # Ready came from the loop, so it is there.
        assert self._api is not None  # noqa: S101
        assert self._loop is not None  # noqa: S101
        self._loop.call(self._api.offer, event)

    def _answer(self, request_id: str, deadline: float, chunk: Callable[[bytes], None]) -> Result:
        while True:
            try:
                message = self._next_message(deadline)
            except TimeoutError:
                return self._time_up(request_id)
            match message:
                case Responded(payload=payload):
                    return Success(payload=payload)
                case Failed(payload=payload):
                    return FunctionError(payload=payload)
                case TooLarge():
                    return too_large()
                case Chunk(data=data):
                    chunk(data)
                case StreamEnded(error=None):
                    return Success(payload=b"", streamed=True)
                case StreamEnded(error=bytes() as error):
                    return FunctionError(payload=error)
                case Exited(status=status, out_of_memory=out_of_memory):
                    self._become(_State.ENDED)
                    return self._crashed(request_id, status, out_of_memory=out_of_memory)
                case _:
                    continue

    def _until_idle(self, result: Result, deadline: float) -> Result:
        """Waits until the runtime asks for the next event: the invocation ends then, not with its answer."""
        while self._state is _State.BUSY:
            try:
                match self._next_message(deadline):
                    case Ready():
                        self._become(_State.IDLE)
                    case Exited():
                        self._become(_State.ENDED)
            except TimeoutError:
                # Answered, but busy beyond its time: the answer stands, the sandbox does not.
                self.stop()
        return result

    def _crashed(self, request_id: str, status: int, *, out_of_memory: bool) -> Crashed:
        self._log(f"RequestId: {request_id} Error: {exit_text(status, out_of_memory=out_of_memory)}")
        return crashed(request_id, status, out_of_memory=out_of_memory)

    def _time_up(self, request_id: str) -> TimedOut:
        timeout = self._timeout
        now = datetime.datetime.now(datetime.UTC)
        self.stop()
        self._log(f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z {request_id} {timeout_text(timeout)}")
        return timed_out(request_id, timeout)

    def _next_message(self, deadline: float) -> Message:
        """Raises TimeoutError at the deadline, and whatever broke samlocal's own side."""
        try:
            message = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(message, Broken):
            if isinstance(message.error, EngineError):
                raise message.error
            raise EngineError(f"The sandbox broke: {message.error!r}.") from message.error
        return message

    def _report(self, request_id: str, result: Result, duration: float) -> Report:
        status, error_type = outcome(result)
        init_duration, self._init_duration = self._init_duration, None
        if self._container is not None:
            self._max_memory_used = self._container.max_memory_used()
        return Report(
            request_id=request_id,
            duration=duration,
            memory_size=self._spec.function.memory,
            max_memory_used=self._max_memory_used,
            init_duration=init_duration,
            status=status,
            error_type=error_type,
        )


def _trace_id() -> str:
    """An X-Ray header for an event that nobody traces (X-Ray developer guide, "Tracing header")."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"
