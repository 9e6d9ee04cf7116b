"""What the containers of one sandbox are set up on: the sockets that they reach, the folders that they mount."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.artifact.engine_disk.standpoint import Side, Standpoint, doubted
from samlocal.engine import ContainerSpec, Engine
from samlocal.errors import EngineError
from samlocal.sandbox.layout import SandboxSpec, container_spec
from samlocal.sandbox.mounts import key_of_own
from samlocal.sandbox.network.sockets import Sockets
from samlocal.sandbox.session import Session

if TYPE_CHECKING:
    from concurrent.futures import Future

    from samlocal.sandbox.apis.delivery import Connect
    from samlocal.sandbox.debug.forwarded_port import ForwardedPort
    from samlocal.sandbox.debug.wiring import Debugging
    from samlocal.sandbox.folders import Folders

T = TypeVar("T")


class Site:
    """``mark`` is Supervision's, of the container there is; None where its image has no shell.

    A container can go on with another spec where there is a cache ``live`` for folders that stay.
    """

    def __init__(self, engine: Engine, session: Session, *, live: Cache | None) -> None:
        self.mark: str | None = None
        self._engine = engine
        self._session = session
        self._live = live
        self._sockets: Sockets | None = None
        self._folders: Folders | None = None
        self._debug_port: ForwardedPort | None = None
        self._at_work: list[Future[Any]] = []

    @property
    def sockets(self) -> Sockets:
        """Raises EngineError before the first container is laid out."""
        if self._sockets is None:
            raise EngineError("The sandbox has not been started.")
        return self._sockets

    async def lay_out(self, spec: SandboxSpec) -> ContainerSpec:
        """A new container by a spec. Raises EngineError, ConfigurationError where its folders cannot be filled."""
        if self._sockets is None:
            self._sockets = await self._opened(spec)
        if self._live is not None and spec.image.has_shell and _shows(self._live, spec):
            spec = await asyncio.wrap_future(self._begin(self._shown, spec, self._live))
        self.mark = uuid.uuid4().hex if spec.image.has_shell else None
        return await self._container(spec, name=self._session.next_name())

    async def open_debug_port(self, debugging: Debugging, connect: Connect) -> None:
        """Makes the debugger's port one of this machine's: the engine publishes it, or it is passed on from here.

        Raises ConfigurationError where it is taken.
        """
        if self.sockets.route.publishes:
            await debugging.await_port()
        elif self._debug_port is None:
            from samlocal.sandbox.debug.forwarded_port import ForwardedPort

            self._debug_port = await ForwardedPort(debugging.port, connect).open()

    async def lay_out_again(self, spec: SandboxSpec, *, name: str) -> ContainerSpec | None:
        """The container of that name as it would be by another spec, whose folders are made ready for ``exchange``.

        None where its folders are none that can show another's. Raises ConfigurationError.
        """
        if self._live is None or not spec.image.has_shell:
            return None
        if self._folders is not None:
            spec = await asyncio.wrap_future(self._begin(self._folders.stage, spec))
        return await self._container(spec, name=name)

    async def exchange(self) -> None:
        """Shows what has been made ready. Raises ConfigurationError."""
        if self._folders is not None:
            await asyncio.wrap_future(self._begin(self._folders.show))

    def forget(self) -> None:
        """Begins to remove what was shown before, which nobody has to wait for: what stays goes with the rest."""
        if self._folders is not None:
            self._begin(self._folders.forget)

    async def close(self) -> None:
        try:
            if self._debug_port is not None:
                await self._debug_port.close()
        finally:
            if self._sockets is not None:
                self._sockets.close()
        # What somebody was cancelled at goes on, and must not make anything behind this.
        await asyncio.gather(*map(asyncio.wrap_future, self._at_work), return_exceptions=True)
        if self._folders is not None:
            await asyncio.shield(asyncio.wrap_future(self._engine.begin(self._folders.close)))

    def _begin(self, request: Callable[..., T], *arguments: object) -> Future[T]:
        """Work on the folders, in a thread of the engine's."""
        self._at_work = [each for each in self._at_work if not each.done()]
        begun = self._engine.begin(request, *arguments)
        self._at_work.append(begun)
        return begun

    def _shown(self, spec: SandboxSpec, live: Cache) -> SandboxSpec:
        from samlocal.sandbox.folders import Folders

        if self._folders is None:
            self._folders = Folders(live)
        laid_out = self._folders.stage(spec)
        self._folders.show()
        return laid_out

    async def _opened(self, spec: SandboxSpec) -> Sockets:
        if spec.relay is not None:
            return await Sockets.far(
                self._engine, spec.network, spec.endpoints, image=spec.relay, session=self._session
            )
        return await self._engine.ask(
            Sockets.open, self._engine, spec.network, spec.endpoints, spec.standpoint, unclaimed=Sockets.close
        )

    async def doubt(self, spec: SandboxSpec) -> SandboxSpec | None:
        """The spec with what is found out anew of the engine, which did not find what is to be mounted.

        None where nothing else comes of it. Raises EngineError.
        """
        known = spec.standpoint
        if known is None:
            return None
        found = await self._engine.ask(doubted, self._engine, known, spec.image.name)
        return replace(spec, standpoint=found) if found is not None else None

    async def _container(self, spec: SandboxSpec, *, name: str) -> ContainerSpec:
        laid_out = container_spec(
            spec,
            name=name,
            labels=self._session.labels,
            route=self.sockets.route,
            variables=dict(spec.variables) | self.sockets.variables,
            mark=self.mark,
            of_user=self._engine.product.is_users,
        )
        standpoint = spec.standpoint
        if standpoint is None or standpoint.side is Side.BESIDE:
            return laid_out
        return await asyncio.wrap_future(self._begin(self._carried, laid_out, standpoint))

    def _carried(self, laid_out: ContainerSpec, standpoint: Standpoint) -> ContainerSpec:
        from samlocal.artifact.engine_disk.carried import carried

        cache_folder = standpoint.records.parent
        mounts = carried(
            laid_out.mounts,
            standpoint,
            self._engine,
            image=laid_out.image,
            owner=self._session,
            kept=lambda folder: key_of_own(folder, cache_folder),
        )
        return replace(laid_out, mounts=mounts)


def _shows(live: Cache, spec: SandboxSpec) -> bool:
    """Whether what is exchanged in the cache is exchanged for the engine, too."""
    return spec.standpoint is None or spec.standpoint.place(live.root) is not None
