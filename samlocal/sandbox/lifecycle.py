"""The life of a sandbox: its container and what that is served, started, replaced and ended, and its one state."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.engine import ContainerSpec, Engine, MountMissingError
from samlocal.engine.engines import wanted
from samlocal.errors import EngineError
from samlocal.sandbox.apis.telemetry import Telemetry
from samlocal.sandbox.container import Container
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.init_phase import InitOutcome, await_init
from samlocal.sandbox.journal import Journal, Log
from samlocal.sandbox.layout import USER, SandboxSpec
from samlocal.sandbox.mailbox import Mailbox
from samlocal.sandbox.messages import Broken, Exited, ExtensionFailed, Idle, Reason
from samlocal.sandbox.network.route import Unanswered, Whereabouts, blocked_error
from samlocal.sandbox.network.sockets import Sockets
from samlocal.sandbox.session import Session
from samlocal.sandbox.shutdown import shut_down
from samlocal.sandbox.site import Site
from samlocal.sandbox.state import Standing, State
from samlocal.sandbox.supervision import ExtensionLine, Word

if TYPE_CHECKING:
    from samlocal.sandbox.apis.apis import Apis


class Lifecycle:
    """One sandbox's. ``state`` changes here alone."""

    def __init__(
        self, engine: Engine, spec: SandboxSpec, *, session: Session, log: Log, live: Cache | None = None
    ) -> None:
        self.state = State.ENDED
        self.container: Container | None = None
        self.mailbox = Mailbox()
        self._engine = engine
        self._spec = spec
        self._site = Site(engine, session, live=live)
        self._stays = live is not None
        self._log = log
        # Why a sandbox that is spent goes down.
        self._reason = Reason.SPINDOWN
        self._max_memory_used: int | None = None
        self._apis: Apis | None = None
        self._unanswered = Unanswered()
        self._telemetry = Telemetry()
        self.journal = Journal(spec.identity, log, telemetry=self._telemetry)
        self.debugger = (
            DebuggerView(
                spec.debugging, log=self.journal.function_line, notice=partial(self.journal.remark, fresh=True)
            )
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
        """Starts the container, the first or the next one of this sandbox, or the processes of one that was cleared.

        One that does not start is removed.
        """
        try:
            with wanted(self._spec.engine, by=self._spec.function.logical_id):
                container = await self._start_cleared(inside_invoke=inside_invoke)
                return container or await self._start(inside_invoke=inside_invoke)
        except BaseException:
            self.state = State.ENDED
            await self._remove()
            raise

    async def _start(self, *, inside_invoke: bool) -> Container:
        mailbox = self._begin_init()
        site = self._site
        try:
            container = await self._create(mailbox)
        except MountMissingError:
            anew = await site.doubt(self._spec)
            if anew is None:
                raise
            self._spec = anew
            container = await self._create(mailbox)
        self._telemetry.restart()
        self.journal.init_start(inside_invoke=inside_invoke)
        starting = asyncio.ensure_future(container.start())
        try:
            # The engine has been asked when this goes on; what is imported for the APIs takes no time of its own.
            await asyncio.sleep(0)
            apis = self._apis = self._apis or self._served(site.sockets)
            apis.restart(container.start_runtime, mailbox.put)
        finally:
            await starting
        apis.started(_whereabouts(container))
        return container

    async def _create(self, mailbox: Mailbox) -> Container:
        """The next container, not running yet."""
        site = self._site
        spec = await site.lay_out(self._spec)
        if self._spec.debugging is not None:
            await site.open_debug_port(self._spec.debugging, self._connect)
        container = self.container = Container(self._engine, spec.name, tell=mailbox.put)
        log = self.debugger.line if self.debugger else self.journal.function_line
        await container.create(spec, mark=site.mark, log=log, room=self._log.room, hear=self._hear)
        return container

    async def reload(self, spec: SandboxSpec) -> bool:
        """Has the next events run by another spec, in the container there is; whether that could be done.

        The processes there are end as with the sandbox. Raises EngineError, ConfigurationError where the folders
        cannot be filled.
        """
        container = self.container
        if container is None or not _goes_on(self._spec, spec):
            return False
        wanted = await self._site.lay_out_again(spec, name=container.name)
        lines = container.start_lines(wanted) if wanted is not None else None
        if wanted is None or lines is None:
            return False
        if self.state in (State.INIT, State.IDLE):
            # Should this break off, nobody is to use it as it is then.
            self.spend(Reason.SPINDOWN)
        if self.state is State.SPENT:
            await self._clear()
        if self.state is not State.CLEARED:
            return False
        self.journal.end_invocation()
        try:
            await self._site.exchange()
        except BaseException:
            # What is shown is of no use.
            await self.end()
            raise
        self._spec = spec
        self._max_memory_used = None
        self.journal.subject = spec.identity
        self._start_again(container, wanted, lines, inside_invoke=False)
        self._site.forget()
        return True

    async def reset(self, reason: Reason | None = None) -> None:
        """Ends what runs in the container, and keeps that where another start, or a reload, can go on with it."""
        if reason is not None:
            self.spend(reason)
        if self._stays:
            self.max_memory_used()
            await self._clear()
        else:
            await self.end()

    async def _clear(self) -> None:
        """Ends everybody in the container of a sandbox that is spent; the container too, where it cannot be kept."""
        container = self.container
        if container is not None and self._apis is not None:
            await shut_down(container, self._apis, self.mailbox, reason=self._reason)
        if container is not None and await container.clear():
            self.state = State.CLEARED
        else:
            await self.end()

    async def _start_cleared(self, *, inside_invoke: bool) -> Container | None:
        """Starts the processes of a container that was cleared; None where there is no such container."""
        container = self.container
        if container is None or self.state is not State.CLEARED:
            return None
        wanted = await self._site.lay_out_again(self._spec, name=container.name)
        lines = container.start_lines(wanted) if wanted is not None else None
        if wanted is None or lines is None:
            await self.end()
            return None
        self._start_again(container, wanted, lines, inside_invoke=inside_invoke)
        return container

    def _start_again(self, container: Container, spec: ContainerSpec, lines: str, *, inside_invoke: bool) -> None:
        """Starts the processes of a container that was cleared, by its ``start_lines`` for a spec."""
        if self.debugger is not None:
            self.debugger.restart()
        mailbox = self._begin_init()
        self._telemetry.restart()
        self.journal.init_start(inside_invoke=inside_invoke)
        self.apis.restart(container.start_runtime, mailbox.put)
        self.apis.started(_whereabouts(container))
        container.start_again(spec, lines, tell=mailbox.put)

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

    def standing(self) -> Standing:
        """Whether the next event can have this container: it is not spent, nor died while it waited."""
        if self.state is State.IDLE and any(
            isinstance(message, Exited | ExtensionFailed | Broken) for message in self.mailbox.take_all()
        ):
            self.spend(Reason.FAILURE)
        if self.state in (State.INIT, State.IDLE):
            return Standing.READY
        stays = self._stays and self.container is not None and self.container.is_there
        return Standing.SPENT if stays else Standing.GONE

    async def renew(self) -> None:
        """Starts the container that the next event needs, where there is none that it can have."""
        if self.standing() is Standing.READY:
            return
        if self.state is State.SPENT:
            await self.reset()
            self.journal.end_invocation()
        await self.start(inside_invoke=False)

    def begin(self) -> None:
        """An event is on its way."""
        self.state = State.BUSY

    def rest(self) -> None:
        """The runtime and all extensions wait for the next event."""
        self.state = State.IDLE

    def spend(self, reason: Reason) -> None:
        """What runs in the container is of no more use; it is shut down when the invocation is over."""
        if self.state not in (State.CLEARED, State.ENDED):
            self._reason = reason
            self.state = State.SPENT

    async def end(self, reason: Reason = Reason.SPINDOWN) -> None:
        """Ends the container and waits for the last of its output. The engine removes it by itself.

        Extensions are told first, and have their time. A sandbox that is spent has its reason already.
        """
        if self.state is State.SPENT:
            reason = self._reason
        self.max_memory_used()
        # Nobody writes any more where all wait for the next event, and nobody has a phase of the shutdown.
        rests = self.state is State.IDLE and self.ends_at_once
        has_anybody = self.state not in (State.CLEARED, State.ENDED)
        self.state = State.ENDED
        whole = False
        try:
            if rests and self.container is not None:
                whole = await self.container.settle()
            elif has_anybody and self.container is not None and self._apis is not None:
                await shut_down(self.container, self._apis, self.mailbox, reason=reason)
        finally:
            await self._remove(whole=whole or not has_anybody)

    async def close(self) -> None:
        """Ends everything that was started."""
        try:
            await self.end()
        finally:
            try:
                if self._apis is not None:
                    await self._apis.close()
            finally:
                await self._site.close()

    async def _remove(self, *, whole: bool = False) -> None:
        container, self.container = self.container, None
        if container is None:
            return
        try:
            await container.end(whole=whole)
        finally:
            if self._apis is not None:
                self._apis.disown()

    def max_memory_used(self) -> int | None:
        """MB, as long as they can be read."""
        if self.container is not None:
            self._max_memory_used = self.container.max_memory_used()
        return self._max_memory_used

    def _begin_init(self) -> Mailbox:
        """What the processes of before say is of no interest from now on."""
        self.state = State.INIT
        self.mailbox = Mailbox()
        return self.mailbox

    def _served(self, sockets: Sockets) -> Apis:
        from samlocal.sandbox.apis.apis import Apis

        return Apis(sockets, journal=self.journal, telemetry=self._telemetry)

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a listener in the container. Raises OSError."""
        if self._apis is None:
            raise OSError("the container has not been started")
        return await self._apis.connect(port)

    def _hear(self, word: Word) -> None:
        """What the shell says of the extensions."""
        if isinstance(word, ExtensionLine):
            self.journal.extension_line(word.line)
        elif self._apis is not None:
            self._apis.extensions.hear(word)

    def _check_way(self) -> None:
        container, sockets = self.container, self._site.sockets
        if container is None or sockets.route.is_relayed:
            return
        if self._unanswered.looks_blocked(container.pid, sockets.port):
            raise blocked_error(sockets.route, sockets.port)


def _goes_on(before: SandboxSpec, after: SandboxSpec) -> bool:
    """Whether what lies outside of the container serves another spec too."""
    old, new = before.identity, after.identity
    outside = [(spec.engine_at, spec.network, spec.endpoints, spec.debugging) for spec in (before, after)]
    same = replace(new, instance=old.instance, logging=old.logging, source=old.source) == old
    return outside[0] == outside[1] and same


def _whereabouts(container: Container) -> Whereabouts:
    return Whereabouts(address=container.address, process=container.pid, user=int(USER.partition(":")[0]))
