"""How functions reach the clients of a WebSocket API.

On AWS they do so at the host and the stage of their events, by https. Here SDKs are told a place by a variable, which
they take unless the function's own code names one.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from samlocal.sandbox.layout import CONNECTIONS_ENDPOINT, SandboxSpec
from samlocal.sandbox.network.endpoint import endpoint


def reaching(url: str | None) -> Callable[[SandboxSpec], SandboxSpec]:
    """Has functions reach clients at ``url``, which has the stage; those that name another place are left alone."""

    def shaped(spec: SandboxSpec) -> SandboxSpec:
        if url is None or CONNECTIONS_ENDPOINT in spec.variables:
            return spec
        return replace(spec, connections_endpoint=endpoint(url))

    return shaped
