"""A sandbox: one container with the APIs it is served, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from samlocal.engine import Engine
from samlocal.errors import EngineError
from samlocal.function import limits
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.container import Container
from samlocal.sandbox.debug import wiring as debug
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.init_phase import InitOutcome, await_init
from samlocal.sandbox.invocation import Invocation, Request, RunningInvocation
from samlocal.sandbox.journal import Journal, Log, SandboxIdentity
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
from samlocal.sandbox.network.route import Whereabouts, blocked_error, is_blocked
from samlocal.sandbox.network.sockets import Sockets
from samlocal.sandbox.outlet import Outlet
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
from samlocal.sandbox.supervision import ExtensionLine, Word
from samlocal.sandbox.tmp_folder import TmpFolder

if TYPE_CHECKING:
    from samlocal.sandbox.apis.apis import Apis

__all__ = ["Invocation", "Request", "Sandbox"]


class _State(Enum):
    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    SPENT = auto()
    ENDED = auto()


class Sandbox:
    """Runs one event after another in one container, on one event loop with any number of others.

    Use it as a context manager; it ends with its block. ``log`` gets what the function and its extensions write, what
    Lambda itself does, and how it stands with the debugger.
    """

    def __init__(self, engine: Engine, spec: SandboxSpec, *, session: Session, log: Log) -> None:
        self._engine = engine
        self._spec = spec
        self._session = session
        self._log = log
        self._tmp = TmpFolder(engine, spec.function)
        self._mailbox = Mailbox()
        self._state = _State.ENDED
        # Why a sandbox that is spent goes down.
        self._reason = Reason.SPINDOWN
        self._container: Container | None = None
        self._init_duration: float | None = None
        self._max_memory_used: int | None = None
        self._sockets: Sockets | None = None
        self._apis: Apis | None = None
        self._telemetry = Telemetry()
        self._journal = Journal(_subject(spec), log, telemetry=self._telemetry)
        self._debugger = (
            DebuggerView(spec.debugging, log=self._journal.function_line, notice=self._journal.remark)
            if spec.debugging
            else None
        )
        self._timeout = debug.SECONDS if spec.debugging else spec.function.timeout
        self._failed_init: InitOutcome = None

    async def __aenter__(self) -> Sandbox:
        try:
            await self._start(inside_invoke=False)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
    ) -> Invocation:
        """Runs one event to its end: the function's answer, and the readiness of the runtime and all extensions.

        ``chunk`` gets the parts of a streamed response as they come, in a thread of its own; ``answered`` the result
        as soon as there is one: a caller need not wait for the extensions. Raises EngineError when the engine or the
        way to it breaks; whatever the function does is a result. A sandbox that is ``spent`` afterwards is yet to be
        stopped: its extensions have a phase of their own for that, and what came of the event need not wait for them.
        """
        await self._renew()
        await self._finish_init()
        outlet = Outlet(chunk)
        try:
            return await self._invoke(request, outlet, answered)
        finally:
            outlet.close()

    async def _invoke(
        self, request: Request, outlet: Outlet[bytes], answered: Callable[[Result], None] | None
    ) -> Invocation:
        course = RunningInvocation(request, timeout=self._timeout)
        self._journal.start(course.request_id, trace_id=course.trace_id, tenant_id=course.tenant_id)
        result = await self._init_again(course) if self._state is _State.ENDED else None
        if result is None:
            result = await self._run(course, outlet)
        if answered is not None:
            answered(result)
        await self._until_idle(course)
        init_duration, self._init_duration = self._init_duration, None
        invocation = course.conclude(
            result,
            self._journal,
            memory_size=self._spec.function.memory,
            max_memory_used=self._read_memory(),
            init_duration=init_duration,
        )
        await self._check_tmp()
        # A reader who takes their time with the stream is not waited for before the container has ended.
        if self._state is _State.SPENT and (outlet.busy or self.ends_at_once):
            await self._end()
        elif self._container is not None and not self.ends_at_once:
            await self._container.settle()
        await outlet.drain()
        outlet.check()
        if self._container is None or not self.ends_at_once:
            # What the function wrote is in the log. Of a container that ends at once it is when that has ended.
            self._journal.end_invocation()
        return invocation

    async def stop(self, reason: Reason = Reason.SPINDOWN) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself.

        Extensions are told first, and have their time. A sandbox that is spent has its reason already.
        """
        await self._end(reason)
        self._journal.end_invocation()

    async def _end(self, reason: Reason = Reason.SPINDOWN) -> None:
        if self._state is _State.SPENT:
            reason = self._reason
        self._read_memory()
        container, self._container = self._container, None
        self._become(_State.ENDED)
        if container is None:
            return
        try:
            if self._apis is not None:
                await shut_down(container, self._apis, self._mailbox, reason=reason)
        finally:
            try:
                await container.end()
            finally:
                if self._apis is not None:
                    self._apis.disown()

    @property
    def ends_at_once(self) -> bool:
        """Whether there is nobody in the container who would have a phase of the shutdown to itself."""
        return self._apis is None or not self._apis.grace

    async def close(self) -> None:
        """Ends everything that the sandbox started."""
        try:
            await self.stop()
        finally:
            if self._apis is not None:
                await self._apis.close()
            if self._sockets is not None:
                self._sockets.close()

    # the container

    async def _start(self, *, inside_invoke: bool) -> Container:
        """Starts the container, the first or the next one of this sandbox."""
        mailbox = self._mailbox = Mailbox()
        self._become(_State.INIT)
        self._init_duration = None
        if self._sockets is None:
            spec = self._spec
            self._sockets = await self._engine.ask(Sockets.open, self._engine, spec.network, spec.endpoint)
        sockets = self._sockets
        mark = uuid.uuid4().hex if self._spec.may_have_extensions else None
        spec_of_container = container_spec(
            self._spec,
            name=self._session.next_name(),
            labels=self._session.labels,
            route=sockets.route,
            variables=dict(self._spec.variables) | sockets.variables,
            mark=mark,
        )
        if self._spec.debugging is not None:
            await self._spec.debugging.await_port()
        container = self._container = Container(self._engine, spec_of_container.name, tell=mailbox.put)
        log = self._debugger.line if self._debugger else self._journal.function_line
        await container.create(spec_of_container, mark=mark, log=log, room=self._log.room, hear=self._hear)
        self._telemetry.restart()
        self._journal.init_start(inside_invoke=inside_invoke)
        starting = asyncio.ensure_future(container.start())
        try:
            # The engine has been asked when this goes on; what is imported for the APIs takes no time of its own.
            await asyncio.sleep(0)
            if self._apis is None:
                self._apis = self._serve(sockets)
            self._apis.restart(container.start_runtime, mailbox.put)
        finally:
            await starting
        self._apis.started(
            Whereabouts(address=container.address, process=container.pid, user=int(USER.partition(":")[0]))
        )
        return container

    @property
    def _served(self) -> Apis:
        """Raises EngineError."""
        if self._apis is None:
            raise EngineError("The sandbox has not been started.")
        return self._apis

    def _serve(self, sockets: Sockets) -> Apis:
        from samlocal.sandbox.apis.apis import Apis

        return Apis(sockets, journal=self._journal, telemetry=self._telemetry)

    def _read_memory(self) -> int | None:
        """MB, as long as they can be read."""
        if self._container is not None:
            self._max_memory_used = self._container.max_memory_used()
        return self._max_memory_used

    async def _check_tmp(self) -> None:
        # The function has answered: an engine that goes away now takes nothing from that.
        with contextlib.suppress(EngineError):
            full = await self._container.overfull_tmp(self._tmp) if self._container is not None else None
            if full is not None:
                self._journal.remark(full)

    def _become(self, state: _State) -> None:
        self._state = state

    def _spend(self, reason: Reason) -> None:
        """The container is of no more use; it is shut down when the invocation is over."""
        self._reason = reason
        self._become(_State.SPENT)

    def _hear(self, word: Word) -> None:
        """What the shell says of the extensions."""
        if isinstance(word, ExtensionLine):
            self._journal.extension_line(word.line)
        elif self._apis is not None:
            self._apis.extensions.hear(word)

    # init

    async def _renew(self) -> None:
        """Starts the container that the next event needs: the one before is spent, or died while it waited."""
        if self._state is _State.IDLE and any(
            isinstance(message, Exited | ExtensionFailed | Broken) for message in self._mailbox.take_all()
        ):
            self._spend(Reason.FAILURE)
        if self._state is _State.SPENT:
            await self.stop()
        if self._state is _State.ENDED:
            await self._start(inside_invoke=False)

    async def _finish_init(self) -> None:
        """Waits for the end of the init phase. An init that fails, or takes over ten seconds, ends the sandbox."""
        container = self._container
        if self._state is not _State.INIT or container is None:
            return
        seconds = limits.INIT_SECONDS if self._debugger is None else debug.SECONDS
        ended = await self._await_init(container, container.started + seconds)
        if not isinstance(ended, Idle):
            await self.stop(Reason.TIMEOUT if ended is None else Reason.FAILURE)
            self._failed_init = ended
        elif self._debugger is None:
            self._init_duration = (ended.at - container.started) * 1000
        else:
            # Waiting for the debugger is no part of the init.
            await self._debugger.ready()
        if isinstance(ended, Idle):
            # What the init wrote stands in front of START.
            await container.settle()

    async def _await_init(self, container: Container, deadline: float) -> InitOutcome:
        ended = await await_init(
            self._mailbox, self._journal, began=container.started, deadline=deadline, check_way=self._check_way
        )
        if isinstance(ended, Idle):
            self._become(_State.IDLE)
        else:
            self._served.extensions.end_init()
        return ended

    async def _init_again(self, course: RunningInvocation) -> Result | None:
        """Runs a failed init once more inside the invocation, as Lambda does; its result when it fails again.

        Lambda developer guide, "Lambda execution environment lifecycle": failures during the Init phase.
        """
        if self._debugger is None:
            return await self._init_inside(course)
        # Whoever debugs has seen it fail, and would have to attach once more.
        return self._init_result(course, self._failed_init)

    async def _init_inside(self, course: RunningInvocation) -> Result | None:
        """Runs an init inside the invocation; what comes of that where it fails."""
        container = await self._start(inside_invoke=True)
        return self._init_result(course, await self._await_init(container, course.deadline))

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
        sockets = self._sockets
        if container is not None and sockets is not None and is_blocked(container.pid, sockets.port):
            raise blocked_error(sockets.route, sockets.port)

    # an event

    async def _run(self, course: RunningInvocation, outlet: Outlet[bytes]) -> Result:
        """Gives the runtime the event and waits for what comes of it.

        A runtime that died before it got the event has not failed it: the next one gets it, once.
        """
        for last in (False, True):
            self._become(_State.BUSY)
            event = course.event(self._spec.function.arn)
            self._served.invoke(event)
            result = await self._answer(course, outlet, last=last)
            if result is None:
                self._spend(Reason.FAILURE)
                await self.stop()
                result = await self._init_inside(course)
            if result is not None:
                return result
        raise AssertionError("the last answer is one")

    async def _answer(self, course: RunningInvocation, outlet: Outlet[bytes], *, last: bool) -> Result | None:
        """None when the runtime ended before it got the event, unless it is the ``last`` to be tried."""
        taken = last
        while True:
            try:
                message = await self._mailbox.take(course.deadline)
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
                    outlet.check()
                    outlet.put(data)
                case StreamEnded(error=error):
                    return Success(payload=b"", streamed=True) if error is None else FunctionError(payload=error)
                case Exited() | ExtensionFailed():
                    return self._failed(course, message) if taken else None
                case _:
                    continue

    async def _until_idle(self, course: RunningInvocation) -> None:
        """Waits until the runtime and all extensions ask for the next event: the invocation ends then, not with its
        answer."""
        while self._state is _State.BUSY:
            try:
                message = await self._mailbox.take(course.deadline)
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
