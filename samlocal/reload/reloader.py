"""Takes up what is saved: plans anew what it concerns, and gives the pool what is good."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from msgspec import Struct

from samlocal.errors import CodeError, SamlocalError, UnforeseenError
from samlocal.pool.plan import Plan, files_key
from samlocal.pool.pool import Replaced
from samlocal.project.sources import Sources
from samlocal.reload.concern import concerned
from samlocal.reload.notifier import UnwatchedError
from samlocal.reload.own_code import plan_of_save, saved_there
from samlocal.reload.told import NotReloaded, Reloaded, Told
from samlocal.reload.watch import Watch

# Between the two steps in which an editor saves, or a build makes its folder anew, nothing can be planned.
_HALF_DONE_SECONDS = 0.3

# What a save makes known is told in parts where the machine is busy; the same failure within that time is the same.
_ONE_SAVE_SECONDS = 1.0

# Whoever has saved looks at the answer first.
_CONFIRM_SECONDS = 1.0

# The clock of a disk's dates lags behind by a tick of the kernel's.
_TICK_SECONDS = 0.02

Changed: TypeAlias = Callable[[], Awaitable[bool]]
"""Called where a file of somebody's own has changed; whether every function may be made from something else now."""


class _Untold(Struct, frozen=True, kw_only=True):
    """Failures of a save that seemed to go on, and what was saved."""

    failed: tuple[tuple[str, SamlocalError], ...]
    named: tuple[str, ...]


class Pool(Protocol):
    """What runs the functions: a ``Pool``."""

    async def replace(self, function_id: str, plan: Plan) -> Replaced:
        """A function is made by this plan from now on."""

    def confirm(self, function_id: str, plan: Plan, code: str | None) -> None:
        """The key of a plan's code, which was not known when it was given."""


class Reloader:
    """Use it as a context manager. Functions are watched from their first plan on, which ``planned`` tells of.

    ``plan`` makes a plan and fills in what it is made from. ``told`` hears of each save that changes anything, and
    ``changed`` before that. What changes in the folder ``own`` is samlocal's doing, and no save.
    """

    def __init__(
        self,
        pool: Pool,
        plan: Callable[[str, Sources], Awaitable[Plan]],
        *,
        watch: Watch,
        told: Told,
        changed: Callable[[], object] = lambda: None,
        shown: Callable[[Path], str] = str,
        own: Path | None = None,
    ) -> None:
        self._pool = pool
        self._plan = plan
        self._watch = watch
        self._told = told
        self._changed = changed
        self._shown = shown
        self._own = own.resolve() if own is not None else None
        self._sources: dict[str, Sources] = {}
        self._plans: dict[str, Plan] = {}
        self._confirming: dict[str, asyncio.Task[None]] = {}
        self._others: list[tuple[Sources, Changed]] = []
        # Since when what was looked at is not watched yet.
        self._unseen: list[tuple[Sources, float]] = []
        self._broken: set[str] = set()
        self._told_at: dict[tuple[str, ...], float] = {}
        self._untold: _Untold | None = None
        self._unwatched: str | None = None
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        try:
            tasks = {*self._confirming.values(), *filter(None, [self._running])}
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
        finally:
            await self._watch.close()

    def planned(self, function_id: str, sources: Sources, plan: Plan | None, *, began: float) -> None:
        """A function has been planned, from the time ``began`` on (seconds since 1970); None where that failed."""
        self._know(function_id, sources, plan)
        self._unseen.append((sources, began))
        self._watch.wake()

    def also(self, paths: Iterable[Path], changed: Changed) -> None:
        """Watches files that no function is made from, and that whoever asks looks at later than now."""
        sources = Sources()
        sources.add_files(paths)
        self._unseen.append((sources, time.time()))
        self._others.append((sources, changed))
        self._watch.wake()

    async def _run(self) -> None:
        while True:
            paths = await self._watch.changes()
            try:
                await self._take_up(paths, time.monotonic())
            except Exception as error:
                # The next save may be another case, and nobody else hears of it.
                self._told(NotReloaded(functions=(), paths=self._named(paths, ()), error=_fault(error)))

    async def _follow(self) -> frozenset[Path]:
        """Gives the places that are newly watched."""
        all_sources = [*self._sources.values(), *(sources for sources, _ in self._others)]
        trees = {tree for sources in all_sources for tree in sources.trees}
        files = {file for sources in all_sources for file in sources.files}
        try:
            new = await self._watch.follow(trees, files)
        except UnwatchedError as error:
            # What else is watched goes on, and each reason is said once.
            if str(error) != self._unwatched:
                self._unwatched = str(error)
                self._told(NotReloaded(functions=(), paths=(), error=_unwatched(error)))
            return frozenset()
        self._unwatched = None
        return new

    async def _take_up(self, paths: frozenset[Path], began: float) -> None:
        unseen, self._unseen = self._unseen, []
        new = await self._follow()
        for sources, since in unseen:
            # Between the plan and the watch over what it was made from.
            paths |= await asyncio.to_thread(_changed_since, sources, new, since - _TICK_SECONDS)
        if not self._watch.whole and self._unwatched is None:
            self._unseen = [*unseen, *self._unseen]
        if self._own is not None:
            paths = frozenset(path for path in paths if not path.is_relative_to(self._own))
        if paths or self._untold:
            await self._reload(paths, began)

    async def _reload(self, paths: frozenset[Path], began: float) -> None:
        functions = {name for name, sources in self._sources.items() if concerned(sources, paths)}
        named = self._named(paths, functions)
        others = [changed for sources, changed in self._others if concerned(sources, paths)]
        for changed in others:
            try:
                if await changed():
                    functions = set(self._sources)
            except SamlocalError as error:
                self._told(NotReloaded(functions=(), paths=named, error=error))
        if functions or others:
            self._changed()
        own = {name: self._named(paths, (name,)) for name in sorted(functions)}
        answers = await asyncio.gather(*(self._plan_of(name, paths, anew=bool(others)) for name in sorted(functions)))
        await self._replace([(name, answer) for name, answer in answers if isinstance(answer, Plan)], own, began)
        # What came since was nobody's: another program's log in the same folder, say.
        before, self._untold = self._untold, None
        if before is not None and (left := [each for each in before.failed if each[0] not in functions]):
            self._tell_failures(left, before.named)
        failed = [(name, answer) for name, answer in answers if isinstance(answer, SamlocalError)]
        if failed and await self._watch.goes_on(_HALF_DONE_SECONDS):
            # What comes now is planned from the whole of it.
            self._broken.update(function_id for function_id, _ in failed)
            self._untold = _Untold(failed=tuple(failed), named=named)
        elif failed or before is None:
            self._tell_failures(failed, named)
        if not failed and before is None:
            self._told_at = {}

    async def _plan_of(
        self, function_id: str, paths: frozenset[Path], *, anew: bool
    ) -> tuple[str, Plan | SamlocalError]:
        sources, plan = self._sources[function_id], self._plans.get(function_id)
        if anew or plan is None or function_id in self._broken or plan.outlived(epoch=time.time()):
            return await self._planned_anew(function_id)
        if not await asyncio.to_thread(saved_there, plan, sources, paths):
            return await self._planned_anew(function_id)
        self._plans[function_id] = plan = plan_of_save(plan)
        if function_id in self._confirming:
            self._confirming[function_id].cancel()
        self._confirming[function_id] = asyncio.create_task(self._confirm(function_id, plan))
        return function_id, plan

    async def _confirm(self, function_id: str, plan: Plan) -> None:
        """Looks at all files when nobody waits for that, so that the next plan which says the same is the same."""
        await asyncio.sleep(_CONFIRM_SECONDS)
        with contextlib.suppress(OSError):
            code = await asyncio.to_thread(files_key, plan.spec.code, plan.spec)
            # What was saved meanwhile is among what was looked at, and none of this plan's.
            if not await self._watch.goes_on(_HALF_DONE_SECONDS):
                self._pool.confirm(function_id, plan, code)

    async def _planned_anew(self, function_id: str) -> tuple[str, Plan | SamlocalError]:
        sources = Sources()
        try:
            plan = await self._plan(function_id, sources)
        except SamlocalError as error:
            self._know(function_id, sources, None)
            return function_id, error
        except Exception as error:
            self._know(function_id, sources, None)
            return function_id, _fault(error)
        self._know(function_id, sources, plan)
        return function_id, plan

    def _know(self, function_id: str, sources: Sources, plan: Plan | None) -> None:
        before = self._sources.get(function_id)
        if plan is not None:
            self._plans[function_id] = plan
        elif before is not None:
            # It has not come as far as to tell everything.
            sources.add(before)
        self._sources[function_id] = sources
        self._watch.wake()

    async def _replace(
        self, plans: Iterable[tuple[str, Plan]], named: Mapping[str, tuple[str, ...]], began: float
    ) -> None:
        """``named`` is what has changed of each function's."""
        done: dict[Replaced, list[str]] = {}
        for function_id, plan in plans:
            how = await self._pool.replace(function_id, plan)
            if how is not Replaced.SAME or function_id in self._broken:
                done.setdefault(how, []).append(function_id)
            self._broken.discard(function_id)
        for how, functions in done.items():
            seconds = time.monotonic() - began
            paths = tuple(sorted({path for function_id in functions for path in named[function_id]}))
            self._told(Reloaded(functions=tuple(functions), paths=paths, seconds=seconds, how=how))

    def _tell_failures(self, failed: Iterable[tuple[str, SamlocalError]], named: tuple[str, ...]) -> None:
        """Each error once: a template is every function's."""
        alike: dict[str, tuple[SamlocalError, list[str]]] = {}
        for function_id, error in failed:
            self._broken.add(function_id)
            alike.setdefault(error.message, (error, []))[1].append(function_id)
        now = time.monotonic()
        before, self._told_at = self._told_at, {}
        for error, functions in alike.values():
            failure = (error.message, *functions)
            self._told_at[failure] = now
            if now - before.get(failure, -_ONE_SAVE_SECONDS) >= _ONE_SAVE_SECONDS:
                self._told(NotReloaded(functions=tuple(functions), paths=named, error=error))

    def _named(self, paths: frozenset[Path], functions: Collection[str]) -> tuple[str, ...]:
        """What has changed of what counts, as the user calls it."""
        all_sources = [self._sources[name] for name in functions] + [sources for sources, _ in self._others]
        own = sorted(path for path in paths if any(concerned(sources, [path]) for sources in all_sources))
        # Editors write what they save into another file first, which is gone then.
        there = [path for path in own if path.exists()]
        return tuple(self._shown(path) for path in there or own)


def _fault(error: Exception) -> UnforeseenError:
    return UnforeseenError(f"A fault of samlocal's own: {type(error).__name__}: {error}")


def _unwatched(error: UnwatchedError) -> CodeError:
    return CodeError(
        f"samlocal cannot watch all that the functions are made from: {error}.",
        tip="Start it again once that is mended, and until then after a save that it does not tell of.",
    )


def _changed_since(sources: Sources, places: frozenset[Path], moment: float) -> frozenset[Path]:
    """What has changed since a moment (seconds since 1970) of what lies in some places."""
    files = [path for path in sources.files if path.parent in places]
    trees = [path for path in sources.trees if any(place in places for place in (path, *path.parents))]
    return frozenset(path for path in (*files, *trees, *_inside(trees)) if _since(path, moment))


def _inside(trees: Iterable[Path]) -> Iterator[Path]:
    for tree in trees:
        for root, folders, files in os.walk(tree):
            yield from (Path(root, name) for name in (*folders, *files))


def _since(path: Path, moment: float) -> bool:
    try:
        return path.lstat().st_ctime >= moment
    except OSError:
        return False
