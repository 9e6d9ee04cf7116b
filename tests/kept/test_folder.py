"""The folder of sockets: its owner's alone, and free of what has gone."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import throughout

from samlocal.errors import KeptError
from samlocal.kept.folder import Folder
from samlocal.kept.peer import is_ours


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "cache" / "kept" / "project")


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.usefixtures("no_umask")
def test_folder_and_sockets_are_their_owners_whatever_the_umask_says(folder: Folder) -> None:
    with folder.listen("keeper-1.sock"), folder.starting():
        assert mode(folder.path) == 0o700
        assert mode(folder.path / "keeper-1.sock") == 0o600
        assert mode(folder.path / "lock") == 0o600


def test_a_folder_that_others_could_enter_is_closed_to_them(folder: Folder) -> None:
    folder.make()
    folder.path.chmod(0o755)
    folder.make()
    assert mode(folder.path) == 0o700


def test_what_is_another_users_or_only_points_somewhere_is_not_used(folder: Folder, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        others = tmp_path / "others"
        others.mkdir()
        os.chown(others, 12345, 12345)
    else:
        others = Path("/")
    folder.path.parent.mkdir(parents=True)
    folder.path.symlink_to(tmp_path)
    for refused in (Folder(others), folder):
        with pytest.raises(KeptError, match="another user's"):
            refused.make()
        with pytest.raises(KeptError, match="another user's"):
            refused.connect("keeper-1.sock")


def test_other_commands_are_asked_before_a_keeper(folder: Folder) -> None:
    names = ["keeper-2.sock", "start-lambda-1.sock", "keeper-1.sock", "watch-1.sock"]
    listening = [folder.listen(name) for name in names]
    assert folder.names() == ["start-lambda-1.sock", "watch-1.sock", "keeper-1.sock", "keeper-2.sock"]
    for each in listening:
        each.close()


def test_whoever_starts_something_clears_away_what_nobody_listens_at(folder: Folder) -> None:
    folder.listen("keeper-dead.sock").close()
    folder.log("keeper-dead.sock").write_text("a fault")
    old = folder.log("keeper-old.sock")
    old.write_text("a fault of the day before yesterday")
    os.utime(old, (0, 0))
    with folder.listen("keeper-alive.sock") as alive:
        assert folder.connect("keeper-dead.sock") is None
        with folder.starting():
            assert folder.names() == ["keeper-alive.sock"]
        # Whoever asks why it has gone still finds out.
        assert folder.log("keeper-dead.sock").exists()
        assert not old.exists()
        alive.accept()[0].close()
    assert folder.connect("keeper-absent.sock") is None
    assert Folder(folder.path / "absent").connect("keeper-1.sock") is None
    assert Folder(folder.path / "absent").names() == []


def test_one_at_a_time_starts_something(folder: Folder) -> None:
    order = []

    def second() -> None:
        with folder.starting():
            order.append("second")

    with folder.starting():
        other = threading.Thread(target=second)
        other.start()
        throughout(lambda: order == [], seconds=0.1)
        order.append("first")
    other.join(60)
    assert order == ["first", "second"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a way to a socket whose path is too long")
def test_a_path_that_is_too_long_for_the_kernel_is_reached(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ("long" * 50))
    with folder.listen("keeper-1.sock") as listening:
        connection = folder.connect("keeper-1.sock")
        assert connection is not None
        with connection, listening.accept()[0] as accepted:
            assert is_ours(connection)
            assert is_ours(accepted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_users_process_is_known_by_the_kernels_word(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        # Where everybody comes in.
        path = Path("/tmp") / f"samlocal-{os.getpid()}.sock"
        try:
            listening.bind(str(path))
            path.chmod(0o777)
            listening.listen()
            listening.settimeout(60)
            with socket.socket(socket.AF_UNIX) as connection:

                def connect() -> None:
                    os.setuid(65534)
                    connection.connect(str(path))

                subprocess.run(["true"], preexec_fn=connect, check=True)
                accepted, _ = listening.accept()
                with accepted:
                    assert not is_ours(accepted)
        finally:
            path.unlink(missing_ok=True)
