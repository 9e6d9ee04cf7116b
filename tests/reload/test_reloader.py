"""What becomes of a save: real files, and plans and a pool that a test looks into."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pool_kit import plan_of

from samlocal.errors import CodeError, ConfigurationError, SamlocalError, TemplateError
from samlocal.pool.plan import Plan, files_key
from samlocal.pool.pool import Replaced
from samlocal.project.sources import Sources
from samlocal.reload.notifier import Notifier, UnwatchedError
from samlocal.reload.reloader import Reloader
from samlocal.reload.told import NotReloaded, Reloaded
from samlocal.reload.watch import MakesLookOuts, Watch


class Seen(Watch):
    """Shows what it has heard, and whether nothing is left to take up."""

    def __init__(self, look_out: MakesLookOuts) -> None:
        super().__init__(remark=lambda _: None, look_out=look_out)
        self.heard: set[Path] = set()
        self.rests = False

    def hear(self, paths: frozenset[Path]) -> None:
        self.heard |= paths
        super().hear(paths)

    def wake(self) -> None:
        self.rests = False
        super().wake()

    async def changes(self) -> frozenset[Path]:
        self.rests = True
        try:
            return await super().changes()
        finally:
            self.rests = False


class World:
    """Functions ``A`` and ``B`` with a folder each, ``C`` with A's, all of one template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.template = self.folder / "template.yaml"
        self.told: list[Reloaded | NotReloaded] = []
        self.given: list[tuple[str, str]] = []
        self._plans: dict[str, Plan] = {}
        self.planned: list[str] = []
        self.confirmed: list[tuple[str, str | None]] = []
        self.how = Replaced.IN_PLACE
        self.hows: dict[str, Replaced] = {}
        self.planning: asyncio.Event | None = None
        # Whether containers see the code where it is edited.
        self.as_it_lies = False
        self.template.write_text("good")
        for name in "AB":
            (self.folder / name).mkdir()
            (self.folder / name / "app.py").write_text("1")
        self.unwatched: list[str] = []
        # What is heard and not told of yet, where a test wants it in one piece.
        self.held: set[Path] | None = None
        self.watch = Seen(self.look_out)
        self.reloader = Reloader(
            self,
            self.plan,
            watch=self.watch,
            told=self.told.append,
            shown=lambda path: path.name,
            own=self.folder / "A" / ".cache",
        )

    def code(self, name: str) -> Path:
        return self.folder / name.replace("C", "A") / "app.py"

    def save(self, path: Path, text: str) -> None:
        """By one change on the disk, which nobody hears of in two parts however busy the machine is."""
        new = self.folder.with_name(f"{self.folder.name}.new")
        new.write_text(text)
        new.replace(path)

    def look_out(self, *arguments: Any, hear: Callable[[frozenset[Path]], None], **more: Any) -> Notifier:
        if self.unwatched:
            raise UnwatchedError(self.unwatched[0])

        def heard(paths: frozenset[Path]) -> None:
            if (held := self.held) is None:
                hear(paths)
            else:
                held.update(paths)

        return Notifier(*arguments, hear=heard, **more)

    async def save_at_once(self, *paths: Path) -> None:
        """Has all of them heard of in one piece."""
        held: set[Path] = set()
        self.held = held
        for path in paths:
            self.save(path, "2")
        await until(lambda: held >= {*paths})
        self.held = None
        self.watch.hear(frozenset(held))

    async def plan(self, name: str, sources: Sources) -> Plan:
        self.planned.append(name)
        sources.add_files([self.template])
        if not self.template.exists():
            raise TemplateError("There is no template.")
        if self.template.read_text() == "broken":
            raise TemplateError("template.yaml:3: it is broken.")
        sources.add_tree(self.code(name).parent)
        if not self.code(name).exists():
            raise CodeError(f"There is no code of {name}.")
        read = self.code(name).read_text()
        if self.planning is not None:
            await self.planning.wait()
        plan = plan_of(name, variables={"read": read, "saved": self._saved()})
        return plan if not self.as_it_lies else replace(plan, spec=replace(plan.spec, code=self.code(name).parent))

    def _saved(self) -> str:
        """When everything was, as a plan may say it."""
        places = [*self.folder.glob("*.*"), *(each for name in "AB" for each in (self.folder / name).rglob("*"))]
        return repr(sorted((str(place), place.stat().st_mtime_ns) for place in places))

    async def replace(self, name: str, plan: Plan) -> Replaced:
        # A watcher may tell of one save twice: as the file is opened, and as it is closed.
        if self._plans.get(name) == plan:
            return Replaced.SAME
        self._plans[name] = plan
        self.given.append((name, plan.spec.variables["read"]))
        return self.hows.get(name, self.how)

    def confirm(self, name: str, plan: Plan, code: str | None) -> None:
        self.confirmed.append((name, code))

    async def first_plan(self, *names: str) -> None:
        for name in names:
            sources, began, plan = Sources(), time.time(), None
            with contextlib.suppress(SamlocalError):
                plan = await self.plan(name, sources)
            self.reloader.planned(name, sources, plan, began=began)
        # What the test has just written may count as written since.
        await until(lambda: self.watch.rests)
        self.planned.clear()
        self.given.clear()
        self.told.clear()

    async def tells(self, count: int = 1) -> list[str]:
        """What has been told, once it is so much and no more comes."""
        await until(lambda: len(self.told) >= count)
        await asyncio.sleep(0.5)
        assert len(self.told) == count, self.told
        told, self.told[:] = list(self.told), []
        return [
            each.text.rpartition(" (")[0] if isinstance(each, Reloaded) else f"{each.error.message} {each.text}"
            for each in told
        ]


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.01)


def run(folder: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        world = World(folder)
        async with asyncio.timeout(120), world.reloader:
            await test(world)

    asyncio.run(main())


def test_a_save_reloads_the_functions_that_it_concerns_and_says_so_in_a_line(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A", "B", "C")
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A, C: app.py"]
        assert own.given == [("A", "2"), ("C", "2")]
        own.save(own.code("B"), "3")
        assert await own.tells() == ["reloaded B: app.py"]
        own.save(own.template, "better")
        assert await own.tells() == ["reloaded A, B, C: template.yaml"]

    run(tmp_path, test)


def test_a_function_that_nobody_has_called_is_not_planned(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("B")
        own.save(own.template, "better")
        await own.tells()
        assert own.planned == ["B"]

    run(tmp_path, test)


def test_a_broken_save_is_said_once_and_changes_nothing_and_the_good_one_after_it_is_taken_up(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A", "B")
        own.save(own.template, "broken")
        said = "template.yaml:3: it is broken. not reloaded: template.yaml; A, B stay as they were."
        assert await own.tells() == [said]
        # The next save that is broken is another one, if it is no part of the first.
        await asyncio.sleep(0.5)
        own.save(own.template, "broken")
        assert await own.tells() == [said]
        assert own.given == []
        own.how = Replaced.SAME
        own.save(own.template, "good")
        assert await own.tells() == ["reloaded A, B: template.yaml"]

    run(tmp_path, test)


def test_a_function_that_never_could_be_planned_is_when_that_is_mended(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        own.save(own.template, "broken")
        await own.first_plan("A")
        own.save(own.template, "good")
        assert await own.tells() == ["reloaded A: template.yaml"]
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A: app.py"]

    run(tmp_path, test)


def test_a_save_that_changes_nothing_is_not_said(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.how = Replaced.SAME
        own.save(own.code("A"), "1")
        await until(lambda: own.planned and own.watch.rests)
        own.how = Replaced.IN_PLACE
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A: app.py"]

    run(tmp_path, test)


def test_a_build_that_makes_its_folder_anew_is_one_change_and_no_failure(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        for version in "23":
            shutil.rmtree(own.code("A").parent)
            await asyncio.sleep(0.05)
            own.code("A").parent.mkdir()
            await asyncio.sleep(0.05)
            own.save(own.code("A"), version)
            await own.tells()
            assert own.given[-1] == ("A", version)

    run(tmp_path, test)


def test_code_that_goes_is_missed_and_found_when_it_is_back(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        folder = own.code("A").parent
        folder.rename(own.folder / "away")
        assert await own.tells() == ["There is no code of A. not reloaded: A; A stays as it was."]
        (own.folder / "away").rename(folder)
        assert await own.tells() == ["reloaded A: A"]

    run(tmp_path, test)


def test_a_template_that_goes_and_comes_back_is_read_anew(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.template.rename(own.folder / "away")
        await asyncio.sleep(0.05)
        (own.folder / "away").rename(own.template)
        assert await own.tells() == ["reloaded A: template.yaml"]

    run(tmp_path, test)


def test_what_is_saved_between_the_first_plan_and_the_watch_is_not_missed(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        sources, began = Sources(), time.time()
        plan = await own.plan("A", sources)
        await asyncio.sleep(0.05)
        own.save(own.code("A"), "2")
        own.reloader.planned("A", sources, plan, began=began)
        await own.tells()
        assert own.given[-1] == ("A", "2")

    run(tmp_path, test)


def test_other_files_that_are_saved_before_they_are_watched_are_not_missed(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        heard = asyncio.Event()

        async def changed() -> bool:
            heard.set()
            return False

        (tmp_path / "elsewhere").mkdir()
        own.reloader.also([own.folder / "elsewhere/event.json"], changed)
        (own.folder / "elsewhere/event.json").write_text("{}")
        async with asyncio.timeout(60):
            await heard.wait()

    run(tmp_path, test)


def test_what_is_saved_while_a_save_is_planned_is_planned_too(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.planning = asyncio.Event()
        own.save(own.code("A"), "2")
        await until(lambda: own.planned)
        own.watch.heard.clear()
        own.save(own.code("A"), "3")
        await until(lambda: own.code("A") in own.watch.heard)
        own.planning.set()
        await own.tells(2)
        assert own.given == [("A", "2"), ("A", "3")]

    run(tmp_path, test)


def test_a_checkout_of_a_thousand_files_is_hardly_more_than_one_reload(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        for number in range(1000):
            (own.code("A").parent / f"module{number}.py").write_text("1")
            if number % 100 == 99:
                await asyncio.sleep(0.03)

        def told() -> set[str]:
            return {path for each in own.told for path in each.paths}

        await until(lambda: len(told()) >= 1000)
        # A busy machine may make a pause after the first of them, or between a file's two changes.
        assert 1 <= len(own.told) <= len(own.planned) <= 6
        assert len(told()) == 1000
        assert any(each.text.partition(" (")[0].endswith(" more") for each in own.told)

    run(tmp_path, test)


def test_a_build_that_writes_file_after_file_is_few_reloads(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        for number in range(12):
            (own.code("A").parent / f"module{number}.py").write_text("1")
            # The first is taken for somebody's save.
            await until(lambda: own.told)
            await asyncio.sleep(0.06)
        await until(lambda: "module11.py" in own.told[-1].paths)
        # A busy machine may make a pause for another.
        assert 2 <= len(own.told) <= 5
        assert own.told[0].paths == ("module0.py",)

    run(tmp_path, test)


def test_a_project_in_a_folder_whose_name_is_no_text_is_served_unwatched(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        sources = Sources()
        sources.add_tree(own.folder / os.fsdecode(b"\xff"))
        own.reloader.planned("A", sources, None, began=time.time())
        await own.first_plan("B")
        own.save(own.code("B"), "2")
        assert await own.tells() == ["reloaded B: app.py"]

    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    run(tmp_path, test)


def test_other_files_are_watched_and_may_concern_every_function(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        answers = [False, True]

        async def changed() -> bool:
            if not answers:
                raise ConfigurationError("samconfig.toml: it is broken.")
            return answers.pop(0)

        own.reloader.also([own.folder / "samconfig.toml"], changed)
        await own.first_plan("A", "B")
        own.save(own.folder / "samconfig.toml", "")
        await until(lambda: answers == [True] and own.watch.rests)
        assert (own.told, own.planned) == ([], [])
        own.save(own.folder / "samconfig.toml", "1")
        assert await own.tells() == ["reloaded A, B: samconfig.toml"]
        own.save(own.folder / "samconfig.toml", "2")
        assert await own.tells() == ["samconfig.toml: it is broken. not reloaded: samconfig.toml."]

    run(tmp_path, test)


def test_what_samlocal_writes_itself_is_no_save(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        cache = own.code("A").parent / ".cache"
        cache.mkdir()
        await own.first_plan("A")
        (cache / "entry").write_text("1")
        await until(lambda: cache / "entry" in own.watch.heard)
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A: app.py"]
        assert own.planned == ["A"]

    run(tmp_path, test)


def test_a_source_file_that_runs_where_it_lies_needs_no_plan_but_the_one_there_is(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        own.as_it_lies = True
        await own.first_plan("A")
        before = own.code("A").with_name("before~")
        before.write_text("2")
        before.rename(own.code("A"))
        assert await own.tells() == ["reloaded A: app.py"]
        assert own.planned == []
        assert own.given == [("A", "1")]
        # All files are looked at when nobody waits for that.
        await until(lambda: own.confirmed)
        plan = await own.plan("A", Sources())
        assert own.confirmed == [("A", files_key(plan.spec.code, plan.spec))]

    run(tmp_path, test)


@pytest.mark.parametrize("name", ["requirements.txt", "package.json", "app.ts", "link.py", "secret.py", "folder/"])
def test_what_may_change_more_than_the_code_is_planned(tmp_path: Path, name: str) -> None:
    async def test(own: World) -> None:
        own.as_it_lies = True
        await own.first_plan("A")
        path = own.code("A").parent / name
        if name == "link.py":
            path.symlink_to(own.code("B"))
        elif name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("")
            path.chmod(0o600 if name == "secret.py" else 0o644)
        await own.tells()
        assert own.planned == ["A"]

    run(tmp_path, test)


def test_a_fault_of_samlocals_own_is_told_and_the_next_save_is_taken_up(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.code("A").write_bytes(b"\xff")
        (said,) = await own.tells()
        assert said.startswith("A fault of samlocal's own: UnicodeDecodeError")
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A: app.py"]

    run(tmp_path, test)


def test_where_nobody_can_watch_that_is_told_once_and_what_is_watched_already_is_reloaded(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.unwatched.append("the disk is broken")
        sources, began = Sources(), time.time()
        own.reloader.planned("B", sources, await own.plan("B", sources), began=began)
        said = "samlocal cannot watch all that the functions are made from: the disk is broken. saves may be missed."
        assert await own.tells() == [said]
        own.save(own.code("A"), "2")
        assert await own.tells() == ["reloaded A: app.py"]
        own.unwatched.clear()
        own.save(own.code("A"), "3")
        assert await own.tells() == ["reloaded A: app.py"]
        # Where it lies: its folder, which is not watched yet, is the same as before.
        own.code("B").write_text("2")
        assert await own.tells() == ["reloaded B: app.py"]

    run(tmp_path, test)


def test_how_functions_are_reloaded_is_said(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        for how, said in {
            Replaced.AFTER_EVENT: "A will be reloaded when what runs is over: app.py",
            Replaced.ANEW: "reloaded A in a new container: app.py",
            Replaced.NOTHING: "reloaded A: app.py",
        }.items():
            own.how = how
            own.save(own.code("A"), said)
            assert await own.tells() == [said]

    run(tmp_path, test)


def test_of_files_that_are_saved_at_once_each_function_names_its_own(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A", "B")
        own.hows["A"] = Replaced.AFTER_EVENT
        files = [own.code(name) for name in "AB"]
        await own.save_at_once(*files, *(each.with_name(f"of_{each.parent.name}.py") for each in files))
        assert sorted(await own.tells(2)) == [
            "A will be reloaded when what runs is over: app.py, of_A.py",
            "reloaded B: app.py, of_B.py",
        ]

    run(tmp_path, test)


def test_a_broken_save_is_told_also_where_another_program_writes_beside_it(tmp_path: Path) -> None:
    async def test(own: World) -> None:
        await own.first_plan("A")
        own.save(own.template, "broken")
        while not own.told:
            # As a shell does for `samlocal up 2> up.log`.
            (own.folder / "up.log").write_text(str(time.time()))
            await asyncio.sleep(0.05)
        assert await own.tells() == ["template.yaml:3: it is broken. not reloaded: template.yaml; A stays as it was."]
        own.save(own.template, "good")
        assert await own.tells() == ["reloaded A: template.yaml"]

    run(tmp_path, test)
