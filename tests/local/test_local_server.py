"""The local endpoint's process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from samlocal.errors import AwsError
from samlocal.local.project import LocalProject
from samlocal.local.server import LocalServer, serve

ROOT = Path(__file__).parents[2]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_listening(server: LocalServer) -> bool:
    address = urlsplit(server.url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) == 0


def test_it_listens_on_loopback_and_is_gone_afterwards() -> None:
    with serve(os.environ) as server:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert is_listening(server)
    assert not is_running(server.pid)
    assert not is_listening(server)


def test_it_is_gone_after_a_failure_too() -> None:
    def fail() -> None:
        with serve(os.environ) as server:
            pids.append(server.pid)
            raise RuntimeError

    pids: list[int] = []
    with pytest.raises(RuntimeError):
        fail()
    assert not is_running(pids[0])


def test_two_of_them_do_not_meet() -> None:
    with serve(os.environ) as one, serve(os.environ) as other:
        assert one.url != other.url


def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    program = (
        "import json, os, sys\n"
        "from samlocal.local.server import serve\n"
        "with serve(os.environ) as server:\n"
        "    print(json.dumps(server.pid), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(json.loads(parent.stdout.readline()))
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait(timeout=60)
    until = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(pid)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_its_process_gets_none_of_the_users_keys() -> None:
    mine = {**os.environ, "AWS_PROFILE": "work", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real"}
    with serve(mine) as server:
        given = Path(f"/proc/{server.pid}/environ").read_text()
    assert "real" not in given
    assert "AWS_PROFILE" not in given


def test_programs_get_its_address_and_none_of_the_users_keys() -> None:
    server = LocalServer(url="http://127.0.0.1:9", pid=0)
    environ = server.environment(
        {"PATH": "/bin", "AWS_PROFILE": "work", "AWS_SESSION_TOKEN": "real", "NO_PROXY": "example.com"}
    )
    assert environ["AWS_ENDPOINT_URL"] == server.url
    assert environ["PATH"] == "/bin"
    assert environ["NO_PROXY"] == "example.com,127.0.0.1"
    assert "AWS_PROFILE" not in environ
    assert "real" not in environ.values()


def test_a_start_that_fails_quotes_the_log(tmp_path: Path) -> None:
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("raise ImportError('half of moto is missing')")
    with (
        pytest.raises(AwsError, match=r"exit status 1[\s\S]*half of moto is missing"),
        serve({**os.environ, "PYTHONPATH": str(tmp_path)}),
    ):
        pass


def test_a_start_has_a_deadline() -> None:
    with pytest.raises(AwsError, match="did not answer in time"), serve(os.environ, deadline=0.01):
        pass


def test_one_that_another_has_been_starting_for_long_is_told_as_that(tmp_path: Path) -> None:
    own, other = (LocalProject(tmp_path, tmp_path / "template.yaml", environ={}) for _ in range(2))
    with other.locked(), pytest.raises(AwsError, match="Another samlocal has been starting the local environment"):
        own.locked(seconds=0).__enter__()
    with own.locked(seconds=0):
        pass
