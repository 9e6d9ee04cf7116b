"""The cache: an entry is whole or not there at all."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from samlocal.artifact.cache import Cache, tree_hash
from samlocal.errors import ConfigurationError


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("whole")

    cache = Cache(tmp_path / "cache")
    first, again = cache.entry("kind", "key", make), cache.entry("kind", "key", make)
    assert first == again
    assert (first / "file").read_text() == "whole"
    assert len(made) == 1


def test_any_user_can_read_an_entry(tmp_path: Path) -> None:
    entry = Cache(tmp_path).entry("kind", "key", lambda folder: None)
    assert entry.stat().st_mode & 0o777 == 0o755


def test_a_making_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise RuntimeError("broken")

    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError, match="broken"):
        cache.entry("kind", "key", fail)
    assert list((tmp_path / "kind").iterdir()) == []
    assert cache.entry("kind", "key", lambda folder: None).is_dir()


def test_of_two_that_want_the_same_entry_at_once_one_makes_it_and_both_get_it_whole(tmp_path: Path) -> None:
    begin = threading.Barrier(2, timeout=60)
    made: list[str] = []
    got: list[Path] = []

    def make(folder: Path) -> None:
        made.append("once")
        (folder / "one").write_text("1")
        time.sleep(0.2)
        (folder / "two").write_text("2")

    def run() -> None:
        begin.wait()
        got.append(Cache(tmp_path).entry("kind", "key", make))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert made == ["once"]
    assert len(got) == 2
    assert got[0] == got[1]
    assert sorted(file.name for file in got[0].iterdir()) == ["one", "two"]
    assert [folder.name for folder in (tmp_path / "kind").iterdir()] == ["key"]


def test_a_cache_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigurationError, match="cannot be written") as raised:
        Cache(tmp_path / "file").entry("kind", "key", lambda folder: None)
    assert "SAMLOCAL_CACHE_DIR" in (raised.value.tip or "")


def test_a_folders_key_changes_with_its_files_and_their_modes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("1")
    keys = [tree_hash(tmp_path)]
    (tmp_path / "a/file").write_text("12")
    keys.append(tree_hash(tmp_path))
    (tmp_path / "a/file").chmod(0o755)
    keys.append(tree_hash(tmp_path))
    (tmp_path / "b").write_text("")
    keys.append(tree_hash(tmp_path))
    assert len(set(keys)) == 4
    assert tree_hash(tmp_path) == keys[-1]
