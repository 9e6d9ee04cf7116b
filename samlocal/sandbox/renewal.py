"""A sandbox that outlives its credentials is replaced, between two invocations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.sandbox import Invocation, Request


class Runs(Protocol):
    """What is kept: a ``Sandbox``."""

    def invoke(self, request: Request, *, chunk: Callable[[bytes], None]) -> Invocation:
        """Runs one event to its end."""


def outlived(spec: SandboxSpec, *, now: float) -> bool:
    """Whether the credentials would end within an invocation that begins now; ``now`` is in epoch seconds.

    Roles' credentials from the cache last longer than any function may run (``credential_cache.RENEW_BEFORE``).
    """
    return spec.expires is not None and spec.expires - now <= spec.function.timeout


class KeptSandbox:
    """Runs one event after another in one sandbox, as long as its credentials last.

    ``plan`` gives the spec with the credentials of the moment, ``start`` a sandbox of it; ``clock`` gives epoch
    seconds. Use it as a context manager.
    """

    def __init__(
        self,
        plan: Callable[[], SandboxSpec],
        start: Callable[[SandboxSpec], AbstractContextManager[Runs]],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._start = start
        self._clock = clock
        self._open = ExitStack()
        self._spec = plan()
        self._sandbox: Runs | None = None

    def __enter__(self) -> KeptSandbox:
        self._sandbox = self._open.enter_context(self._start(self._spec))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def invoke(self, request: Request, *, chunk: Callable[[bytes], None]) -> Invocation:
        """Runs an event, in a new sandbox where the credentials of the last one near their end.

        Raises as ``Sandbox.invoke`` does, and what ``plan`` raises when there are no new credentials.
        """
        if outlived(self._spec, now=self._clock()):
            renewed = self._plan()
            # The caller's own credentials may not be renewable: then there is nothing to gain.
            if renewed.expires != self._spec.expires:
                self._open.close()
                self._sandbox, self._spec = None, renewed
        if self._sandbox is None:
            self._sandbox = self._open.enter_context(self._start(self._spec))
        return self._sandbox.invoke(request, chunk=chunk)
