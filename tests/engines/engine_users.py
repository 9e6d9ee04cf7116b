"""A machine of its own, for other engines than this one's: root's Podman, and Podman and Docker of ordinary users.

It is this machine with mounts and a network of its own: of users, sockets and engines that the tests make nothing is
seen outside of it, and this machine's own engine is not there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from kit import Project, eventually, make_project

ROOT = Path(__file__).parents[2]

_START_SECONDS = 60
_NEEDED = ("podman", "catatonit", "slirp4netns", "newuidmap", "rootlesskit", "dockerd", "runc", "nsenter", "setpriv")
_NETWORK = 0x40000000
"""CLONE_NEWNET (setns(2))."""

# Users of the machine alone, and the numbers that their containers' users have outside. No two machines share them:
# whose a process is says which machine it is of.
_OWN = os.getpid() % 24_000
_PODMANS, _DOCKERS = (200_000 + 2 * _OWN + place for place in range(2))
_COUNT = 65_536
_FIRST = 1_000_000_000 + 2 * _OWN * _COUNT
_ACCOUNTS = {
    "passwd": "{name}:x:{number}:{number}::{home}:/bin/sh",
    "group": "{name}:x:{number}:",
    "subuid": "{name}:{first}:{count}",
    "subgid": "{name}:{first}:{count}",
}

# runc is there with Docker; crun knows fewer kinds of cgroups. No journal, no bus: there is no systemd here.
_ENGINE = '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
_STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "{own}/data"\nrunroot = "{own}/run"\n'

# As dockerd-rootless.sh has it, which is none of Debian's.
_ROOTLESS = (
    "rootlesskit --net=slirp4netns --mtu=65520 --slirp4netns-sandbox=auto --slirp4netns-seccomp=auto "
    "--disable-host-loopback --port-driver=builtin --copy-up=/etc --copy-up=/run --propagation=rslave -- sh -c "
    "'rm -rf /run/docker /run/containerd /run/xtables.lock; exec dockerd --rootless --host unix://{socket} "
    "--data-root {own}/data --exec-root {own}/exec --pidfile {own}/pid --config-file {home}/config/daemon.json'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``pid`` is a process that lives on it, ``folder`` is for what it keeps, in reach of its user."""

    pid: int
    folder: Path

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Has this thread, and those that it starts, be in the machine's network."""
        with in_network(self.pid):
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody on the machine, who has an engine; ``number`` is 0 for root."""

    machine: Machine
    name: str
    number: int
    engine: str
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.machine.folder / self.name

    @property
    def store(self) -> Path:
        """Where images and containers are, on the machine."""
        return _store(self.machine.folder) / self.name

    @property
    def socket(self) -> str:
        """Where an engine's own service has it: nobody is told of another."""
        runtime = f"/run/user/{self.number}" if self.number else "/run"
        return f"{runtime}/docker.sock" if self.engine == "docker" else f"{runtime}/podman/podman.sock"

    @property
    def launcher(self) -> tuple[str, ...]:
        """What begins a command of this user's on the machine."""
        enter = ("nsenter", "--mount", "--net", "--target", str(self.machine.pid), "--")
        if self.number == 0:
            return enter
        ids = (f"--reuid={self.number}", f"--regid={self.number}", "--clear-groups")
        return (*enter, "setpriv", *ids, "--")

    def project(self, files: Mapping[str, Any]) -> Project:
        """A project of this user's."""
        root = Path(tempfile.mkdtemp(dir=self.home))
        made = make_project(root, files, **{**self.environ, "DOCKER_HOST": "", "AWS_REGION": "eu-west-1"})
        self.own(root)
        # The folder that a command is started in is one of the machine that it is started on.
        return replace(made, launcher=(*self.launcher, "env", f"--chdir={made.folder}"))

    def own(self, path: Path) -> None:
        """Gives files and folders to this user."""
        for each in (path, *path.rglob("*")):
            os.chown(each, self.number, self.number, follow_symlinks=False)

    def run(self, *command: str) -> str:
        """What a program of this user's prints."""
        done = subprocess.run(
            [*self.launcher, "env", "--chdir=/", *command],
            env={"PATH": os.environ["PATH"], **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def ask(self, *command: str) -> str:
        """What the engine's own command prints."""
        which = ("docker", "--host", f"unix://{self.socket}") if self.engine == "docker" else ("podman",)
        return self.run(*which, *command)


@contextlib.contextmanager
def machine_of_engines(*images: str) -> Iterator[tuple[User, User, User]]:
    """Starts root's Podman, an ordinary user's, and another one's Docker, each with images of this machine's engine.

    It needs root on Linux. All of it ends with the block.
    """
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        what = f"a machine of its own needs root and {', '.join(missing) or 'nothing else'}"
        if os.environ.get("SAMLOCAL_TEST_DOCKER") == "required":
            pytest.fail(what)
        pytest.skip(what)
    # In reach of every user, short, for Unix sockets below it have room for 107 bytes, and in memory: to write and to
    # remove as much on a disk takes ten seconds.
    folder = Path(tempfile.mkdtemp(prefix="samlocal-engines-", dir="/dev/shm"))
    folder.chmod(0o755)
    try:
        with _machine(folder) as machine:
            users = (
                _user(machine, "root", 0, "podman"),
                _user(machine, "podmans", _PODMANS, "podman"),
                _user(machine, "dockers", _DOCKERS, "docker"),
            )
            services: list[subprocess.Popen[bytes]] = []
            try:
                services += map(_serve, users)
                archive = folder / "images.tar"
                with archive.open("wb") as file:
                    subprocess.run(["docker", "save", *images], stdout=file, check=True)
                for service, user in zip(services, users, strict=True):
                    eventually(lambda s=service, u=user: s.poll() is not None or _answers(u))  # type: ignore[misc]
                    assert service.poll() is None, _log(user)
                with ThreadPoolExecutor() as threads:
                    for _ in threads.map(lambda user: user.ask("load", "--quiet", "--input", str(archive)), users):
                        pass
                archive.unlink()
                yield users
            finally:
                _end(machine, users, services)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _machine(folder: Path) -> Iterator[Machine]:
    etc, ready = folder / "etc", folder / "ready"
    etc.mkdir()
    accounts = [("podmans", _PODMANS), ("dockers", _DOCKERS)]
    for file, form in _ACCOUNTS.items():
        whole = Path("/etc", file).read_text(encoding="utf-8") if Path("/etc", file).exists() else ""
        lines = [
            form.format(name=name, number=number, home=folder / name, first=_FIRST + place * _COUNT, count=_COUNT)
            for place, (name, number) in enumerate(accounts)
        ]
        (etc / file).write_text("\n".join([whole.rstrip("\n"), *lines, ""]), encoding="utf-8")
    script = [
        "ip link set lo up",
        "mount -t tmpfs none /run",
        f"mkdir -p /run/lock /run/podman {_store(folder)}",
        # In memory: what is loaded is gone with the machine.
        f"mount -t tmpfs none {_store(folder)}",
        f"mkdir {_store(folder)}/root",
        *(
            f"mkdir -p {place} && chown {number}:{number} {place}"
            for name, number in accounts
            for place in (f"/run/user/{number}", _store(folder) / name)
        ),
        # CNI's word for which addresses are taken.
        "mkdir -p /var/lib/cni && mount -t tmpfs none /var/lib/cni",
        "mknod -m 666 /run/tun c 10 200 && mount --bind /run/tun /dev/net/tun",
        *(f"[ -e /etc/{name} ] || : >/etc/{name}; mount --bind {etc / name} /etc/{name}" for name in _ACCOUNTS),
        *shown(ROOT, Path(sys.prefix), Path(sys.base_prefix)),
        f": >{ready}",
        "exec sleep infinity",
    ]
    with (
        (folder / "machine.log").open("wb") as log,
        subprocess.Popen(
            ["unshare", "--mount", "--net", "--", "sh", "-euc", "\n".join(script)],
            stdin=subprocess.DEVNULL,
            stderr=log,
        ) as holder,
    ):
        try:
            eventually(lambda: ready.exists() or holder.poll() is not None, within=_START_SECONDS)
            assert holder.poll() is None, (folder / "machine.log").read_text()
            yield Machine(pid=holder.pid, folder=folder)
        finally:
            holder.kill()


def shown(*paths: Path, hidden: Path = Path("/run")) -> Iterator[str]:
    """Lets everybody reach folders that lie below one that is its owner's alone (root's home).

    They are steps of a shell's that has mounts of its own; ``hidden`` is a file system in memory.
    """
    below = {path: _closed(path) for path in paths if _closed(path) is not None}
    for number, path in enumerate(below):
        yield f"mkdir -p {hidden}/shown/{number} && mount --bind {path} {hidden}/shown/{number}"
    for closed in dict.fromkeys(below.values()):
        yield f"mount -t tmpfs -o mode=755 none {closed}"
    for number, path in enumerate(below):
        yield f"mkdir -p {path} && mount --bind {hidden}/shown/{number} {path}"


def _closed(path: Path) -> Path | None:
    """The uppermost folder above, or the folder itself, that others may not search."""
    return next((each for each in reversed((path, *path.parents)) if not each.stat().st_mode & 0o001), None)


def _user(machine: Machine, name: str, number: int, engine: str) -> User:
    user = User(machine=machine, name=name, number=number, engine=engine)
    config = user.home / "config"
    config.mkdir(parents=True)
    (config / "containers.conf").write_text(_ENGINE, encoding="ascii")
    (config / "storage.conf").write_text(_STORAGE.format(own=user.store), encoding="ascii")
    (config / "daemon.json").write_text("{}", encoding="ascii")
    user.own(user.home)
    environ = {
        "HOME": str(user.home),
        "CONTAINERS_CONF": str(config / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(config / "storage.conf"),
    }
    return replace(user, environ=environ | ({"XDG_RUNTIME_DIR": f"/run/user/{number}"} if number else {}))


def _store(folder: Path) -> Path:
    return folder / "store"


def _serve(user: User) -> subprocess.Popen[bytes]:
    """The engine's service, where nobody is told of its socket."""
    user.run("mkdir", "-p", str(Path(user.socket).parent))
    command: tuple[str, ...] = ("podman", "system", "service", "--time=0")
    if user.engine == "docker":
        command = ("sh", "-c", f"exec {_ROOTLESS.format(socket=user.socket, own=user.store, home=user.home)}")
    with _log_file(user).open("ab") as log:
        return subprocess.Popen(
            [*user.launcher, "env", "--chdir=/", *command],
            env={"PATH": os.environ["PATH"], **user.environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _answers(user: User) -> bool:
    return Path(f"/proc/{user.machine.pid}/root{user.socket}").is_socket()


def _log_file(user: User) -> Path:
    return user.machine.folder / f"{user.name}.log"


def _log(user: User) -> str:
    return _log_file(user).read_text(encoding="utf-8", errors="replace")[-4000:]


def _end(machine: Machine, users: tuple[User, ...], services: list[subprocess.Popen[bytes]]) -> None:
    """Removes root's containers, ends the services, and kills what is left of the users' and of Podman's."""
    with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
        users[0].ask("rm", "--all", "--force", "--time", "0")
    for service in services:
        service.kill()
        service.wait()
    for pid in _processes(machine.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not [*_processes(machine.folder)], within=_START_SECONDS)


def _processes(folder: Path) -> Iterator[int]:
    """The ordinary users', and those whose arguments name the machine's folder (conmon, samlocal)."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                if (process / "stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z":
                    # It has ended, and whoever has to hear of that has not yet.
                    continue
                user = process.stat().st_uid
                is_users = user in (_PODMANS, _DOCKERS) or _FIRST <= user < _FIRST + 2 * _COUNT
                if is_users or os.fsencode(folder) in (process / "cmdline").read_bytes().split(b"\0", 1)[-1]:
                    yield int(process.name)


@contextlib.contextmanager
def in_network(pid: int) -> Iterator[None]:
    """Has this thread, and those that it starts, be in the network of a process."""
    network = Path(f"/proc/{pid}/ns/net")
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as own, network.open("rb") as other:
        assert libc.setns(other.fileno(), _NETWORK) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(own.fileno(), _NETWORK) == 0, os.strerror(ctypes.get_errno())
