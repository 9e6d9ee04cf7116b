"""A sandbox: runs events in a container, each to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.errors import EngineError
from samlocal.function import limits
from samlocal.sandbox.debug import wiring as debug
from samlocal.sandbox.init_phase import InitOutcome
from samlocal.sandbox.invocation import Invocation, Request, RunningInvocation
from samlocal.sandbox.journal import Log
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.lifecycle import Lifecycle
from samlocal.sandbox.messages import (
    OF_EVENT,
    Chunk,
    Exited,
    ExtensionFailed,
    Failed,
    Idle,
    InitError,
    Reason,
    Responded,
    StreamBegan,
    StreamEnded,
    Taken,
    TooLarge,
    Truncated,
)
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import (
    FunctionError,
    InitFailed,
    Result,
    Success,
    TimedOut,
    died,
    timed_out,
    too_large,
    truncated,
)
from samlocal.sandbox.session import Session
from samlocal.sandbox.state import Standing, State
from samlocal.sandbox.tmp_folder import TmpFolder

__all__ = ["Invocation", "Request", "Sandbox"]


class Sandbox:
    """Runs one event after another in one container, on one event loop with any number of others.

    Use it as a context manager; it ends with its block. ``log`` gets what the function and its extensions write, what
    Lambda itself does, and how it stands with the debugger. One that can be reloaded has folders of its own in the
    cache ``live``.
    """

    def __init__(
        self, engine: Engine, spec: SandboxSpec, *, session: Session, log: Log, live: Cache | None = None
    ) -> None:
        self._engine = engine
        self._spec = spec
        self._life = Lifecycle(engine, spec, session=session, log=log, live=live)
        self._journal = self._life.journal
        self._debugger = self._life.debugger
        self._tmp = TmpFolder(engine, spec.function)
        self._init_duration: float | None = None
        self._timeout = debug.SECONDS if spec.debugging else spec.function.timeout
        self._failed_init: InitOutcome = None
        self._settling = asyncio.Lock()

    async def __aenter__(self) -> Sandbox:
        try:
            await self._life.start(inside_invoke=False)
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
        streams: Callable[[str], None] | None = None,
    ) -> Invocation:
        """Runs one event to its end: the function's answer, and the readiness of the runtime and all extensions.

        ``chunk`` gets the parts of a streamed response as they come, in a thread of its own; ``streams``, before
        them, the content type that the runtime announces; ``answered`` the result as soon as there is one: a caller
        need not wait for the extensions. Raises EngineError when the engine or the way to it breaks; whatever the
        function does is a result. A sandbox that is ``spent`` afterwards is yet to be stopped: its extensions have a
        phase of their own for that, and what came of the event need not wait for them.
        """
        await self.settle()
        await self._life.renew()
        await self._finish_init()
        outlet = Outlet(chunk)
        try:
            return await self._invoke(request, outlet, answered, streams)
        except BaseException:
            # Whoever waited has gone, or the engine has: what the function is at is not known.
            self._life.spend(Reason.SPINDOWN)
            raise
        finally:
            outlet.close()

    async def _invoke(
        self,
        request: Request,
        outlet: Outlet[bytes],
        answered: Callable[[Result], None] | None,
        streams: Callable[[str], None] | None,
    ) -> Invocation:
        course = RunningInvocation(request, timeout=self._timeout)
        self._journal.start(course.request_id, trace_id=course.trace_id, tenant_id=course.tenant_id)
        has_failed = self._life.state in (State.CLEARED, State.ENDED)
        result = await self._init_again(course) if has_failed else None
        if result is None:
            result = await self._run(course, outlet, streams)
        if answered is not None:
            answered(result)
        await self._until_idle(course)
        init_duration, self._init_duration = self._init_duration, None
        invocation = course.conclude(
            result,
            self._journal,
            memory_size=self._spec.function.memory,
            max_memory_used=self._life.max_memory_used(),
            init_duration=init_duration,
        )
        await self._check_tmp()
        # A reader who takes their time with the stream is not waited for before the container has ended.
        if self._life.state is State.SPENT and (outlet.busy or self.ends_at_once):
            await self._life.reset()
        elif self._life.container is not None and not self.ends_at_once:
            await self._life.container.settle()
        await outlet.drain()
        outlet.check()
        if self._life.state in (State.CLEARED, State.ENDED) or not self.ends_at_once:
            # What the function wrote is in the log. Of a container that ends at once it is when that has ended.
            self._journal.end_invocation()
        return invocation

    async def reload(self, spec: SandboxSpec) -> bool:
        """Has the next events run by another spec, in the container there is; whether that could be done.

        The new code's processes begin in an empty /tmp, as in a new sandbox. Where it could not be done another
        sandbox is needed. Raises EngineError, ConfigurationError where its folders cannot be filled, and ValueError
        during an event.
        """
        if self._life.state is State.BUSY:
            raise ValueError("a sandbox is reloaded between events")
        if not await self._life.reload(spec):
            return False
        self._spec = spec
        self._tmp = TmpFolder(self._engine, spec.function)
        self._init_duration = None
        self._timeout = debug.SECONDS if spec.debugging else spec.function.timeout
        return True

    async def settle(self) -> None:
        """Ends the log of an event after which the sandbox goes on, and what runs in one that is spent.

        Where nobody says so, the next event or ``stop`` does. Whoever comes second waits for the first.
        """
        async with self._settling:
            if self._life.state is State.SPENT:
                await self._life.reset()
            elif self._journal.is_open and self._life.container is not None and self.ends_at_once:
                await self._life.container.settle()
            self._journal.end_invocation()

    async def stop(self, reason: Reason = Reason.SPINDOWN) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself.

        Extensions are told first, and have their time. A sandbox that is spent has its reason already.
        """
        await self._life.end(reason)
        self._journal.end_invocation()

    def standing(self) -> Standing:
        """Whether the next event would have the container that is there, and need not wait for another start."""
        return self._life.standing()

    @property
    def container(self) -> str | None:
        """The name of its container, where it has one."""
        return self._life.container.name if self._life.container is not None else None

    @property
    def ends_at_once(self) -> bool:
        """Whether there is nobody in the container who would have a phase of the shutdown to itself."""
        return self._life.ends_at_once

    async def close(self) -> None:
        """Ends everything that the sandbox started."""
        try:
            await self.stop()
        finally:
            await self._life.close()

    async def _check_tmp(self) -> None:
        # The function has answered: an engine that goes away now takes nothing from that.
        with contextlib.suppress(EngineError):
            full = await self._life.container.overfull_tmp(self._tmp) if self._life.container is not None else None
            if full is not None:
                self._journal.remark(full)

    # init

    async def _finish_init(self) -> None:
        """Waits for the end of the init phase. An init that fails, or takes over ten seconds, ends the sandbox."""
        container = self._life.container
        if self._life.state is not State.INIT or container is None:
            return
        seconds = limits.INIT_SECONDS if self._debugger is None else debug.SECONDS
        ended = await self._life.await_init(container, container.started + seconds)
        if not isinstance(ended, Idle):
            await self._life.reset(Reason.TIMEOUT if ended is None else Reason.FAILURE)
            self._journal.end_invocation()
            self._failed_init = ended
        elif self._debugger is None:
            self._init_duration = (ended.at - container.started) * 1000
        else:
            # Waiting for the debugger is no part of the init.
            await self._debugger.ready()
        if isinstance(ended, Idle):
            # What the init wrote stands in front of START.
            await container.settle()

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
        self._init_duration = None
        container = await self._life.start(inside_invoke=True)
        return self._init_result(course, await self._life.await_init(container, course.deadline))

    def _init_result(self, course: RunningInvocation, ended: InitOutcome) -> Result | None:
        match ended:
            case Idle():
                return None
            case InitError(payload=payload):
                self._life.spend(Reason.FAILURE)
                return InitFailed(payload=payload)
            case (Exited() | ExtensionFailed()) as failure:
                return self._failed(course, failure)
            case None:
                return self._time_up(course)

    # an event

    async def _run(
        self, course: RunningInvocation, outlet: Outlet[bytes], streams: Callable[[str], None] | None
    ) -> Result:
        """Gives the runtime the event and waits for what comes of it.

        A runtime that died before it got the event has not failed it: the next one gets it, once.
        """
        for last in (False, True):
            self._life.begin()
            event = course.event(self._spec.function.arn)
            self._life.apis.invoke(event)
            result = await self._answer(course, outlet, streams, last=last)
            if result is None:
                await self._life.reset(Reason.FAILURE)
                self._journal.end_invocation()
                result = await self._init_inside(course)
            if result is not None:
                return result
        raise AssertionError("the last answer is one")

    async def _answer(
        self, course: RunningInvocation, outlet: Outlet[bytes], streams: Callable[[str], None] | None, *, last: bool
    ) -> Result | None:
        """None when the runtime ended before it got the event, unless it is the ``last`` to be tried."""
        taken = last
        while True:
            try:
                message = await self._life.mailbox.take(course.deadline)
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
                case StreamBegan(content_type=content_type):
                    if streams is not None:
                        streams(content_type)
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
        while self._life.state is State.BUSY:
            try:
                message = await self._life.mailbox.take(course.deadline)
                course.note(message)
                match message:
                    case Idle():
                        self._life.rest()
                    case Exited() | ExtensionFailed():
                        self._life.spend(Reason.FAILURE)
            except TimeoutError:
                # Answered, but busy beyond its time: the answer stands, the sandbox does not.
                self._life.spend(Reason.TIMEOUT)

    def _failed(self, course: RunningInvocation, failure: Exited | ExtensionFailed) -> Result:
        self._life.spend(Reason.FAILURE)
        return died(course.request_id, failure)

    def _time_up(self, course: RunningInvocation) -> TimedOut:
        self._life.spend(Reason.TIMEOUT)
        return timed_out(course.request_id, self._timeout)
