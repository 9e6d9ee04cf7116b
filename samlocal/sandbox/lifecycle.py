"""The life of a sandbox: its container and what that is served, started, replaced and ended, and its one state."""

from __future__ import annotations

import asyncio
import uuid
from enum import Enum, auto
from typing import TYPE_CHECKING

from samlocal.engine import Engine
from samlocal.errors import EngineError
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.container import Container
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.init_phase import InitOutcome, await_init
from samlocal.sandbox.journal import Journal, Log, SandboxIdentity
from samlocal.sandbox.layout import USER, SandboxSpec, container_spec
from samlocal.sandbox.mailbox import Mailbox
from samlocal.sandbox.messages import Broken, Exited, ExtensionFailed, Idle, Reason
from samlocal.sandbox.network.route import Whereabouts, blocked_error, is_blocked
from samlocal.sandbox.network.sockets import Sockets
from samlocal.sandbox.session import Session
from samlocal.sandbox.shutdown import shut_down
from samlocal.sandbox.supervision import ExtensionLine, Word

if TYPE_CHECKING:
    from samlocal.sandbox.apis.apis import Apis


class State(Enum):
    """What a sandbox is at. SPENT is yet to be shut down, ENDED has no container."""

    INIT = auto()
    IDLE = auto()
    BUSY = auto()
    SPENT = auto()
    ENDED = auto()


class Lifecycle:
    """One sandbox's. ``state`` changes here alone."""

    def __init__(self, engine: Engine, spec: SandboxSpec, *, session: Session, log: Log) -> None:
        self.state = State.ENDED
        self.container: Container | None = None
        self.mailbox = Mailbox()
        self._engine = engine
        self._spec = spec
        self._session = session
        self._log = log
        # Why a sandbox that is spent goes down.
        self._reason = Reason.SPINDOWN
        self._max_memory_used: int | None = None
        self._sockets: Sockets | None = None
        self._apis: Apis | None = None
        self._telemetry = Telemetry()
        self.journal = Journal(_identity(spec), log, telemetry=self._telemetry)
        self.debugger = (
            DebuggerView(spec.debugging, log=self.journal.function_line, notice=self.journal.remark)
            if spec.debugging
            else None
        )

    @property
    def apis(self) -> Apis:
        """Raises EngineError before the first start."""
        if self._apis is None:
            raise EngineError("The sandbox has not been started.")
        return self._apis

    @property
    def ends_at_once(self) -> bool:
        """Whether there is nobody in the container who would have a phase of the shutdown to itself."""
        return self._apis is None or not self._apis.grace

    async def start(self, *, inside_invoke: bool) -> Container:
        """Starts the container, the first or the next one of this sandbox."""
        mailbox = self.mailbox = Mailbox()
        self.state = State.INIT
        if self._sockets is None:
            network, endpoint = self._spec.network, self._spec.endpoint
            self._sockets = await self._engine.ask(Sockets.open, self._engine, network, endpoint)
        sockets = self._sockets
        mark = uuid.uuid4().hex if self._spec.may_have_extensions else None
        spec = container_spec(
            self._spec,
            name=self._session.next_name(),
            labels=self._session.labels,
            route=sockets.route,
            variables=dict(self._spec.variables) | sockets.variables,
            mark=mark,
        )
        if self._spec.debugging is not None:
            await self._spec.debugging.await_port()
        container = self.container = Container(self._engine, spec.name, tell=mailbox.put)
        log = self.debugger.line if self.debugger else self.journal.function_line
        await container.create(spec, mark=mark, log=log, room=self._log.room, hear=self._hear)
        self._telemetry.restart()
        self.journal.init_start(inside_invoke=inside_invoke)
        starting = asyncio.ensure_future(container.start())
        try:
            # The engine has been asked when this goes on; what is imported for the APIs takes no time of its own.
            await asyncio.sleep(0)
            apis = self._apis = self._apis or self._served(sockets)
            apis.restart(container.start_runtime, mailbox.put)
        finally:
            await starting
        apis.started(Whereabouts(address=container.address, process=container.pid, user=int(USER.partition(":")[0])))
        return container

    async def await_init(self, container: Container, deadline: float) -> InitOutcome:
        """How the init phase ends: the sandbox is idle then, or of no more use."""
        ended = await await_init(
            self.mailbox, self.journal, began=container.started, deadline=deadline, check_way=self._check_way
        )
        if isinstance(ended, Idle):
            self.state = State.IDLE
        else:
            self.apis.extensions.end_init()
        return ended

    async def renew(self) -> None:
        """Starts the container that the next event needs: the one before is spent, or died while it waited."""
        if self.state is State.IDLE and any(
            isinstance(message, Exited | ExtensionFailed | Broken) for message in self.mailbox.take_all()
        ):
            self.spend(Reason.FAILURE)
        if self.state is State.SPENT:
            await self.end()
            self.journal.end_invocation()
        if self.state is State.ENDED:
            await self.start(inside_invoke=False)

    def begin(self) -> None:
        """An event is on its way."""
        self.state = State.BUSY

    def rest(self) -> None:
        """The runtime and all extensions wait for the next event."""
        self.state = State.IDLE

    def spend(self, reason: Reason) -> None:
        """The container is of no more use; it is shut down when the invocation is over."""
        self._reason = reason
        self.state = State.SPENT

    async def end(self, reason: Reason = Reason.SPINDOWN) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself.

        Extensions are told first, and have their time. A sandbox that is spent has its reason already.
        """
        if self.state is State.SPENT:
            reason = self._reason
        self.max_memory_used()
        container, self.container = self.container, None
        self.state = State.ENDED
        if container is None:
            return
        try:
            if self._apis is not None:
                await shut_down(container, self._apis, self.mailbox, reason=reason)
        finally:
            try:
                await container.end()
            finally:
                if self._apis is not None:
                    self._apis.disown()

    async def close(self) -> None:
        """Ends everything that was started."""
        try:
            await self.end()
        finally:
            if self._apis is not None:
                await self._apis.close()
            if self._sockets is not None:
                self._sockets.close()

    def max_memory_used(self) -> int | None:
        """MB, as long as they can be read."""
        if self.container is not None:
            self._max_memory_used = self.container.max_memory_used()
        return self._max_memory_used

    def _served(self, sockets: Sockets) -> Apis:
        from samlocal.sandbox.apis.apis import Apis

        return Apis(sockets, journal=self.journal, telemetry=self._telemetry)

    def _hear(self, word: Word) -> None:
        """What the shell says of the extensions."""
        if isinstance(word, ExtensionLine):
            self.journal.extension_line(word.line)
        elif self._apis is not None:
            self._apis.extensions.hear(word)

    def _check_way(self) -> None:
        container, sockets = self.container, self._sockets
        if container is not None and sockets is not None and is_blocked(container.pid, sockets.port):
            raise blocked_error(sockets.route, sockets.port)


def _identity(spec: SandboxSpec) -> SandboxIdentity:
    function = spec.function
    return SandboxIdentity(
        function_name=function.function_name,
        handler=function.handler or "",
        account=function.place.account,
        instance=spec.variables.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
        memory=function.memory,
        logging=function.logging,
    )
