"""A pool whose sandboxes, plans and clock do what a test says, and nothing before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from samlocal.artifact.image.runtime_image import Image
from samlocal.deployed.place import Place
from samlocal.errors import EngineError, TemplateError
from samlocal.function.logging_config import LoggingConfig
from samlocal.function.package import InlineCode
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import LOG_STREAM
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import Plan
from samlocal.pool.pool import Pool
from samlocal.pool.pooled import State
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.debug.wiring import Debugging
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Result, Success
from samlocal.sandbox.state import Standing
from samlocal.template.values import Unknown

NO_ROLE = Unknown(expression="Role", reason="there is none", tip="Name one.")


DEBUGGING = Debugging(port=1, entrance=2, wait=True, clients="any", variables={}, listening=re.compile("listens"))


def plan_of(
    name: str,
    *,
    expires: float | None = None,
    variables: dict[str, str] | None = None,
    debugging: Debugging | None = None,
    **more: Any,
) -> Plan:
    function = FunctionSpec(
        logical_id=name,
        function_name=name,
        place=Place(region="eu-west-1", account="123456789012"),
        runtime="python3.11",
        handler="app.handler",
        architecture="x86_64",
        timeout=3,
        memory=128,
        storage=512,
        code=InlineCode(source=""),
        layers=(),
        variables=(),
        role=NO_ROLE,
        logging=LoggingConfig(group=f"/aws/lambda/{name}"),
        location="template.yaml:1",
        timeout_at="template.yaml:1",
        memory_at="template.yaml:1",
    )
    spec = SandboxSpec(
        function=replace(function, **more),
        image=Image(name="image", platform=None),
        code=None,
        opt=None,
        variables=variables or {},
        network="bridge",
        extra_hosts={},
        expires=expires,
        debugging=debugging,
    )
    return Plan(spec=spec)


class Moved:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._timers: list[_Timer] = []

    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return 1_800_000_000 + self.seconds

    def call_later(self, seconds: float, call: Callable[[], object]) -> _Timer:
        self._timers.append(_Timer(self.seconds + seconds, call))
        return self._timers[-1]

    def move(self, seconds: float) -> None:
        self.seconds += seconds
        due = [timer for timer in self._timers if timer.due <= self.seconds]
        self._timers = [timer for timer in self._timers if timer not in due and not timer.cancelled]
        for timer in due:
            if not timer.cancelled:
                timer.call()


class _Timer:
    def __init__(self, due: float, call: Callable[[], object]) -> None:
        self.due = due
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Fake:
    """A sandbox that starts, answers, fails and dies when it is told to."""

    def __init__(self, spec: SandboxSpec, world: World) -> None:
        self.spec = spec
        self.function = spec.function.logical_id
        self.served: list[bytes] = []
        self.event: bytes | None = None
        self.ended = False
        self.dead = False
        self.holds_out = False
        self.settled = 0
        self.reloads = 0
        self._spoilt = False
        self._world = world
        self._step: asyncio.Future[None] | None = None
        self._reload: asyncio.Future[bool] | None = None
        self._open = False

    @property
    def starting(self) -> bool:
        return not self._open and not self.ended and self._step is not None and not self._step.done()

    def go_on(self, error: Exception | None = None) -> None:
        """Its start, or its event, comes to its end."""
        assert self._step is not None
        if error is None:
            self._step.set_result(None)
        else:
            self._step.set_exception(error)

    async def __aenter__(self) -> Self:
        self._world.made.append(self)
        self._step = asyncio.get_running_loop().create_future()
        if self._world.starts_at_once:
            self._step.set_result(None)
        try:
            await self._step
        except asyncio.CancelledError:
            if not self.holds_out:
                self.ended = True
                raise
        except BaseException:
            self.ended = True
            raise
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await asyncio.sleep(0)
        self.ended = True

    async def invoke(
        self,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation:
        assert self._open
        assert not self.ended
        assert not self.dead
        assert not self._spoilt, "it gets no event after one that nobody knows the end of"
        assert self.event is None, "one event at a time"
        self.event = request.payload
        self.served.append(request.payload)
        self._world.begun.append((self.function, request.payload))
        self._step = asyncio.get_running_loop().create_future()
        try:
            await self._step
        except BaseException:
            self._spoilt = True
            raise
        finally:
            self.event = None
        report = Report(request_id=request.payload.decode(), duration=1.0, memory_size=128)
        return Invocation(request_id=request.payload.decode(), result=Success(payload=request.payload), report=report)

    async def settle(self) -> None:
        assert self.event is None
        await asyncio.sleep(0)
        self.settled += 1

    @property
    def reloading(self) -> bool:
        return self._reload is not None and not self._reload.done()

    def reload_ends(self, how: bool | Exception = True) -> None:
        """Its reload comes to its end."""
        assert self._reload is not None
        if isinstance(how, Exception):
            self._reload.set_exception(how)
        else:
            self._reload.set_result(how)

    async def reload(self, spec: SandboxSpec) -> bool:
        assert self._open
        assert not self.ended
        assert self.event is None, "a sandbox is reloaded between events"
        self._reload = asyncio.get_running_loop().create_future()
        if self._world.reloads is not None:
            self._reload.set_result(self._world.reloads)
        # Broken off, it is of no use.
        self._spoilt = True
        done = await self._reload
        self._spoilt = not done
        if done:
            self.spec = spec
            self.dead = False
            self.reloads += 1
        return done

    def standing(self) -> Standing:
        if not self.dead:
            return Standing.READY
        return Standing.SPENT if self._world.keeps_the_dead else Standing.GONE


class World:
    """Everything around a pool.

    ``reloads`` says what comes of reloads, None that a test does; with ``keeps_the_dead`` one brings a sandbox back
    that has crashed.
    """

    def __init__(
        self,
        *,
        starts_at_once: bool = True,
        plans_at_once: bool = True,
        reloads: bool | None = False,
        keeps_the_dead: bool = False,
        **options: Any,
    ) -> None:
        self.reloads = reloads
        self.keeps_the_dead = keeps_the_dead
        self.starts_at_once = starts_at_once
        self.plans_at_once = plans_at_once
        self.clock = Moved()
        self.plans: dict[str, Plan] = {}
        self.asked: list[str] = []
        self.asking: dict[str, asyncio.Future[None]] = {}
        self.made: list[Fake] = []
        self.begun: list[tuple[str, bytes]] = []
        self.pool = Pool(self.plan, lambda spec: Fake(spec, self), options=PoolOptions(**options), clock=self.clock)

    async def plan(self, function_id: str) -> Plan:
        self.asked.append(function_id)
        if not self.plans_at_once:
            self.asking[function_id] = asyncio.get_running_loop().create_future()
            try:
                await self.asking[function_id]
            finally:
                del self.asking[function_id]
        plan = self.plans.get(function_id)
        if plan is None:
            raise TemplateError(f"There is no function {function_id}.")
        return replace(plan, spec=replace(plan.spec, variables={**plan.spec.variables, LOG_STREAM: "a new one"}))

    def call(self, function_id: str, payload: str = "", **more: Any) -> asyncio.Task[Invocation | Throttled]:
        request = Request(payload=payload.encode(), **more)
        return asyncio.create_task(self.pool.invoke(function_id, request, chunk=lambda _: None))

    @property
    def running(self) -> list[Fake]:
        return [each for each in self.made if each.event is not None]

    @property
    def starting(self) -> list[Fake]:
        return [each for each in self.made if each.starting]

    @property
    def reloading(self) -> list[Fake]:
        return [each for each in self.made if each.reloading]

    @property
    def left(self) -> list[Fake]:
        """Those that have not ended."""
        return [each for each in self.made if not each.ended]

    async def answer(self) -> None:
        """Answers every event that runs."""
        for each in self.running:
            each.go_on()
        await settled()

    async def serve(self, function_id: str, payload: str = "", **more: Any) -> Fake:
        """Runs one event to its end; the sandbox that ran it."""
        call = self.call(function_id, payload, **more)
        await settled()
        (own,) = (each for each in self.running if each.event == payload.encode())
        own.go_on()
        assert payload_of(await call) == payload
        return own


def states(pool: Pool, function_id: str) -> tuple[State, ...]:
    """Where the function's sandboxes stand, the oldest first."""
    return tuple(each.state for each in pool._turns._sandboxes._there if each.function_id == function_id)


def payload_of(answer: Invocation | Throttled) -> str:
    assert isinstance(answer, Invocation), answer
    assert isinstance(answer.result, Success)
    return answer.result.payload.decode()


async def settled() -> None:
    """Until nothing goes on by itself any more."""
    for _ in range(30):
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(main())


GONE = EngineError("The engine has gone.")
