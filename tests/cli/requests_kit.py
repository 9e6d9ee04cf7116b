"""What a command that stays says, with sandboxes and a clock that do what a test says."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from samlocal.cli.output import Output
from samlocal.cli.shown import said
from samlocal.cli.shown.blocks import Blocks
from samlocal.cli.shown.requests import Requests
from samlocal.cli.shown.served import ServedFunction
from samlocal.cli.world import World
from samlocal.function.logging_config import LogFormat, LoggingConfig
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Journal
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import FunctionError, Result, Success

_SGR = re.compile(r"\x1b\[[0-9;]*m")
TRACE = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0"


class Screen(io.StringIO):
    """Standard error: a terminal, or none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._timers: list[tuple[float, list[Callable[[], object]]]] = []

    def now(self) -> float:
        return self.seconds

    def epoch(self) -> float:
        return self.seconds

    def call_later(self, seconds: float, call: Callable[[], object]) -> _Timer:
        calls = [call]
        self._timers.append((self.seconds + seconds, calls))
        return _Timer(calls)

    def move(self, seconds: float) -> None:
        self.seconds += seconds
        for due, calls in list(self._timers):
            if due <= self.seconds:
                self._timers.remove((due, calls))
                for call in calls:
                    call()


class _Timer:
    def __init__(self, calls: list[Callable[[], object]]) -> None:
        self._calls = calls

    def cancel(self) -> None:
        self._calls.clear()


class Shown:
    """``functions`` are served; their deployed names are the ids with ``-1X`` behind."""

    def __init__(
        self,
        *functions: str,
        is_terminal: bool = False,
        environ: Mapping[str, str] | None = None,
        serves_at_once: bool = True,
        quiet: bool = False,
        **serving: Any,
    ) -> None:
        self.screen = Screen(is_terminal=is_terminal)
        self.clock = Clock()
        self.world = World(
            environ={"TERM": "xterm-256color", **(environ or {})},
            cwd=Path("/"),
            stdin=io.BytesIO(),
            stdout=io.BytesIO(),
            stderr=self.screen,
        )
        self.output = Output(self.world, quiet=quiet)
        self.blocks = Blocks(self.output, clock=self.clock)
        self.requests = Requests(self.blocks)
        self._served = said.Serving(
            version="1",
            process=1,
            region="eu-west-1",
            functions=served_functions(functions),
            **{"url": None, "environment": None, "stack": None, "reloads": False, **serving},
        )
        self.instances = 0
        self.serves_at_once = serves_at_once

    async def __aenter__(self) -> Shown:
        await self.requests.__aenter__()
        if self.serves_at_once:
            self.serve()
        self.banner = await self.lines()
        return self

    def serve(self, *functions: str) -> None:
        """These, or those that it has from the beginning."""
        served = self._served
        self.requests.serves(replace(served, functions=served_functions(functions)) if functions else served)

    async def __aexit__(self, *_: object) -> None:
        await self.requests.__aexit__(None, None, None)

    def sandbox(self, function: str, *, format: LogFormat = LogFormat.TEXT) -> Sandbox:  # noqa: A002 - AWS's word
        self.instances += 1
        return Sandbox(self, function, f"instance-{self.instances}", format)

    async def lines(self) -> list[str]:
        """What is there since the last time, each moment as ``00:00:00``."""
        await self.blocks.outlet.drain()
        return self._take()

    def _take(self) -> list[str]:
        text = self.screen.getvalue()
        self.screen.seek(0)
        self.screen.truncate()
        return re.sub(r"\d\d:\d\d:\d\d", "00:00:00", text).splitlines()


def served_functions(names: Sequence[str]) -> tuple[ServedFunction, ...]:
    return tuple(
        ServedFunction(id=name, name=f"{name}-1X", arn=f"arn:aws:lambda:eu-west-1:1:function:{name}")
        for name in names
    )


def report_of(request_id: str, **more: Any) -> Report:
    figures = {"duration": 12.345, "memory_size": 128, "max_memory_used": 38, **more}
    return Report(request_id=request_id, **figures)


class Sandbox:
    """One of a function's."""

    def __init__(self, shown: Shown, function: str, instance: str, format: LogFormat) -> None:  # noqa: A002
        self.function = function
        self._requests = shown.requests
        identity = SandboxIdentity(
            function_name=f"{function}-1X",
            handler="app.handler",
            account="1",
            instance=instance,
            memory=128,
            logging=LoggingConfig(group="g", format=format),
        )
        self.journal = Journal(identity, shown.requests, telemetry=Telemetry())

    def begins(self, request_id: str, *, attempt: int | None = None) -> None:
        self._requests.begun(self.function, request_id, attempt=attempt)
        self.journal.start(request_id, trace_id=TRACE)

    def says(self, *lines: str) -> None:
        for line in lines:
            self.journal.function_line(line)

    def reports(self, request_id: str) -> None:
        """Its log is whole."""
        self.journal.report(report_of(request_id), trace_id=TRACE, overhead=None)
        self.journal.end_invocation()

    def is_over(self, request_id: str) -> None:
        """That is told."""
        invocation = Invocation(request_id=request_id, result=Success(payload=b"1"), report=report_of(request_id))
        self._requests.ended(request_id, invocation)

    def ends(self, request_id: str, *, result: Result | None = None, logged: bool = True, **report: Any) -> None:
        """``logged`` says whether its log ends at once."""
        made = report_of(request_id, **report)
        invocation = Invocation(request_id=request_id, result=result or Success(payload=b"1"), report=made)
        self.journal.report(made, trace_id=TRACE, overhead=None)
        self._requests.ended(request_id, invocation)
        if logged:
            self.journal.end_invocation()

    def throttled(self, request_id: str, throttled: Throttled) -> None:
        self._requests.begun(self.function, request_id)
        self._requests.ended(request_id, throttled)

    def runs(self, request_id: str, *lines: str, **report: Any) -> None:
        self.begins(request_id)
        self.says(*lines)
        self.ends(request_id, **report)


FAILED = FunctionError(payload=b'{"errorType": "ValueError", "errorMessage": "no"}')


def plain(lines: Sequence[str]) -> list[str]:
    """Without colours."""
    return [_SGR.sub("", line) for line in lines]


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(main())
