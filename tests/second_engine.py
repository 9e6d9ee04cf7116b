"""A Docker engine on its very first start, in a network of its own: nothing of it meets this machine's own engine."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pytest
from kit import Project, eventually

_TLS_PORT = 2376

_START_SECONDS = 60
_STOP_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondEngine:
    """The running engine. ``pid`` is a process that lives in the network that its bridges are in."""

    host: str
    pid: int
    folder: Path

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stops it with all its containers, and starts it again at the end of the block, with what it has on disk."""
        _stop(self.folder)
        try:
            yield
        finally:
            _start(self.folder, self.pid)

    def project(self, project: Project) -> Project:
        """The same project, run beside this engine."""
        return replace(
            project,
            environ={**project.environ, "DOCKER_HOST": self.host},
            launcher=inside(self.pid),
        )

    @contextlib.contextmanager
    def by_tcp(self) -> Iterator[Wire]:
        """The way to it from this machine's own network, where its containers lead nowhere."""
        with Wire(f"{self.folder}/socket") as wire:
            yield wire

    @property
    def tls_host(self) -> str:
        """Its address in its own network for whoever has ``certs/client`` of its folder, as docker:dind has it."""
        return f"tcp://127.0.0.1:{_TLS_PORT}"

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        import docker

        client = docker.APIClient(base_url=f"unix://{self.folder}/socket", version="auto")
        try:
            yield client
        finally:
            client.close()

    @contextlib.contextmanager
    def renamed(self, images: Mapping[str, str]) -> Iterator[None]:
        """Has images by other names alone for the time of the block."""
        with self.client() as client:
            _rename(client, images)
            try:
                yield
            finally:
                _rename(client, {new: name for name, new in images.items()})

    def trees(self) -> set[str]:
        """The names of the volumes into which samlocal has put files."""
        with self.client() as client:
            return {volume["Name"] for volume in client.volumes(filters={"label": "samlocal.made"})["Volumes"] or ()}

    def network(self, name: str, *, subnet: str, options: Mapping[str, str] | None = None, **more: Any) -> str:
        """Makes a bridge network with a subnet, and with no word of its gateway."""
        import docker

        with self.client() as client:
            pools = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=subnet)])
            client.create_network(name, driver="bridge", ipam=pools, options=dict(options or {}), **more)
        return name


def _rename(client: Any, images: Mapping[str, str]) -> None:
    for name, new in images.items():
        client.tag(name, *new.rsplit(":", 1))
        client.remove_image(name)


class Wire:
    """Carries connections to a port of the loopback on to a Unix socket, until it is ``cut``.

    ``sent`` counts the bytes that have gone to the engine.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"tcp://127.0.0.1:{self._listening.getsockname()[1]}"
        self._ends: list[socket.socket] = []
        self._pairs: list[threading.Thread] = []
        self._left: int | None = None
        self.sent = 0

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        for pair in self._pairs:
            pair.join()

    def end(self) -> None:
        """Nobody answers there any more."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        # A connection that is being accepted is among those to cut.
        self._accepting.join()
        self._listening.close()
        self.cut()

    def project(self, project: Project) -> Project:
        """The same project, whose engine is at the other end."""
        return replace(project, environ={**project.environ, "DOCKER_HOST": self.host})

    def cut(self) -> None:
        """Breaks off the connections there are."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, count: int) -> None:
        """Breaks them off as soon as so many bytes more have gone through."""
        self._left = count

    @property
    def is_cut(self) -> bool:
        """Whether those bytes have gone through."""
        return self._left is None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._path)
                self._ends += [near, far]
                pair = threading.Thread(target=self._join, args=(near, far), daemon=True)
                self._pairs.append(pair)
                pair.start()

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
        back.start()
        self._carry(near, far)
        back.join()
        for end in (near, far):
            self._ends.remove(end)
            end.close()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                if target.family is socket.AF_UNIX:
                    self.sent += len(data)
                if self._left is not None:
                    self._left -= len(data)
                    if self._left < 0:
                        self._left = None
                        self.cut()
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def second_engine(*images: str, hidden: Sequence[Path] = ()) -> Iterator[SecondEngine]:
    """Starts an engine that knows some images of this machine's engine, and stops all of it at the end of the block.

    In its view of this disk the ``hidden`` folders are empty.

    It needs root on Linux, where an engine is a program of this machine.
    """
    if os.geteuid() != 0 or not all(map(shutil.which, ("dockerd", "unshare", "nsenter", "openssl"))):
        pytest.skip("a second Docker engine needs root, dockerd, unshare, nsenter and openssl")
    # A short path: Unix sockets below it have room for 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="samlocal-engine-", dir="/dev/shm"))
    try:
        _certify(folder / "certs")
        with _network() as pid:
            try:
                _start(folder, pid, hidden=hidden)
                engine = SecondEngine(host=f"unix://{folder}/socket", pid=pid, folder=folder)
                _load(engine, images)
                yield engine
            finally:
                _stop(folder)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _network() -> Iterator[int]:
    """A network with nothing but a loopback, held by a process."""
    with subprocess.Popen(["unshare", "--net", "--", "sleep", "infinity"], stdin=subprocess.DEVNULL) as holder:
        try:
            own = Path("/proc/self/ns/net").readlink()
            eventually(lambda: Path(f"/proc/{holder.pid}/ns/net").readlink() != own, within=_START_SECONDS)
            subprocess.run([*inside(holder.pid), "ip", "link", "set", "lo", "up"], check=True)
            yield holder.pid
        finally:
            holder.kill()


def inside(pid: int) -> tuple[str, ...]:
    """What begins a command in the network that the process is in."""
    return "nsenter", f"--net=/proc/{pid}/ns/net", "--"


_CERTIFICATES = {"cacert": "ca", "cert": "cert", "key": "key"}

_MAKE_CERTIFICATES = """
request() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@"; }
mkdir -p server client
request -x509 -days 2 -subj /CN=authority -keyout authority.pem -out server/ca.pem
cp server/ca.pem client
for side in server client; do
  printf 'subjectAltName=IP:127.0.0.1,DNS:docker\\nextendedKeyUsage=%sAuth\\n' $side >extensions
  request -subj /CN=docker -keyout $side/key.pem -out wish.pem
  openssl x509 -req -days 2 -in wish.pem -CA server/ca.pem -CAkey authority.pem -CAcreateserial -extfile extensions \\
    -out $side/cert.pem
done
"""


def _certify(folder: Path) -> None:
    folder.mkdir()
    subprocess.run(["sh", "-ec", _MAKE_CERTIFICATES], cwd=folder, check=True, capture_output=True)


def _start(folder: Path, network: int, *, hidden: Sequence[Path] = ()) -> None:
    # The machine's own settings are for its own engine: two of them may not share what daemon.json names.
    (folder / "daemon.json").write_text("{}", encoding="ascii")
    options = {
        "config-file": folder / "daemon.json",
        "data-root": folder / "data",
        "exec-root": folder / "exec",
        "pidfile": folder / "pid",
        "tlsverify": "true",
        **{f"tls{name}": folder / f"certs/server/{file}.pem" for name, file in _CERTIFICATES.items()},
        # Nothing of it leaves its network, which has no other interfaces than its bridges and its loopback.
        "iptables": "false",
    }
    launcher = inside(network)
    if hidden:
        # What is mounted there goes with the engine's own view.
        covered = "; ".join(f"mount -t tmpfs none {shlex.quote(str(place))}" for place in hidden)
        launcher += ("unshare", "--mount", "--", "sh", "-ec", f'{covered}; exec "$@"', "sh")
    with (folder / "log").open("ab") as log:
        # nsenter becomes dockerd, so this is dockerd's process. `ip netns exec` would hide the cgroups from it.
        daemon = subprocess.Popen(
            [
                *(*launcher, "dockerd", f"--host=unix://{folder}/socket", f"--host=tcp://127.0.0.1:{_TLS_PORT}"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    _daemons[folder] = daemon
    eventually(
        lambda: daemon.poll() is not None or _answers(folder), within=_START_SECONDS, told=lambda: _log(folder)
    )
    assert daemon.poll() is None, _log(folder)


_daemons: dict[Path, subprocess.Popen[bytes]] = {}
"""The running ones, by their folders."""


def _stop(folder: Path) -> None:
    """Ends dockerd, which ends its containers and its containerd; what outlives it is killed and unmounted."""
    daemon = _daemons.pop(folder, None)
    if daemon is not None:
        daemon.terminate()
        try:
            daemon.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
    for pid in _processes(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not _processes(folder), within=_STOP_SECONDS)
    for line in reversed(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()):
        where = line.split()[1]
        if Path(where).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", where], check=True)


def _processes(folder: Path) -> list[int]:
    """The engine's own programs: containerd and its shims name the folder in their arguments."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                program, *arguments = (process / "cmdline").read_bytes().split(b"\0")
                named = any(os.fsencode(folder) in argument for argument in arguments)
                if named and Path(os.fsdecode(program)).name.startswith("containerd"):
                    found.append(int(process.name))
    return found


def _answers(folder: Path) -> bool:
    try:
        # It may listen and say nothing yet.
        asked = subprocess.run(
            ["docker", "--host", f"unix://{folder}/socket", "version"], capture_output=True, check=False, timeout=10
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def _load(engine: SecondEngine, images: Sequence[str]) -> None:
    with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
        subprocess.run(
            ["docker", "--host", f"unix://{engine.folder}/socket", "load", "--quiet"],
            stdin=saved.stdout,
            check=True,
            capture_output=True,
        )
    assert saved.returncode == 0


def _log(folder: Path) -> str:
    return (folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]
