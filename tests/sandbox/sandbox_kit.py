"""A sandbox that lives for several events, with its log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from event_loop import EventLoop

from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.log_format import render
from samlocal.sandbox.sandbox import Invocation, Request, Sandbox


class Said:
    """What a sandbox says, as it comes."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.remarks: list[str] = []

    def put(self, item: Record | Remark) -> None:
        if isinstance(item, Remark):
            self.remarks.append(item.text)
        else:
            self.records.append(item)

    async def room(self) -> None:
        """There always is."""

    @property
    def lines(self) -> list[str]:
        return [line for record in list(self.records) if (line := render(record)) is not None]


class Open:
    """A sandbox with its log."""

    def __init__(self, sandbox: Sandbox, said: Said, loop: EventLoop, spec: Callable[[], SandboxSpec]) -> None:
        self.sandbox = sandbox
        self._spec = spec
        self._said = said
        self._loop = loop

    @property
    def records(self) -> list[Record]:
        return self._said.records

    @property
    def lines(self) -> list[str]:
        return self._said.lines

    def invoke(self, payload: bytes = b"{}", **more: Any) -> Invocation:
        return self._loop.run(self.sandbox.invoke(Request(payload=payload), chunk=lambda _: None, **more))

    def begin(self, payload: bytes) -> Future[Invocation]:
        """Does not wait."""
        return self._loop.begin(self.sandbox.invoke(Request(payload=payload), chunk=lambda _: None))

    def stop(self) -> None:
        self._loop.run(self.sandbox.stop())

    def reload(self) -> bool:
        """With the project as it is now."""
        return self._loop.run(self.sandbox.reload(self._spec()))
