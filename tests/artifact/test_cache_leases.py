"""What is mounted from the cache stays as long as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kit import Project, python

from samlocal.artifact.cache import Cache
from samlocal.errors import ConfigurationError

USER = """
import sys
from pathlib import Path
from samlocal.artifact.cache import Cache
cache = Cache(Path(sys.argv[1]))
assert cache.find("layers", "key")
print("held", flush=True)
sys.stdin.read()
"""


def put(cache: Cache, text: str, *, renew: bool = False) -> Path:
    return cache.entry("layers", "key", lambda folder: _write(folder / "file", text), renew=renew)


def _write(file: Path, text: str) -> None:
    file.write_text(text)


@pytest.fixture
def another(tmp_path: Path) -> Callable[[], object]:
    """Another process that uses the entry, as one whose sandbox has it mounted."""

    @contextmanager
    def user() -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [sys.executable, "-c", USER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
            process.kill()

    return user


def test_an_entry_in_use_is_not_removed_and_goes_when_nobody_uses_it(tmp_path: Path, another: Callable) -> None:  # type: ignore[type-arg]
    entry = put(Cache(tmp_path), "one")
    with another():
        assert not Cache(tmp_path).remove("layers", "key")
        assert Cache(tmp_path).clear("layers") == 0
        assert (entry / "file").read_text() == "one"
    assert Cache(tmp_path).clear("layers") == 1
    assert not entry.exists()


def test_a_renewed_entry_gets_a_new_folder_and_the_old_one_goes_with_its_last_user(
    tmp_path: Path,
    another: Callable,  # type: ignore[type-arg]
) -> None:
    entry = put(Cache(tmp_path), "one")
    with another():
        mounted = os.open(entry, os.O_RDONLY)
        try:
            put(Cache(tmp_path), "two", renew=True)
            put(Cache(tmp_path), "three", renew=True)
            assert (entry / "file").read_text() == "three"
            # As a container sees it that has the folder mounted.
            seen = os.open("file", os.O_RDONLY, dir_fd=mounted)
            assert os.read(seen, 10) == b"one"
            os.close(seen)
        finally:
            os.close(mounted)
    Cache(tmp_path).clear("other")
    put(Cache(tmp_path), "four", renew=True)
    assert [path.name for path in (tmp_path / "layers").iterdir()] == ["key"]


def test_what_was_killed_holds_nothing(tmp_path: Path, another: Callable) -> None:  # type: ignore[type-arg]
    put(Cache(tmp_path), "one")
    with another() as process:
        process.kill()
        process.wait()
        assert Cache(tmp_path).remove("layers", "key")


def test_a_lease_ends_with_what_refers_to_it(tmp_path: Path) -> None:
    user = Cache(tmp_path).leasing()
    put(user, "one")
    kept = tuple(user.leases.values())
    del user
    assert not Cache(tmp_path).remove("layers", "key")
    del kept
    assert Cache(tmp_path).remove("layers", "key")


def test_a_folder_inside_an_entry_is_held_by_its_entry(tmp_path: Path) -> None:
    (put(Cache(tmp_path), "one") / "content").mkdir()
    user = Cache(tmp_path)
    user.hold(tmp_path / "layers" / "key" / "content")
    user.hold(tmp_path.parent)
    assert not Cache(tmp_path).remove("layers", "key")


def test_the_caches_folders_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    for umask in (0, 0o777):
        before = os.umask(umask)
        try:
            root = tmp_path / f"{umask:o}"
            entry = put(Cache(root), "one")
        finally:
            os.umask(before)
        assert {path.stat().st_mode & 0o777 for path in (root, root / "layers", root / ".locks")} == {0o700}
        assert entry.stat().st_mode & 0o777 == 0o755


def test_a_link_planted_for_a_lock_is_not_followed(tmp_path: Path) -> None:
    from samlocal.errors import ConfigurationError

    target = tmp_path / "target"
    (tmp_path / "cache/.locks").mkdir(parents=True)
    (tmp_path / "cache/.locks/layers-key").symlink_to(target)
    with pytest.raises(ConfigurationError):
        put(Cache(tmp_path / "cache"), "one")
    assert not target.exists()


def test_a_link_planted_for_a_part_file_is_not_followed(tmp_path: Path) -> None:
    from samlocal.artifact.fetch.download import download
    from samlocal.aws import Body

    target = tmp_path / "target"
    (tmp_path / ".part-key").symlink_to(target)

    @contextmanager
    def open_at(start: int, _: bool) -> Iterator[Body]:
        yield Body(start=start, total=3, pieces=iter([b"abc"]))

    with pytest.raises(OSError, match="symbolic"):
        download(tmp_path / ".part-key", open_at=open_at, sha256=None, size=None, step=lambda *_: None)
    assert not target.exists()


def test_a_runs_whole_cache_is_its_owners_alone_whatever_the_umask(project: Callable[..., Project]) -> None:
    """What AWS said, its sessions and the environment on this machine lie there as well."""
    own = project(python("def handler(event, context):\n    return 1\n"))
    own.cache.rmdir()
    before = os.umask(0)
    try:
        own.run("env", "Fn", "-e", "local").succeeded()
        own.run("local", "stop").succeeded()
    finally:
        os.umask(before)
    open_to_others = [
        str(path.relative_to(own.cache))
        for path in (own.cache, *own.cache.rglob("*"))
        if path.lstat().st_mode & 0o077 and own.cache in (path.parent, path)
    ]
    assert open_to_others == []
    assert own.cache.stat().st_mode & 0o777 == 0o700


def test_a_cache_folder_that_cannot_be_made_is_named_with_what_names_another(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    cache = Cache(tmp_path / "home" / ".cache" / "samlocal")
    with pytest.raises(ConfigurationError, match=r"The cache folder .*samlocal cannot be written: ") as refused:
        put(cache, "text")
    assert refused.value.tip == "Name another with SAMLOCAL_CACHE_DIR."
