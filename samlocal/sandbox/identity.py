"""Whose a sandbox's log and telemetry are."""

from __future__ import annotations

from msgspec import Struct

from samlocal.function.logging_config import LoggingConfig


class SandboxIdentity(Struct, frozen=True, kw_only=True):
    """``memory`` is in MB; ``instance`` is the name of the log stream.

    ``source`` is the folder where its files lie on this machine, if they do.
    """

    function_name: str
    handler: str
    account: str
    instance: str
    memory: int
    logging: LoggingConfig
    source: str | None = None
