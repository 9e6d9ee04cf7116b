"""Builds functions and layers: once for all that share code and options, and only what has changed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from samlocal.artifact.build.build_plan import FORM, BuildPlan, build_plan
from samlocal.artifact.build.builder import IN_CONTAINER, Builder
from samlocal.artifact.build.built import BuildFailed, BuildOutcome, Built, Origin
from samlocal.artifact.build.dependencies import dependencies_key
from samlocal.artifact.build.job import Job
from samlocal.artifact.build.last_build import LastBuilds
from samlocal.artifact.build.leftovers import remove_leftovers
from samlocal.artifact.build.links import DanglingLinkError, settle_links
from samlocal.artifact.build.log import failed
from samlocal.artifact.build.npm_packages import local_packages
from samlocal.artifact.build.python_project import python_project
from samlocal.artifact.build.sam_build import sam_built, was_built
from samlocal.artifact.build.scratch import build_scratch
from samlocal.artifact.build.source_maps import point_at_sources, put_into_programs
from samlocal.artifact.build.sources import SourceHashes
from samlocal.artifact.build.unbuilt import is_unbuilt
from samlocal.artifact.build.workflow import (
    ESBUILD,
    NPM,
    PIP,
    Workflow,
    builder_runtime,
    layer_folder,
    manifest_path,
)
from samlocal.artifact.cache import Cache
from samlocal.errors import BuildError
from samlocal.function.build_target import BuildTarget


class Watcher(Protocol):
    """Is told how builds go on, from several threads. ``paths`` are the functions and layers of one build."""

    def step(self, paths: Sequence[str], step: str) -> None: ...

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None: ...


class Builds:
    """Builds what it is asked to, into the cache.

    ``last`` is where it is kept which builds were the last, ``sam_builds`` are folders that ``sam build`` may have
    written. ``debug`` leaves out optimizations, ``force`` builds what has not changed too.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        last: Path,
        builder: Builder,
        sam_builds: Iterable[Path] = (),
        debug: bool = False,
        force: bool = False,
    ) -> None:
        self._cache = cache
        self._hashes = SourceHashes(cache.root / "source-hashes")
        self._last = LastBuilds(last)
        self._builder = builder
        self._sam_builds = tuple(sam_builds)
        self._debug = debug
        self._force = force

    def build(self, targets: Iterable[BuildTarget], watcher: Watcher) -> Iterator[BuildOutcome]:
        """Builds those that have changed, several at once, each outcome when it is there.

        One that cannot even be tried, such as a BuildMethod that there is not, has failed like any other.
        """
        groups: dict[str, list[BuildPlan]] = {}
        for target in _once(targets):
            try:
                plan = self._plan(target)
            except BuildError as error:
                yield BuildFailed(target=target, error=error, last=self._last.find(target))
                continue
            if plan is None:
                continue
            there = None if self._force else self._there(plan)
            if there is not None:
                yield there
            else:
                groups.setdefault(plan.key, []).append(plan)
        if not groups:
            return

        from concurrent.futures import ThreadPoolExecutor, as_completed

        with ThreadPoolExecutor(max_workers=min(len(groups), os.cpu_count() or 1)) as pool:
            try:
                running = [pool.submit(self._make, plans, watcher) for plans in groups.values()]
                for finished in as_completed(running):
                    yield from finished.result()
                remove_leftovers(self._cache, last=self._last.folders())
            except BaseException:
                self._builder.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def last(self, targets: Iterable[BuildTarget], *, to_run: bool = False) -> Iterator[Built]:
        """What has been built before, and building nothing: samlocal's last build, else a newer one of `sam build`.

        Nothing is given for a target that was never built, or whose sources are newer than `sam build`'s. ``to_run``
        says that the last build must be one of the kind asked for: one for a debugger where ``debug`` is.
        """
        for target in _once(targets):
            last = self._last.find(target)
            if last is None and not any(folder.is_dir() for folder in self._sam_builds):
                continue
            try:
                plan = self._plan(target)
            except BuildError:
                # Nothing is to be built: what is wrong with it is told when it is.
                continue
            if plan is None:
                continue
            for_debugger = to_run and plan.is_debug_build
            if last is not None and last.basis == plan.basis and not for_debugger:
                yield self._built(plan, last.folder, Origin.UNCHANGED, age=last.age)
                continue
            there = self._there(plan)
            if there is not None:
                yield there
            elif last is not None:
                yield self._built(plan, last.folder, Origin.OUTDATED, age=last.age)

    def needed(self, targets: Iterable[BuildTarget]) -> Iterator[BuildTarget]:
        """Those that were built before, by samlocal or by `sam build`, or cannot run as they lie there."""
        for target in _once(targets):
            if self._last.find(target) or was_built(target, self._sam_builds) or is_unbuilt(target):
                yield target

    def was_in_container(self, target: BuildTarget) -> bool:
        """Whether the last build of it was made in a container."""
        last = self._last.find(target)
        return last is not None and last.builder.startswith(IN_CONTAINER)

    def _plan(self, target: BuildTarget) -> BuildPlan | None:
        return build_plan(target, hashes=self._hashes, builder_key=self._builder.key, debug=self._debug)

    def _there(self, plan: BuildPlan) -> Built | None:
        folder = self._cache.find("builds", plan.key)
        if folder is not None:
            _used(folder)
            last = self._last.find(plan.target)
            if last is None or last.folder != folder:
                self._keep(plan, folder)
            return self._built(plan, folder, Origin.UNCHANGED)
        if plan.is_debug_build:
            return None
        found = sam_built(plan.target, plan.workflow, self._sam_builds)
        if found is not None and found[1]:
            return self._built(plan, found[0], Origin.SAM_BUILD)
        return None

    def _make(self, plans: list[BuildPlan], watcher: Watcher) -> list[BuildOutcome]:
        """One build for all that share it."""
        first, paths = plans[0], [plan.target.path for plan in plans]
        started = time.monotonic()
        watcher.step(paths, first.workflow.name)
        try:
            folder = self._cache.entry(
                "builds",
                first.key,
                lambda making: self._fill(first, making, lambda step: watcher.step(paths, step)),
                renew=self._force,
            )
        except BuildError as error:
            watcher.done(paths, time.monotonic() - started, failed=True)
            return [BuildFailed(target=plan.target, error=error, last=self._last.find(plan.target)) for plan in plans]
        seconds = time.monotonic() - started
        watcher.done(paths, seconds, failed=False)
        for plan in plans:
            self._keep(plan, folder)
        return [self._built(plan, folder, Origin.BUILT, seconds=seconds) for plan in plans]

    def _fill(self, plan: BuildPlan, making: Path, step: Callable[[str], None]) -> None:
        target, workflow = plan.target, plan.workflow
        making = making.resolve()
        folder = making / layer_folder(target)
        with build_scratch() as scratch:
            manifest = _manifest(target, workflow, scratch)
            key = dependencies_key(
                workflow,
                manifest,
                FORM,
                self._builder.key,
                builder_runtime(target),
                target.architecture,
                repr(target.metadata.properties.get("UseNpmCi")),
            )
            if workflow in (NPM, ESBUILD) and local_packages(target.source):
                # They change with no line of the manifest.
                key = None
            kept = None if key is None else self._cache.find("dependencies", key)
            if kept is not None:
                _used(kept)
            fresh = scratch / "dependencies"
            job = Job(
                target=target,
                workflow=workflow,
                folder=folder,
                scratch=scratch / "sources",
                manifest=manifest,
                dependencies=None if key is None else kept or fresh,
                fetch=kept is None,
                debug=self._debug,
            )
            job.scratch.mkdir()
            folder.mkdir(parents=True, exist_ok=True)
            seen = self._builder.build(job, step)
            if key is not None and kept is None and fresh.is_dir():
                self._cache.entry("dependencies", key, lambda place: _move(fresh, place))
            if plan.source_maps:
                point_at_sources(folder, seen_as=seen.artifacts, folders=seen.folders)
            if self._debug and workflow is ESBUILD:
                put_into_programs(folder)
            try:
                settle_links(making)
            except (DanglingLinkError, OSError) as error:
                raise failed(job, f"of what was built {error}.") from error
            _open_to_all(making)

    def _built(
        self, plan: BuildPlan, folder: Path, origin: Origin, *, seconds: float = 0.0, age: float = 0.0
    ) -> Built:
        return Built(
            target=plan.target,
            folder=folder,
            source=plan.source,
            origin=origin,
            seconds=seconds,
            age=age,
            source_maps=plan.source_maps,
        )

    def _keep(self, plan: BuildPlan, folder: Path) -> None:
        self._last.keep(plan.target, folder, plan.basis, builder=self._builder.key)


def _once(targets: Iterable[BuildTarget]) -> Iterator[BuildTarget]:
    """Each target once: functions share layers."""
    seen: set[tuple[Path, str]] = set()
    for target in targets:
        key = (target.metadata.template, target.logical_id)
        if key not in seen:
            seen.add(key)
            yield target


def _manifest(target: BuildTarget, workflow: Workflow, scratch: Path) -> Path | None:
    """The manifest; where there is only a pyproject.toml, a requirements.txt of what it names, for pip."""
    project = python_project(target.source) if workflow is PIP else None
    if project is None:
        return manifest_path(target, workflow)
    written = scratch / "requirements.txt"
    written.write_text("".join(f"{line}\n" for line in project.dependencies), encoding="utf-8")
    return written


def _used(entry: Path) -> None:
    """Dates an entry of the cache by its last use."""
    with suppress(OSError):
        os.utime(entry)


def _move(folder: Path, into: Path) -> None:
    for path in folder.iterdir():
        shutil.move(path, into / path.name)


def _open_to_all(folder: Path) -> None:
    """Lets Lambda's user read what a build made under a narrow umask, as it can in a deployed function."""
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root) / name
            if not path.is_symlink():
                mode = path.stat().st_mode
                wanted = mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444)
                if mode != wanted:
                    path.chmod(wanted)
