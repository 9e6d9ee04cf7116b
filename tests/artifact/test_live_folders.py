"""A folder that stays while what is in it is exchanged."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from samlocal.artifact.cache import Cache
from samlocal.artifact.live import KIND, LiveFolder
from samlocal.errors import ConfigurationError

OWNER = """
import sys
from pathlib import Path
from samlocal.artifact.cache import Cache
from samlocal.artifact.live import LiveFolder
live = LiveFolder(Cache(Path(sys.argv[1])))
print(live.shown, flush=True)
sys.stdin.read()
"""


def content(cache: Cache, key: str, **files: str) -> Path:
    def make(folder: Path) -> None:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return cache.entry("code", key, make)


def seen(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def show(live: LiveFolder, folder: Path | None) -> None:
    live.stage(folder)
    live.show()


def folders(cache: Cache) -> int:
    return len(list((cache.root / KIND).iterdir()))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def live(cache: Cache) -> Iterator[LiveFolder]:
    own = LiveFolder(cache)
    yield own
    own.close()


def test_the_folder_stays_the_same_and_holds_what_is_shown_alone(cache: Cache, live: LiveFolder) -> None:
    mounted = os.open(live.shown, os.O_RDONLY)
    first = live.shown.stat()
    assert seen(live.shown) == {}
    show(live, content(cache, "one", **{"app.py": "1", "lib/gone.py": "", "lib/a/b.py": "1"}))
    with (live.shown / "app.py").open() as file:
        show(live, content(cache, "two", **{"app.py": "2", "lib/a/b.py": "2"}))
        assert file.read() == "1"
    assert seen(live.shown) == {"app.py": "2", "lib/a/b.py": "2"}
    assert {entry.name for entry in os.scandir(mounted)} == {"app.py", "lib"}
    assert os.path.samestat(first, live.shown.stat())
    show(live, None)
    assert list(os.scandir(mounted)) == []
    os.close(mounted)
    live.forget()
    assert {path.name for path in live.shown.parent.iterdir()} == {"shown", "next"}


def test_what_is_shown_takes_no_room_beside_the_cache(cache: Cache, live: LiveFolder) -> None:
    entry = content(cache, "one", **{"lib/app.py": "1"})
    show(live, entry)
    assert (live.shown / "lib/app.py").samefile(entry / "lib/app.py")


def test_modes_and_links_are_those_of_the_content(cache: Cache, live: LiveFolder) -> None:
    entry = content(cache, "one", **{"run.sh": "", "closed/file": ""})
    (entry / "run.sh").chmod(0o755)
    (entry / "link").symlink_to("closed/file")
    (entry / "closed").chmod(0o555)
    umask = os.umask(0o077)
    try:
        show(live, entry)
    finally:
        os.umask(umask)
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (live.shown, *live.shown.iterdir())}
    assert modes == {"shown": 0o755, "run.sh": 0o755, "closed": 0o555, "link": 0o777}
    assert (live.shown / "link").readlink() == Path("closed/file")


def test_an_owner_who_may_not_write_a_folder_exchanges_it_all_the_same() -> None:
    """Root may; so this is somebody else where the tests run as root."""
    script = """
import os, sys
from pathlib import Path
import filelock
from samlocal.artifact.cache import Cache
from samlocal.artifact.live import LiveFolder
if os.geteuid() == 0:
    # Nothing can be imported any more from a root's own folder.
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
cache = Cache(Path(sys.argv[1]) / "cache")
entry = cache.entry("code", "one", lambda folder: (folder / "closed").mkdir() or (folder / "closed").chmod(0o555))
live = LiveFolder(cache)
for content in (entry, None, entry):
    live.stage(content)
    live.show()
assert (live.shown / "closed").stat().st_mode & 0o777 == 0o555
live.forget()
live.close()
assert list((cache.root / "live").iterdir()) == []
"""
    # Not tmp_path: nobody else may enter the folders above it.
    with tempfile.TemporaryDirectory() as own:
        Path(own).chmod(0o777)
        subprocess.run([sys.executable, "-c", script, own], check=True)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second disk")
def test_content_on_another_disk_is_copied(live: LiveFolder) -> None:
    other = Cache(Path("/dev/shm") / f"samlocal-test-{os.getpid()}")
    try:
        entry = content(other, "one", **{"lib/app.py": "1"})
        assert entry.stat().st_dev != live.shown.stat().st_dev
        show(live, entry)
        assert seen(live.shown) == {"lib/app.py": "1"}
        assert not (live.shown / "lib/app.py").samefile(entry / "lib/app.py")
    finally:
        shutil.rmtree(other.root)


def test_what_cannot_be_made_ready_leaves_what_is_shown(cache: Cache, live: LiveFolder) -> None:
    show(live, content(cache, "one", **{"app.py": "1"}))
    with pytest.raises(ConfigurationError, match="cannot be written"):
        live.stage(cache.root / "code" / "absent")
    assert seen(live.shown) == {"app.py": "1"}
    show(live, content(cache, "two", **{"app.py": "2"}))
    assert seen(live.shown) == {"app.py": "2"}


def test_a_full_disk_is_a_clear_error_and_leaves_what_is_shown(cache: Cache, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "samlocal", disk]).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        live = LiveFolder(Cache(disk))
        show(live, content(cache, "one", **{"app.py": "1"}))
        with pytest.raises(ConfigurationError, match=f"cache folder {disk} is full"):
            live.stage(content(cache, "large", large="x" * 2_000_000))
        assert seen(live.shown) == {"app.py": "1"}
        show(live, content(cache, "two", **{"app.py": "2"}))
        assert seen(live.shown) == {"app.py": "2"}
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextmanager
def owner(cache: Cache) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(cache.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_the_folder_of_one_who_was_killed_goes_and_one_in_use_stays(cache: Cache) -> None:
    with owner(cache) as (process, folder):
        LiveFolder(cache).close()
        assert folder.is_dir()
        process.kill()
        process.wait()
        assert folder.is_dir()
        LiveFolder(cache).close()
        assert not folder.exists()


def test_nothing_is_left_of_a_folder_that_was_closed(cache: Cache) -> None:
    live = LiveFolder(cache)
    show(live, content(cache, "one", **{"app.py": "1"}))
    show(live, content(cache, "two", **{"app.py": "2"}))
    live.close()
    assert folders(cache) == 0
    assert seen(cache.root / "code" / "one") == {"app.py": "1"}


def test_many_that_are_made_at_once_sweep_none_of_each_others(cache: Cache) -> None:
    script = """
import sys
from pathlib import Path
from samlocal.artifact.cache import Cache
from samlocal.artifact.live import LiveFolder
for _ in range(60):
    live = LiveFolder(Cache(Path(sys.argv[1])))
    live.stage(None)
    live.show()
    live.close()
"""
    processes = [subprocess.Popen([sys.executable, "-c", script, str(cache.root)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert folders(cache) == 0


def test_an_entry_that_is_removed_stays_shown(cache: Cache, live: LiveFolder) -> None:
    entry = content(cache, "one", **{"app.py": "1"})
    show(live, entry)
    # This cache's own lease of it goes with the removal.
    assert cache.remove("code", "one")
    assert not entry.exists()
    assert seen(live.shown) == {"app.py": "1"}
