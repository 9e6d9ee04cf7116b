"""The runs of ``samlocal watch``: one at a time, the next one when something has been saved since the last began."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from samlocal.cli.output import Output
from samlocal.cli.reader import noticing_its_end
from samlocal.cli.runs.answer import difference, readable
from samlocal.errors import (
    BuildError,
    CodeError,
    ConfigurationError,
    EventError,
    LayerError,
    ReaderGoneError,
    TemplateError,
    UnresolvedError,
)
from samlocal.kept.door import Overheard, door
from samlocal.pool.throttle import Throttled
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.reload.told import NotReloaded, Reloaded
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import Success
from samlocal.sandbox.session import Session
from samlocal.service.debugged import Debugging
from samlocal.service.service import Reloading, Service

if TYPE_CHECKING:
    from samlocal.service.service import Reread

_Item: TypeAlias = Record | Remark | Callable[[], None]

# An outlet whose reader does not take what is left is not waited for.
_LAST_SECONDS = 1.0

_MENDED_BY_A_SAVE = (
    BuildError,
    CodeError,
    ConfigurationError,
    EventError,
    LayerError,
    TemplateError,
    UnresolvedError,
)


class Watching:
    """``file`` is the event's, where it has one, and ``read`` reads it anew. A sandbox's ``Log``."""

    def __init__(
        self,
        function: str,
        payload: bytes,
        output: Output,
        *,
        tenant_id: str | None,
        file: Path | None,
        read: Callable[[], bytes],
    ) -> None:
        self._function = function
        self._payload = payload
        self._output = output
        self._tenant_id = tenant_id
        self._file = file
        self._read = read
        self._out: Outlet[_Item] = Outlet(self._write)
        self._saved = asyncio.Event()
        self._failed = False
        self._has_gone = False
        self._shown: list[str] | None = None

    async def run(
        self,
        project: Project,
        options: RunOptions,
        *,
        session: Session,
        reread: Reread,
        debug: Debugging | None = None,
    ) -> None:
        """Until it is cancelled. Raises what no save can mend."""
        reloading = Reloading(told=self._told, reread=reread)
        overheard = Overheard(self)
        try:
            async with (
                Service(project, options, session=session, log=overheard, reload=reloading, debug=debug) as service,
                door("watch", service, overheard, told=None),
            ):
                service.when_changed(self._mended)
                if self._file is not None:
                    service.watch([self._file], self._event_saved)
                    # It may have been saved since the command has read it.
                    self._payload = await asyncio.to_thread(self._read)
                self._saved.set()
                with noticing_its_end(self._output.payload_stream, self._gone):
                    while True:
                        await self._saved.wait()
                        self._saved.clear()
                        if self._has_gone:
                            raise ReaderGoneError("Whoever read the answers has gone.")
                        await self._run_once(service, overheard)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._out.drain()
            self._out.close()

    def _gone(self) -> None:
        self._has_gone = True
        self._saved.set()

    def put(self, item: Record | Remark) -> None:
        self._out.put(item)

    async def room(self) -> None:
        await self._out.room()

    def _told(self, told: Reloaded | NotReloaded) -> None:
        self._out.put(partial(self._output.reloaded, told))
        if isinstance(told, Reloaded):
            self._saved.set()

    def _mended(self) -> None:
        """Something has changed that a run may have failed for, which nobody else knows of."""
        if self._failed:
            self._saved.set()

    async def _event_saved(self) -> bool:
        """Raises EventError: the event stays as it was."""
        payload = await asyncio.to_thread(self._read)
        if payload != self._payload:
            self._payload = payload
            self._saved.set()
        return False

    async def _run_once(self, service: Service, overheard: Overheard) -> None:
        self._failed = False
        streamed = bytearray()
        request_id = str(uuid.uuid4())
        request = Request(payload=self._payload, tenant_id=self._tenant_id, request_id=request_id)
        try:
            function_id = await service.functions.id_of(self._function)
            with overheard.event(request_id) as logged:
                ended = await service.pool.invoke(function_id, request, chunk=streamed.extend)
                if isinstance(ended, Invocation):
                    await logged()
        except _MENDED_BY_A_SAVE as error:
            self._failed = True
            self._out.put(partial(self._output.error, error))
            await self._out.drain()
            return
        if isinstance(ended, Throttled):
            self._out.put(partial(self._output.warning, f"{function_id} is throttled: {ended.reason.value}."))
            return
        self._out.put(partial(self._show, ended, bytes(streamed)))
        await self._out.drain()
        self._out.check()

    def _write(self, item: _Item) -> None:
        if isinstance(item, Record | Remark):
            self._output.said(item)
        else:
            item()

    def _show(self, invocation: Invocation, streamed: bytes) -> None:
        """An error whole, and of an answer what has changed since the last one."""
        result = invocation.result
        if not isinstance(result, Success):
            self._output.failure(result)
            return
        lines = readable(streamed if result.streamed else result.payload)
        before = self._shown
        self._shown = lines
        if before is None:
            self._output.answer(lines)
        elif before == lines:
            self._output.plain("samlocal: the answer is the same.")
        else:
            self._output.difference(difference(before, lines), as_payload=True)
