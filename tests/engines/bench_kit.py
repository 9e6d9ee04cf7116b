"""An engine of the table, and who works beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine_users import User
from kit import Project

DOCKER = "docker"
PODMAN_ROOT = "podman as root"
PODMAN_USER = "podman as a user"
DOCKER_USER = "docker as a user"
FAR = "docker with another disk and network"
CONTAINER = "docker from one of its containers"
SSH = "docker behind ssh"

ENGINES = (DOCKER, PODMAN_ROOT, PODMAN_USER, DOCKER_USER, FAR, CONTAINER)
"""The columns of every row. The way behind ssh is the far one's but for its tunnel: the sample's row tries it."""

OTHERS = (PODMAN_ROOT, PODMAN_USER, DOCKER_USER)
"""Those of users on a machine of their own, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An engine, and who works beside it. ``user`` is None where it is nobody of another machine's.

    ``network`` is where what samlocal serves is in reach.
    """

    column: str
    make: Callable[[Mapping[str, Any]], Project]
    network: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
    user: User | None = None

    def project(self, files: Mapping[str, Any]) -> Project:
        return self.make(files)
