"""Whose containers a session may remove: those of sessions that ended, and no others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kit import eventually

from samlocal.errors import ConfigurationError, EngineError
from samlocal.sandbox.session import Session, session, swept_now


class FakeEngine:
    """An engine with containers; it notes which are removed."""

    def __init__(self, containers: Mapping[str, Mapping[str, str]]) -> None:
        self.containers = dict(containers)

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        return dict(self.containers)

    def remove(self, container: str, *, wait: bool = True) -> bool:
        assert wait
        del self.containers[container]
        return True


def swept(own: Session, containers: Mapping[str, Mapping[str, str]], *, killed: int | None = None) -> set[str]:
    """The containers that a sweep removes; it speaks of ``killed``, of all of them unless it is given."""
    engine = FakeEngine(containers)
    number = own.sweep(engine)  # type: ignore[arg-type]
    removed = set(containers) - set(engine.containers)
    assert number == (len(removed) if killed is None else killed)
    return removed


def of_a_dead_process(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels as a process made them that has ended since."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return {**labels, "samlocal.owner": f"{process.pid}@{socket.gethostname()}"}


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


def test_what_a_session_left_that_ended_in_good_order_is_removed_without_a_word(tmp_path: Path) -> None:
    with session(tmp_path) as own:
        labels = of_a_dead_process(Session(tmp_path, id_="gone").labels)
        assert swept(own, {"c": labels}, killed=0) == {"c"}


def test_emptying_the_cache_ends_no_session_that_lives(tmp_path: Path) -> None:
    with session(tmp_path / "sessions") as other:
        labels = other.labels
        shutil.rmtree(tmp_path / "sessions")
        with session(tmp_path / "sessions") as own:
            assert swept(own, {"c": labels}) == set()
        with session(tmp_path / "elsewhere") as own:
            assert swept(own, {"c": labels}) == set()


def test_after_the_cache_was_emptied_the_containers_of_the_dead_are_still_removed(tmp_path: Path) -> None:
    labels = of_a_dead_process(Session(tmp_path / "emptied", id_="killed").labels)
    with session(tmp_path / "mine") as own:
        assert swept(own, {"c": labels}, killed=0) == {"c"}


def test_a_process_id_that_was_given_out_again_is_not_taken_for_the_dead_one(tmp_path: Path) -> None:
    own_labels = dict(Session(tmp_path / "emptied", id_="killed").labels)
    born = own_labels.pop("samlocal.born")
    if not born:
        pytest.skip("this system does not tell when a process was born")
    boot, _, ticks = born.partition(":")
    own_labels["samlocal.born"] = f"{boot}:{int(ticks) - 1}"
    with session(tmp_path / "mine") as own:
        assert swept(own, {"c": own_labels}, killed=0) == {"c"}


def test_another_machines_session_is_not_judged_by_its_process(tmp_path: Path) -> None:
    labels = dict(of_a_dead_process(Session(tmp_path / "emptied", id_="killed").labels))
    labels["samlocal.owner"] = labels["samlocal.owner"].partition("@")[0] + "@elsewhere"
    with session(tmp_path / "mine") as own:
        assert swept(own, {"c": labels}) == set()


def test_a_container_made_to_look_into_an_image_is_removed_when_it_is_old(tmp_path: Path) -> None:
    now = int(time.time())
    probes = {name: {"samlocal": "", "samlocal.probe": str(made)} for name, made in (("new", now), ("old", now - 90))}
    with session(tmp_path) as own:
        assert swept(own, probes, killed=0) == {"old"}


def test_files_of_sessions_that_were_killed_without_a_container_are_removed(tmp_path: Path) -> None:
    dead = killed(tmp_path)
    os.utime(tmp_path / dead.id, (0, 0))
    with session(tmp_path) as other, session(tmp_path) as own:
        os.utime(tmp_path / other.id, (0, 0))
        assert swept(own, {}) == set()
        assert {path.name for path in tmp_path.iterdir()} == {own.id, other.id}


def test_session_files_are_for_their_owner_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with session(tmp_path / "cache" / "sessions") as own:
            for folder in (tmp_path / "cache", tmp_path / "cache" / "sessions"):
                assert folder.stat().st_mode & 0o777 == 0o700
            other = tmp_path / "other"
            other.write_text("")
            (tmp_path / "cache/sessions/planted").symlink_to(other)
            labels = {**of_a_dead_process(own.labels), "samlocal.session": "planted"}
            assert swept(own, {"c": labels}) == set()
    finally:
        os.umask(before)


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


def test_a_session_leaves_no_file_behind(tmp_path: Path) -> None:
    with session(tmp_path) as first:
        assert (tmp_path / first.id).exists()
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


def test_a_folder_that_cannot_be_looked_into_is_not_judged_and_keeps_nothing_else_from_being_swept(
    tmp_path: Path,
) -> None:
    # For root every folder is open; that a name is too long is refused to everybody.
    hidden = of_a_dead_process(Session(tmp_path / ("x" * 300), id_="theirs").labels)
    dead = killed(tmp_path)
    with session(tmp_path) as own:
        assert swept(own, {"hidden": hidden, "c": dead.labels}) == {"c"}


def test_an_engine_that_lists_nothing_is_left_to_the_run_itself_and_hung_up(tmp_path: Path) -> None:
    open_ = set[object]()

    class Engine(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            open_.add(self)

        def finish(self) -> None:
            super().finish()
            open_.remove(self)

        def do_GET(self) -> None:
            connects = self.path.endswith("/version")
            body = b'{"ApiVersion": "1.43"}' if connects else b'{"message": "no room"}'
            self.send_response(200 if connects else 500)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server, session(tmp_path) as own:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            with pytest.raises(EngineError):
                swept_now(own, {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"})
            assert eventually(lambda: not open_)
        finally:
            server.shutdown()
