"""The end of a sandbox that has extensions: the runtime first, then they, each within its time.

Source: Lambda developer guide, "Extensions API": shutdown phase; aws-lambda-runtime-interface-emulator,
``internal/lambda/rapid/shutdown.go``.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from samlocal.errors import EngineError
from samlocal.sandbox.container import Container
from samlocal.sandbox.mailbox import Mailbox
from samlocal.sandbox.messages import Exited, ExtensionsEnded, Message, Reason, Shutdown

if TYPE_CHECKING:
    from samlocal.sandbox.apis.apis import Apis

# What the runtime may take of the time that external extensions have; where there are none the time is its own.
_RUNTIME_SECONDS = 0.3

# What a subscriber may take for the last of the telemetry before it hears of the end.
_FLUSH_SECONDS = 0.5


async def shut_down(container: Container, apis: Apis, mailbox: Mailbox, *, reason: Reason) -> None:
    """Lets the runtime and the extensions finish. Who is not done in time is killed with the container."""
    grace = apis.grace
    if not grace:
        return
    external = apis.extensions.external
    deadline = time.monotonic() + grace
    # A container that is gone has nobody to wait for; a failure here must not keep it from being removed.
    with contextlib.suppress(EngineError):
        if container.runtime_runs:
            await container.terminate_runtime()
            await _await(
                mailbox, Exited, min(deadline, time.monotonic() + _RUNTIME_SECONDS) if external else deadline
            )
        if external:
            shutdown = Shutdown(reason=reason, deadline_ms=int((time.time() + deadline - time.monotonic()) * 1000))
            await apis.shut_down(shutdown, flush_seconds=_FLUSH_SECONDS)
            await _await(mailbox, ExtensionsEnded, deadline)


async def _await(mailbox: Mailbox, wanted: type[Message], deadline: float) -> None:
    with contextlib.suppress(TimeoutError):
        while not isinstance(await mailbox.take(deadline), wanted):
            pass
