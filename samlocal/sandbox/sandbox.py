"""A sandbox: one container with the APIs it is served, from its start to its end."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import assert_never

from samlocal.engine import Engine
from samlocal.errors import EngineError
from samlocal.function import limits
from samlocal.sandbox.apis.apis import Apis, Services, host_of_container
from samlocal.sandbox.apis.outlet import Outlet
from samlocal.sandbox.container import Container
from samlocal.sandbox.debug import wiring as debug
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.init_phase import InitOutcome, await_init
from samlocal.sandbox.invocation import Invocation, Request, RunningInvocation
from samlocal.sandbox.journal import Journal, Record, SandboxIdentity
from samlocal.sandbox.layout import USER, SandboxSpec, container_spec
from samlocal.sandbox.mailbox import Mailbox
from samlocal.sandbox.messages import (
    OF_EVENT,
    Broken,
    Chunk,
    Exited,
    ExtensionFailed,
    Failed,
    Idle,
    InitError,
    Reason,
    Responded,
    StreamEnded,
    Taken,
    TooLarge,
    Truncated,
)
from samlocal.sandbox.network.route import Whereabouts, blocked_error, is_blocked, open_route
from samlocal.sandbox.result import (
    FunctionError,
    InitFailed,
    Result,
    Success,
    TimedOut,
    crashed,
    extension_failed,
    timed_out,
    too_large,
    truncated,
)
from samlocal.sandbox.session import Session
from samlocal.sandbox.shutdown import shut_down
from samlocal.sandbox.supervision import ExtensionExited, ExtensionLine, Launching, NotLaunched, Word
from samlocal.sandbox.tmp_folder import TmpFolder

__all__ = ["Invocation", "Request", "Sandbox"]


class _State(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    SPENT = auto()
    ENDED = auto()


class Sandbox:
    """Runs one event after another in one container. Use it as a context manager; it ends with its block.

    ``log`` gets what the function and its extensions write, and what Lambda itself does, from threads of its own, and
    ``notice`` how it stands with the debugger, and what would be otherwise on Lambda.
    """

    def __init__(
        self,
        engine: Engine,
        spec: SandboxSpec,
        *,
        session: Session,
        log: Callable[[Record], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._spec = spec
        self._session = session
        self._notice = notice
        self._tmp = TmpFolder(engine, spec.function)
        self._mailbox = Mailbox()
        self._state = _State.ENDED
        # Why a sandbox that is spent goes down.
        self._reason = Reason.SPINDOWN
        self._container: Container | None = None
        self._init_duration: float | None = None
        self._max_memory_used: int | None = None
        self._route, listening = open_route(engine, spec.network)
        self._apis = Apis(
            self._route,
            listening,
            endpoint=spec.endpoint,
            tell=self._mailbox.put,
            broken=self._broken,
            notice=notice,
        )
        self._journal = Journal(_subject(spec), _unbroken(log), telemetry=self._apis.telemetry)
        self._debugger = (
            DebuggerView(spec.debugging, log=self._journal.function_line, notice=notice) if spec.debugging else None
        )
        self._timeout = debug.SECONDS if spec.debugging else spec.function.timeout
        self._failed_init: InitOutcome = None

    def __enter__(self) -> Sandbox:
        try:
            self._start(inside_invoke=False)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
    ) -> Invocation:
        """Runs one event to its end: the function's answer, and the readiness of the runtime and all extensions.

        ``chunk`` gets the parts of a streamed response as they come, ``answered`` the result as soon as there is one:
        a caller need not wait for the extensions. Raises EngineError when the engine or the way to it breaks;
        whatever the function does is a result. A sandbox that is ``spent`` afterwards is yet to be stopped: its
        extensions have a phase of their own for that, and what came of the event need not wait for them.
        """
        self._renew()
        self._finish_init()
        outlet = Outlet(chunk)
        course = RunningInvocation(request, timeout=self._timeout)
        self._journal.start(course.request_id, trace_id=course.trace_id, tenant_id=course.tenant_id)
        result = self._init_again(course) if self._state is _State.ENDED else None
        if result is None:
            result = self._run(course, outlet)
        if answered is not None:
            answered(result)
        self._until_idle(course)
        init_duration, self._init_duration = self._init_duration, None
        invocation = course.conclude(
            result,
            self._journal,
            memory_size=self._spec.function.memory,
            max_memory_used=self._read_memory(),
            init_duration=init_duration,
        )
        self._check_tmp()
        # A reader who takes their time with the stream is not waited for before the container has ended.
        if self._state is _State.SPENT and (outlet.busy or not self._apis.grace):
            self._end()
        elif self._container is not None and self._apis.grace:
            self._container.settle()
        outlet.close()
        if self._container is None or self._apis.grace:
            # What the function wrote is in the log. Of a container that ends at once it is when that has ended.
            self._journal.end_invocation()
        return invocation

    def stop(self, reason: Reason = Reason.SPINDOWN) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself.

        Extensions are told first, and have their time. A sandbox that is spent has its reason already.
        """
        self._end(reason)
        self._journal.end_invocation()

    def _end(self, reason: Reason = Reason.SPINDOWN) -> None:
        if self._state is _State.SPENT:
            reason = self._reason
        self._read_memory()
        container, self._container = self._container, None
        self._become(_State.ENDED)
        if container is not None:
            try:
                shut_down(container, self._apis, self._mailbox, reason=reason)
            finally:
                container.end()
                self._apis.post(lambda served: served.disown())

    @property
    def ends_at_once(self) -> bool:
        """Whether there is nobody in the container who would have a phase of the shutdown to itself."""
        return not self._apis.grace

    def close(self) -> None:
        """Ends everything that the sandbox started."""
        try:
            self.stop()
        finally:
            self._apis.close()

    # the container

    def _start(self, *, inside_invoke: bool) -> Container:
        """Starts the container, the first or the next one of this sandbox."""
        mailbox = self._mailbox = Mailbox()
        self._become(_State.INIT)
        self._init_duration = None
        mark = uuid.uuid4().hex if self._spec.may_have_extensions else None
        spec = container_spec(
            self._spec,
            name=self._session.next_name(),
            labels=self._session.labels,
            route=self._route,
            variables=dict(self._spec.variables) | self._apis.variables,
            mark=mark,
        )
        if self._spec.debugging is not None:
            self._spec.debugging.await_port()
        container = self._container = Container(self._engine, spec.name)
        log = self._debugger.line if self._debugger else self._journal.function_line
        container.create(spec, mark=mark, log=log, tell=mailbox.put, hear=self._hear)
        start_runtime = container.start_runtime
        self._apis.telemetry.restart()
        self._apis.post(lambda served: served.restart(start_runtime, mailbox.put))
        self._apis.begin(self._journal)
        self._journal.init_start(inside_invoke=inside_invoke)
        container.start()
        self._apis.container_host = host_of_container(self._route, container.address)
        whereabouts = Whereabouts(address=container.address, process=container.pid, user=int(USER.partition(":")[0]))
        self._apis.post(lambda served: served.started(whereabouts))
        return container

    def _read_memory(self) -> int | None:
        """MB, as long as they can be read."""
        if self._container is not None:
            self._max_memory_used = self._container.max_memory_used()
        return self._max_memory_used

    def _check_tmp(self) -> None:
        # The function has answered: an engine that goes away now takes nothing from that.
        with contextlib.suppress(EngineError):
            full = self._container.overfull_tmp(self._tmp) if self._container is not None else None
            if full is not None:
                self._notice(full)

    def _become(self, state: _State) -> None:
        self._state = state

    def _spend(self, reason: Reason) -> None:
        """The container is of no more use; it is shut down when the invocation is over."""
        self._reason = reason
        self._become(_State.SPENT)

    def _broken(self, error: BaseException) -> None:
        self._mailbox.put(Broken(error=error))

    def _hear(self, word: Word) -> None:
        """What the shell says of the extensions."""
        match word:
            case ExtensionLine(line=line):
                self._journal.extension_line(line)
            case Launching(names=names):
                self._apis.post(lambda served: served.extensions.launching(names))
            case NotLaunched(name=name, cause=cause):
                self._apis.post(lambda served: served.extensions.not_launched(name, cause))
            case ExtensionExited(name=name, status=status):
                self._apis.post(lambda served: served.extensions.exited(name, status))
            case _:
                # The container has kept the runtime's to itself.
                return

    # init

    def _renew(self) -> None:
        """Starts the container that the next event needs: the one before is spent, or died while it waited."""
        if self._state is _State.IDLE and self._died():
            self._spend(Reason.FAILURE)
        if self._state is _State.SPENT:
            self.stop()
        if self._state is _State.ENDED:
            self._start(inside_invoke=False)

    def _died(self) -> bool:
        """Whether the runtime, or an extension, has ended since the last event."""
        while True:
            try:
                message = self._mailbox.take(0)
            except TimeoutError:
                return False
            if isinstance(message, Exited | ExtensionFailed):
                return True

    def _finish_init(self) -> None:
        """Waits for the end of the init phase. An init that fails, or takes over ten seconds, ends the sandbox."""
        container = self._container
        if self._state is not _State.INIT or container is None:
            return
        seconds = limits.INIT_SECONDS if self._debugger is None else debug.SECONDS
        ended = self._await_init(container, container.started + seconds)
        if not isinstance(ended, Idle):
            self.stop(Reason.TIMEOUT if ended is None else Reason.FAILURE)
            self._failed_init = ended
        elif self._debugger is None:
            self._init_duration = (ended.at - container.started) * 1000
        else:
            # Waiting for the debugger is no part of the init.
            self._debugger.ready()
        if isinstance(ended, Idle):
            # What the init wrote stands in front of START.
            container.settle()

    def _await_init(self, container: Container, deadline: float) -> InitOutcome:
        ended = await_init(
            self._mailbox, self._journal, began=container.started, deadline=deadline, check_way=self._check_way
        )
        if isinstance(ended, Idle):
            self._become(_State.IDLE)
        else:
            self._apis.post(lambda served: served.extensions.end_init())
        return ended

    def _init_again(self, course: RunningInvocation) -> Result | None:
        """Runs a failed init once more inside the invocation, as Lambda does; its result when it fails again.

        Lambda developer guide, "Lambda execution environment lifecycle": failures during the Init phase.
        """
        if self._debugger is None:
            return self._init_inside(course)
        # Whoever debugs has seen it fail, and would have to attach once more.
        return self._init_result(course, self._failed_init)

    def _init_inside(self, course: RunningInvocation) -> Result | None:
        """Runs an init inside the invocation; what comes of that where it fails."""
        return self._init_result(course, self._await_init(self._start(inside_invoke=True), course.deadline))

    def _init_result(self, course: RunningInvocation, ended: InitOutcome) -> Result | None:
        match ended:
            case Idle():
                return None
            case InitError(payload=payload):
                self._spend(Reason.FAILURE)
                return InitFailed(payload=payload)
            case (Exited() | ExtensionFailed()) as failure:
                return self._failed(course, failure)
            case None:
                return self._time_up(course)

    def _check_way(self) -> None:
        container = self._container
        if container is not None and container.pid and is_blocked(container.pid, self._apis.port):
            raise blocked_error(self._route, self._apis.port)

    # an event

    def _run(self, course: RunningInvocation, outlet: Outlet) -> Result:
        """Gives the runtime the event and waits for what comes of it.

        A runtime that died before it got the event has not failed it: the next one gets it, once.
        """
        for last in (False, True):
            self._become(_State.BUSY)
            event = course.event(self._spec.function.arn)
            self._apis.post(partial(Services.invoke, event=event))
            result = self._answer(course, outlet, last=last)
            if result is None:
                self._spend(Reason.FAILURE)
                self.stop()
                result = self._init_inside(course)
            if result is not None:
                return result
        raise AssertionError("the last answer is one")

    def _answer(self, course: RunningInvocation, outlet: Outlet, *, last: bool) -> Result | None:
        """None when the runtime ended before it got the event, unless it is the ``last`` to be tried."""
        taken = last
        while True:
            try:
                message = self._mailbox.take(course.deadline)
            except TimeoutError:
                return self._time_up(course)
            if isinstance(message, OF_EVENT) and message.request_id != course.request_id:
                continue
            course.note(message)
            match message:
                case Taken():
                    taken = True
                case Responded(payload=payload):
                    return Success(payload=payload)
                case Failed(payload=payload):
                    return FunctionError(payload=payload)
                case TooLarge():
                    return too_large()
                case Truncated():
                    return truncated(course.request_id)
                case Chunk(data=data):
                    outlet.put(data)
                case StreamEnded(error=error):
                    return Success(payload=b"", streamed=True) if error is None else FunctionError(payload=error)
                case Exited() | ExtensionFailed():
                    return self._failed(course, message) if taken else None
                case _:
                    continue

    def _until_idle(self, course: RunningInvocation) -> None:
        """Waits until the runtime and all extensions ask for the next event: the invocation ends then, not with its
        answer."""
        while self._state is _State.BUSY:
            try:
                message = self._mailbox.take(course.deadline)
                course.note(message)
                match message:
                    case Idle():
                        self._become(_State.IDLE)
                    case Exited() | ExtensionFailed():
                        self._spend(Reason.FAILURE)
            except TimeoutError:
                # Answered, but busy beyond its time: the answer stands, the sandbox does not.
                self._spend(Reason.TIMEOUT)

    def _failed(self, course: RunningInvocation, failure: Exited | ExtensionFailed) -> Result:
        self._spend(Reason.FAILURE)
        match failure:
            case Exited(status=status, out_of_memory=out_of_memory):
                result = crashed(course.request_id, status, out_of_memory=out_of_memory)
            case ExtensionFailed(error_type=error_type, cause=cause):
                result = extension_failed(course.request_id, error_type, cause)
            case _:
                assert_never(failure)
        return result

    def _time_up(self, course: RunningInvocation) -> TimedOut:
        self._spend(Reason.TIMEOUT)
        return timed_out(course.request_id, self._timeout)


def _subject(spec: SandboxSpec) -> SandboxIdentity:
    function = spec.function
    return SandboxIdentity(
        function_name=function.function_name,
        handler=function.handler or "",
        account=function.place.account,
        instance=spec.variables.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        memory=function.memory,
        logging=function.logging,
    )


def _unbroken(log: Callable[[Record], None]) -> Callable[[Record], None]:
    """A log whose reader may go away: what nobody reads any more is no reason for the function to fail."""
    gone = False

    def write(record: Record) -> None:
        nonlocal gone
        if not gone:
            try:
                log(record)
            except (OSError, ValueError):
                # A stream that is closed is a ValueError.
                gone = True

    return write
