"""Where artifacts are kept, and how those that are not on this machine are brought in."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct, field

from samlocal.artifact.cache import Cache
from samlocal.artifact.code.private_folders import PrivateFolders
from samlocal.aws import Aws
from samlocal.engine import PullProgress

FETCHING = "Downloading"
"""The engine's word for it, which the progress of a pull knows too."""


class ArtifactStore(Struct, frozen=True, kw_only=True):
    """``caller`` is who runs samlocal: code and layers are fetched with their rights, not with the function's.

    ``endpoint_url`` stands in for AWS; what it calls by a name is not what AWS calls so. ``max_age`` is in seconds:
    how long an answer about something that can change is used without asking again. ``private`` are folders that
    functions do not see. ``notice`` gets a sentence for the user, ``progress`` the steps of a download.
    """

    cache: Cache
    layers: Cache
    caller: Aws
    endpoint_url: str | None = None
    layer_role_arn: str | None = None
    refresh_layers: bool = False
    refresh: bool = False
    max_age: float = 300.0
    clock: Callable[[], float] = time.time
    private: PrivateFolders = field(default_factory=PrivateFolders)
    notice: Callable[[str], None]
    progress: Callable[[str, PullProgress], None]

    def step(self, name: str) -> Callable[[int, int | None], None]:
        """What a download of that name reports its bytes to."""

        def step(done: int, total: int | None) -> None:
            self.progress(name, PullProgress(layer=name, status=FETCHING, current=done, total=total))

        return step
