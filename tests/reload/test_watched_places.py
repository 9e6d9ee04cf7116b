"""What is heard of real folders and files, whatever becomes of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import pytest
from kit import write

from samlocal.reload.notifier import Notifier, UnwatchedError
from samlocal.reload.remote import is_remote
from samlocal.reload.watch import LooksOut, MakesLookOuts, Watch


class Watched:
    """A watch over ``code`` and ``template.yaml`` in a folder."""

    def __init__(self, watch: Watch, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "code"
        self.template = folder / "template.yaml"
        self._watch = watch

    async def follow(self) -> frozenset[Path]:
        return await self._watch.follow({self.code}, {self.template})

    async def heard(self) -> set[str]:
        """The next batch, by the paths in the folder."""
        async with asyncio.timeout(60):
            paths = await self._watch.changes()
        await self.follow()
        return {str(path.relative_to(self.folder)) for path in paths}

    async def hears(self, wanted: str) -> None:
        """Waits until a path is told."""
        while wanted not in await self.heard():
            pass

    async def is_watched(self) -> None:
        """Waits until a save in the code is told: what is saved before it is watched is planned from in any case."""
        for number in range(50):
            (self.code / "app.py").write_text(str(number))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    paths = await self._watch.changes()
                await self.follow()
                if self.code / "app.py" in paths:
                    return
        raise AssertionError("no save is told")

    async def nothing(self) -> None:
        assert not await self._watch.more(0.15)


def run(
    folder: Path,
    test: Callable[[Watched], Awaitable[None]],
    *,
    polls: bool = False,
    look_out: MakesLookOuts = Notifier,
) -> None:
    folder = folder.resolve()
    (folder / "code").mkdir(parents=True)
    (folder / "code/app.py").write_text("1")
    (folder / "template.yaml").write_text("1")
    for path in (folder / "code/app.py", folder / "template.yaml"):
        os.utime(path, (1_700_000_000, 1_700_000_000))

    async def main() -> None:
        watch = Watch(remark=lambda _: None, polls=polls, look_out=look_out)
        own = Watched(watch, folder)
        try:
            await own.follow()
            async with asyncio.timeout(120):
                await test(own)
        finally:
            await watch.close()

    asyncio.run(main())


def test_a_save_is_told(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        write(own.code / "app.py", "two")
        await own.hears("code/app.py")
        write(own.template, "two")
        await own.hears("template.yaml")
        await own.nothing()

    run(tmp_path, test)


def test_where_the_system_does_not_tell_a_save_is_seen_also_the_second_in_a_second(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for number in range(2):
            # As nobody knows whether there was another save in that second it is told once more.
            (own.code / "app.py").write_text(f"{number} {time.time()}")
            await own.hears("code/app.py")

    run(tmp_path, test, polls=True)


def test_a_file_that_this_process_writes_is_no_save(tmp_path: Path) -> None:
    # `samlocal up > up.txt` in the folder of the code would tell of its own lines without end.
    code = tmp_path.resolve() / "code"
    code.mkdir()

    async def main() -> frozenset[Path]:
        (code / "app.py").touch()
        with (code / "up.txt").open("w", buffering=1) as own, (code / "app.py").open():
            watch = Watch(remark=lambda _: None)
            try:
                await watch.follow({code}, ())
                own.write("reloaded\n")
                (code / "app.py").write_text("a save")
                told: frozenset[Path] = frozenset()
                async with asyncio.timeout(60):
                    while code / "app.py" not in told:
                        told |= await watch.changes()
                return told
            finally:
                await watch.close()

    assert asyncio.run(main()) == {code / "app.py"}


def test_a_save_by_another_file_in_its_place_is_told_under_the_name(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for _ in range(3):
            for place in (own.code / "app.py", own.template):
                new = place.with_name("new~")
                new.write_text("2")
                new.rename(place)
                await own.hears(str(place.relative_to(own.folder)))

    run(tmp_path, test)


def test_many_changes_are_one(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for number in range(1000):
            (own.code / f"file{number}").write_text("1")
        heard, batches = await own.heard(), 1
        while len(heard) < 1000:
            heard |= await own.heard()
            batches += 1
        # A busy machine may make a pause.
        assert batches <= 5

    run(tmp_path, test)


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for _ in range(2):
            shutil.rmtree(own.code)
            await own.hears("code")
            own.code.mkdir()
            await own.is_watched()

    run(tmp_path, test)


def test_a_folder_that_is_exchanged_at_once_is_watched_again(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for _ in range(3):
            shutil.rmtree(own.code)
            own.code.mkdir()
            await own.is_watched()

    run(tmp_path, test)


def test_a_folder_that_is_moved_away_is_watched_no_more_and_its_successor_is(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        own.code.rename(own.folder / "old")
        await own.hears("code")
        (own.folder / "old/app.py").write_text("of nobody")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                while True:
                    assert "code/app.py" not in await own.heard()
        own.code.mkdir()
        await own.is_watched()

    run(tmp_path, test)


def test_a_file_that_goes_and_comes_back_is_told_both_times(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        own.template.rename(own.folder / "away")
        await own.hears("template.yaml")
        (own.folder / "away").rename(own.template)
        await own.hears("template.yaml")

    run(tmp_path, test)


def test_the_whole_project_may_go_and_come_back(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        shutil.rmtree(own.folder)
        await own.heard()
        own.code.mkdir(parents=True)
        await own.is_watched()

    run(tmp_path / "project", test)


def test_a_file_whose_name_is_no_text_changes_everything(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        for _ in range(2):
            os.close(os.open(os.fsencode(own.code) + b"/\xff\xfe", os.O_CREAT | os.O_WRONLY))
            await own.hears("code")
        (own.code / "app.py").write_text("after it")
        await own.hears("code/app.py")

    run(tmp_path, test)


def test_what_is_watched_already_is_not_new(tmp_path: Path) -> None:
    async def test(own: Watched) -> None:
        assert await own.follow() == frozenset()

    run(tmp_path, test)


def test_what_is_saved_at_the_moment_at_which_other_places_are_watched_too_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        watch = Watch(remark=lambda _: None)
        try:
            followed = {tmp_path / "0"}
            await watch.follow(followed, ())
            for number in range(20):
                # Before its look-out has told of it.
                saved = tmp_path / str(number) / "app.py"
                saved.write_text("1")
                followed = {*followed, tmp_path / str(number + 1)}
                await watch.follow(followed, ())
                async with asyncio.timeout(60):
                    while saved not in await watch.changes():
                        pass
        finally:
            await watch.close()

    for number in range(21):
        (tmp_path / str(number)).mkdir()
    asyncio.run(main())


class Making:
    """Makes look-outs over folders as a test lets it: ``begun`` and ``goes_on`` are each one's, in its thread."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.failures: list[Exception] = []

    def __call__(
        self, places: Collection[Path], *, recursive: bool, polls: bool, hear: Callable[[frozenset[Path]], None]
    ) -> LooksOut:
        if recursive:
            self.begun.set()
            assert self.goes_on.wait(60)
            if self.failures:
                raise self.failures.pop(0)
        return Notifier(places, recursive=recursive, polls=polls, hear=hear)


def test_a_watch_that_is_closed_while_it_is_made_leaves_no_thread(tmp_path: Path) -> None:
    making = Making()
    making.goes_on.clear()

    async def main() -> None:
        watch = Watch(remark=lambda _: None, look_out=making)
        following = asyncio.create_task(watch.follow({tmp_path}, ()))
        assert await asyncio.to_thread(making.begun.wait, 20)
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
        closing = asyncio.create_task(watch.close())
        making.goes_on.set()
        async with asyncio.timeout(60):
            await closing
        assert not [thread for thread in threading.enumerate() if thread.name == "samlocal-watch"]

    asyncio.run(main())


def test_what_goes_while_it_is_to_be_watched_is_looked_for_again(tmp_path: Path) -> None:
    making = Making()
    making.failures.append(FileNotFoundError("No path was found."))
    run(tmp_path, Watched.is_watched, look_out=making)
    assert making.failures == []


def test_what_becomes_of_a_place_while_another_is_looked_for_is_not_forgotten(tmp_path: Path) -> None:
    making = Making()
    first, second = tmp_path / "first", tmp_path / "second"

    async def main() -> None:
        watch = Watch(remark=lambda _: None, look_out=making)
        try:
            assert {first, second} <= await watch.follow({first, second}, ())
            watch.hear(frozenset({first}))
            await watch.changes()
            making.begun.clear()
            making.goes_on.clear()
            making.failures.append(FileNotFoundError("No path was found."))
            following = asyncio.create_task(watch.follow({first, second}, ()))
            assert await asyncio.to_thread(making.begun.wait, 20)
            watch.hear(frozenset({second}))
            await watch.changes()
            making.goes_on.set()
            assert await following == frozenset()
            assert await watch.follow({first, second}, ()) == {first, second}
        finally:
            await watch.close()

    first.mkdir()
    second.mkdir()
    asyncio.run(main())


@pytest.mark.parametrize("polls", [False, True])
def test_a_place_that_has_gone_is_no_reason_to_look_oneself(tmp_path: Path, polls: bool) -> None:
    (tmp_path / "file").write_text("")
    for gone in (tmp_path / "none", tmp_path / "file/in it"):
        with pytest.raises(FileNotFoundError):
            Notifier([gone], recursive=True, polls=polls, hear=lambda _: None)


def test_why_the_system_does_not_watch_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnwatchedError, match=r"File name too long \(os error 36\)"):
        Notifier([tmp_path / ("n" * 300)], recursive=True, polls=False, hear=lambda _: None)


def test_where_the_system_does_not_watch_it_is_looked_and_the_reason_said(tmp_path: Path) -> None:
    making = Making()
    said: list[str] = []

    async def main() -> None:
        watch = Watch(remark=said.append, look_out=making)
        making.failures.append(UnwatchedError("the system does not tell of them (Input/output error)"))
        try:
            assert tmp_path in await watch.follow({tmp_path}, ())
            making.failures.append(UnwatchedError("nobody can look"))
            watch.hear(frozenset({tmp_path}))
            await watch.changes()
            with pytest.raises(UnwatchedError, match="nobody can look"):
                await watch.follow({tmp_path}, ())
        finally:
            await watch.close()

    asyncio.run(main())
    reason = "the system does not tell of them (Input/output error)"
    assert said == [f"changes are looked for every half second: {reason}."]


LIMITED = """
import asyncio, sys
from pathlib import Path
from samlocal.reload.watch import Watch

async def main():
    code = Path(sys.argv[1])
    watch = Watch(remark=print)
    await watch.follow({code}, {code / "app.py"})
    (code / "d7" / "new.py").write_text("1")
    async with asyncio.timeout(60):
        while code / "d7" / "new.py" not in await watch.changes():
            pass
    await watch.close()
    print("heard")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("limit", "remedy"),
    [("max_inotify_watches", "fs.inotify.max_user_watches"), ("max_inotify_instances", "max_user_instances")],
)
def test_at_the_systems_limit_it_looks_itself_and_says_what_to_do(tmp_path: Path, limit: str, remedy: str) -> None:
    for number in range(20):
        (tmp_path / f"d{number}").mkdir()
    # Limits of a user namespace (user_namespaces(7)), which are nobody else's.
    ran = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "sh", "-c"),
            'echo "$1" >/proc/sys/user/$2; shift 2; exec "$@"',
            *("sh", "8" if limit == "max_inotify_watches" else "0", limit),
            *(sys.executable, "-c", LIMITED, str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said, heard = ran.stdout.splitlines()
    assert remedy in said
    assert "every half second" in said
    assert heard == "heard"


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share rw,relatime shared:2 - nfs4 server:/export rw
31 30 0:41 / /mnt/share/disk rw,relatime - ext4 /dev/sdb1 rw
32 22 0:42 / /mnt/my\\040files rw,relatime - 9p drvfs rw
33 22 0:43 / /work rw,relatime - overlay overlay rw
"""


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("/home/someone", False),
        ("/mnt/share/project", True),
        ("/mnt/share/disk/project", False),
        ("/mnt/my files/project", True),
        ("/work/project", False),
        ("/mnt/shared", False),
    ],
)
def test_a_disk_that_others_write_to_is_looked_at(path: str, remote: bool) -> None:
    assert is_remote(Path(path), mounts=MOUNTS) == remote
