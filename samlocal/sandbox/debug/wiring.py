"""What a debugger needs in a sandbox, whatever its language.

Nothing of it is in the function's environment when the function runs: debug.sh starts the runtime with it and clears
it away.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from samlocal.engine import Mount
from samlocal.errors import ConfigurationError
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.network.route import HOST_NETWORK

SECONDS = 86_400
"""In place of the function's timeout and of the init's: whoever looks at a stopped program has all day."""

LOOPBACK = "127.0.0.1"

OWN_FOLDER = "/.samlocal"
DEBUGGER = f"{OWN_FOLDER}/debugger"
"""Where the user's own debugger is."""

INSIDE = Path(__file__).parent.parent / "inside"

DEBUG_LABEL = "samlocal.debug-port"
"""Of a container that a debugger may enter: the port that it comes to, or would."""

_START = f"{OWN_FOLDER}/debug.sh"
_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"

# A container that is being removed holds its port for a moment.
_PORT_SECONDS = 3.0


class Debugging(Struct, frozen=True, kw_only=True):
    """What comes on top of a sandbox. ``memory`` is in MB, what the debugger itself may take.

    ``port`` is the debugger's own, ``entrance`` the one that debuggers come to; ``clients`` says which fit.
    ``listening`` and ``attached`` match lines that the debugger writes when it can be attached to and when it has
    been; ``noise`` is what it writes besides. Where ``attached`` is None the runtime stands still until the debugger
    lets it go, so its first poll tells. ``settling`` is in seconds: how long the first event waits for a debugger
    that sets its breakpoints when code has been loaded.
    """

    port: int
    entrance: int
    wait: bool
    clients: str
    variables: Mapping[str, str]
    listening: re.Pattern[str]
    attached: re.Pattern[str] | None = None
    noise: re.Pattern[str] | None = None
    mounts: tuple[Mount, ...] = ()
    capabilities: tuple[str, ...] = ()
    memory: int = 64
    settling: float = 0.0

    async def await_port(self) -> None:
        """Waits until the port is free, which it is at once or soon. Raises ConfigurationError."""
        import asyncio

        until = time.monotonic() + _PORT_SECONDS
        while not _is_free(self.port):
            if time.monotonic() >= until:
                raise port_in_use(self.port)
            await asyncio.sleep(0.05)


class Wiring(Struct, frozen=True, kw_only=True):
    """What every language's wiring starts from; ``host`` is where the debugger listens in the container."""

    spec: FunctionSpec
    options: DebugOptions
    host: str

    @classmethod
    def of(cls, function: FunctionSpec, options: DebugOptions, *, network: str) -> Wiring:
        # In a container of its own the port is published, on loopback only.
        host = LOOPBACK if network == HOST_NETWORK else "0.0.0.0"  # noqa: S104
        return cls(spec=function, options=options, host=host)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.options.inside}"

    @property
    def own(self) -> dict[str, str]:
        """The function's own variables."""
        return {variable.name: variable.value for variable in self.spec.variables}

    def started(self, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> dict[str, str]:
        """The variables with which debug.sh puts words before and behind the runtime's program."""
        # The function's own wrapper goes round the debugged program in its turn.
        wrapper = self.own.get(_WRAPPER)
        return {
            _WRAPPER: _START,
            "SAMLOCAL_DEBUG_BEFORE": "\n".join(before),
            "SAMLOCAL_DEBUG_AFTER": "\n".join(after),
            **({"SAMLOCAL_DEBUG_WRAPPER": wrapper} if wrapper else {}),
        }

    def mounts(self, *more: Mount) -> tuple[Mount, ...]:
        mounts = [Mount(source=INSIDE / "debug.sh", target=_START), *more]
        if self.options.path is not None:
            mounts.append(Mount(source=self.options.path, target=DEBUGGER))
        return tuple(mounts)

    def refused(self, message: str, *, tip: str) -> ConfigurationError:
        return ConfigurationError(f"{self.spec.location}: {self.spec.logical_id}: {message}", tip=tip)


def port_in_use(port: int) -> ConfigurationError:
    return ConfigurationError(
        f"The debug port {port} is in use on this machine.", tip="Name another with --debug-port."
    )


def bound(port: int) -> socket.socket:
    """A socket at the debug port, which is the caller's to close. Raises ConfigurationError where it is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise port_in_use(port) from error
    return listening


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
