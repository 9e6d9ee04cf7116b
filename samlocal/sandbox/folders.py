"""/var/task and /opt of a sandbox that stays: what is in them is exchanged while they are mounted."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.artifact.live import LiveFolder
from samlocal.sandbox.layout import SandboxSpec


class Folders:
    """Those of one sandbox. What lies in the cache never changes and is shown by a folder that stays; a folder of the
    user's own changes by itself, and is mounted as it lies."""

    def __init__(self, cache: Cache) -> None:
        """Raises ConfigurationError where the cache cannot be written."""
        with ExitStack() as made:
            self._task = LiveFolder(cache)
            made.callback(self._task.close)
            self._opt = LiveFolder(cache)
            made.callback(self._opt.close)
            self._made = made.pop_all()

    def stage(self, spec: SandboxSpec) -> SandboxSpec:
        """Makes ready what a spec mounts, and gives the spec that mounts it from here. Raises ConfigurationError."""
        task, opt = spec.code, spec.opt
        if task is not None and never_changes(task, spec):
            self._task.stage(task)
            task = self._task.shown
        # A function without layers may have some later; an image brings its own.
        if not spec.function.is_image and (opt is None or never_changes(opt, spec)):
            self._opt.stage(opt)
            opt = self._opt.shown
        return replace(spec, code=task, opt=opt)

    def show(self) -> None:
        """Shows what was made ready. Raises ConfigurationError."""
        self._task.show()
        self._opt.show()

    def forget(self) -> None:
        """Removes what was shown before. Raises ConfigurationError."""
        self._task.forget()
        self._opt.forget()

    def close(self) -> None:
        self._made.close()


def never_changes(folder: Path, spec: SandboxSpec) -> bool:
    """Whether it lies in an entry of a cache, which a lease holds."""
    return any(lease.is_of(place) for place in (folder, *folder.parents) for lease in spec.leases)
