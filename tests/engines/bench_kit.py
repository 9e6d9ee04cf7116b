"""An engine of the table, and who works beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kit import Project
from machine import User

ENGINES = ("docker", "podman as root", "podman as a user", "docker as a user", "docker with another disk and network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An engine, and who works beside it. ``user`` is None for this machine's own engine."""

    column: str
    make: Callable[..., Project]
    user: User | None

    def project(self, files: Mapping[str, Any]) -> Project:
        return self.make(files) if self.user is None else self.user.project(files)

    def network(self) -> contextlib.AbstractContextManager[None]:
        """Where this thread, and what it starts, is in reach of what samlocal serves."""
        return contextlib.nullcontext() if self.user is None else self.user.machine.network()
