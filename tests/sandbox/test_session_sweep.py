"""Whose containers a session may remove: those of sessions that ended, and no others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from samlocal.errors import ConfigurationError
from samlocal.sandbox.session import Session, session


class FakeEngine:
    """An engine with containers; it notes which are removed."""

    def __init__(self, containers: Mapping[str, Mapping[str, str]]) -> None:
        self.containers = dict(containers)

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        return dict(self.containers)

    def remove(self, container: str, *, wait: bool = True) -> None:
        assert wait
        del self.containers[container]


def swept(own: Session, containers: Mapping[str, Mapping[str, str]]) -> set[str]:
    """The containers that a sweep removes, which is what it says it does."""
    engine = FakeEngine(containers)
    number = own.sweep(engine)  # type: ignore[arg-type]
    removed = set(containers) - set(engine.containers)
    assert len(removed) == number
    return removed


def killed(folder: Path, name: str = "killed") -> Session:
    """A session whose process is gone: its file is there and nobody holds the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    return Session(folder, id_=name)


def test_what_a_killed_session_left_is_removed_with_its_file(tmp_path: Path) -> None:
    dead = killed(tmp_path)
    with session(tmp_path) as own:
        assert swept(own, {"c1": dead.labels, "c2": dead.labels}) == {"c1", "c2"}
        assert not (tmp_path / dead.id).exists()


def test_a_session_whose_file_is_gone_has_ended(tmp_path: Path) -> None:
    with session(tmp_path) as own:
        assert swept(own, {"c": Session(tmp_path, id_="gone").labels}) == {"c"}


def test_a_session_that_lives_keeps_its_containers(tmp_path: Path) -> None:
    with session(tmp_path) as other, session(tmp_path) as own:
        assert swept(own, {"theirs": other.labels, "mine": own.labels}) == set()


def test_the_lock_tells_the_living_not_the_process_id(tmp_path: Path) -> None:
    labels = dict(killed(tmp_path).labels)
    # Its process id is given out again: here to this very process.
    assert any(str(os.getpid()) in value for value in labels.values())
    with session(tmp_path) as own:
        assert swept(own, {"c": labels}) == {"c"}


def test_sessions_of_another_folder_are_not_judged(tmp_path: Path) -> None:
    theirs = killed(tmp_path / "theirs")
    with session(tmp_path / "mine") as own:
        assert swept(own, {"c": theirs.labels}) == set()


def test_what_another_program_labelled_is_not_touched(tmp_path: Path) -> None:
    with session(tmp_path) as own:
        assert swept(own, {"c": {"samlocal": "0"}}) == set()


def test_a_session_has_ended_after_its_block(tmp_path: Path) -> None:
    with session(tmp_path) as first:
        assert (tmp_path / first.id).exists()
    with session(tmp_path) as own:
        assert swept(own, {"c": first.labels}) == {"c"}
    assert list(tmp_path.iterdir()) == []


def test_names_are_told_apart_and_known_before_a_container_is_made(tmp_path: Path) -> None:
    with session(tmp_path) as one, session(tmp_path) as other:
        names = [one.next_name(), one.next_name(), other.next_name()]
    assert len(set(names)) == 3
    assert all(name.startswith("samlocal-") for name in names)


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written") as raised, session(tmp_path / "file"):
        pass
    assert "SAMLOCAL_CACHE_DIR" in (raised.value.tip or "")
