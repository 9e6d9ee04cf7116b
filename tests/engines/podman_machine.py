"""A machine of its own on which Podman is the only engine, for root and for an ordinary user.

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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from kit import Project, eventually, make_project

ROOT = Path(__file__).parents[2]

_START_SECONDS = 60
_USER = 61234
_FIRST_OF_USER, _COUNT = 1_000_000_000, 65536
_NEEDED = ("podman", "catatonit", "slirp4netns", "newuidmap", "runc", "unshare", "nsenter", "setpriv")
_NETWORK = 0x40000000
"""CLONE_NEWNET (setns(2))."""

# What stands in /etc of the machine alone.
_ACCOUNTS = {
    "passwd": f"developer:x:{_USER}:{_USER}::{{home}}:/bin/sh",
    "group": f"developer:x:{_USER}:",
    "subuid": f"developer:{_FIRST_OF_USER}:{_COUNT}",
    "subgid": f"developer:{_FIRST_OF_USER}:{_COUNT}",
}

# runc is there with Docker; crun knows fewer kinds of cgroups. No journal, no bus: there is no systemd here.
_ENGINE = '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
_STORAGE = '[storage]\ndriver = "overlay"\ngraphroot = "{own}/data"\nrunroot = "{own}/run"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``pid`` is a process that lives on it, ``folder`` is for what it keeps, in reach of its user."""

    pid: int
    folder: Path

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Has this thread, and those that it starts, be in the machine's network."""
        with _joined(Path(f"/proc/{self.pid}/ns/net")):
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody on the machine, who has an engine; ``number`` is 0 for root."""

    machine: Machine
    name: str
    number: int
    environ: Mapping[str, str] = field(default_factory=dict)

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
        root = Path(tempfile.mkdtemp(dir=self.machine.folder / self.name))
        made = make_project(root, files, **{**self.environ, "DOCKER_HOST": "", "AWS_REGION": "eu-west-1"})
        self.own(root)
        # The folder that a command is started in is one of the machine that it is started on.
        return replace(made, launcher=(*self.launcher, "env", f"--chdir={made.folder}"))

    def own(self, path: Path) -> None:
        """Gives files and folders to this user."""
        for each in (path, *path.rglob("*")):
            os.chown(each, self.number, self.number, follow_symlinks=False)

    def run(self, *command: str) -> str:
        """What a program of this user's prints, Podman above all."""
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


@contextlib.contextmanager
def podman_machine(*images: str) -> Iterator[tuple[User, User]]:
    """Starts Podman for root and for an ordinary user, each with these images of this machine's engine.

    It needs root on Linux. All of it ends with the block.
    """
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        what = f"Podman on a machine of its own needs root and {', '.join(missing) or 'nothing else'}"
        if os.environ.get("SAMLOCAL_TEST_DOCKER") == "required":
            pytest.fail(what)
        pytest.skip(what)
    # In reach of every user, and short: Unix sockets below it have room for 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="samlocal-podman-", dir="/tmp"))
    folder.chmod(0o755)
    services: list[subprocess.Popen[bytes]] = []
    try:
        with _machine(folder) as machine:
            users = (_user(machine, "root", 0), _user(machine, "developer", _USER))
            try:
                # In the machine's memory: to write and to remove as much on a disk takes ten seconds.
                archive = Path(f"/proc/{machine.pid}/root/run/images.tar")
                with archive.open("wb") as file:
                    subprocess.run(["docker", "save", *images], stdout=file, check=True)
                services += map(_serve, users)
                loads = [_started(user, "podman", "load", "--quiet", "--input", "/run/images.tar") for user in users]
                for load, user in zip(loads, users, strict=True):
                    assert load.wait(_START_SECONDS * 2) == 0, _log(user)
                for service, user in zip(services, users, strict=True):
                    eventually(lambda s=service, u=user: s.poll() is not None or _answers(u))  # type: ignore[misc]
                    assert service.poll() is None, _log(user)
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
    for name, line in _ACCOUNTS.items():
        whole = Path("/etc", name).read_text(encoding="utf-8") if Path("/etc", name).exists() else ""
        (etc / name).write_text(f"{whole}{line.format(home=folder / 'developer')}\n", encoding="utf-8")
    script = [
        "ip link set lo up",
        "mount -t tmpfs none /run",
        # In memory: what is loaded is gone with the machine.
        f"mkdir -p /run/lock /run/user/{_USER} {_store(folder, 'root')} {_store(folder, 'developer')}",
        f"chown {_USER}:{_USER} /run/user/{_USER} {_store(folder, 'developer')}",
        # CNI's word for which addresses are taken.
        "mkdir -p /var/lib/cni && mount -t tmpfs none /var/lib/cni",
        "mknod -m 666 /run/tun c 10 200 && mount --bind /run/tun /dev/net/tun",
        *(f"[ -e /etc/{name} ] || : >/etc/{name}; mount --bind {etc / name} /etc/{name}" for name in _ACCOUNTS),
        *_shown(ROOT, Path(sys.prefix), Path(sys.base_prefix)),
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


def _shown(*paths: Path) -> Iterator[str]:
    """Lets everybody on the machine reach folders that lie below one that is its owner's alone (root's home)."""
    hidden = {path: _closed(path) for path in paths if _closed(path) is not None}
    for number, path in enumerate(hidden):
        yield f"mkdir -p /run/shown/{number} && mount --bind {path} /run/shown/{number}"
    for closed in dict.fromkeys(hidden.values()):
        yield f"mount -t tmpfs -o mode=755 none {closed}"
    for number, path in enumerate(hidden):
        yield f"mkdir -p {path} && mount --bind /run/shown/{number} {path}"


def _closed(path: Path) -> Path | None:
    """The uppermost folder above, or the folder itself, that others may not search."""
    return next((each for each in reversed((path, *path.parents)) if not each.stat().st_mode & 0o001), None)


def _user(machine: Machine, name: str, number: int) -> User:
    home = machine.folder / name
    config = home / "config"
    config.mkdir(parents=True)
    (config / "containers.conf").write_text(_ENGINE, encoding="ascii")
    (config / "storage.conf").write_text(_STORAGE.format(own=_store(machine.folder, name)), encoding="ascii")
    environ = {
        "HOME": str(home),
        "CONTAINERS_CONF": str(config / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(config / "storage.conf"),
    }
    user = User(machine=machine, name=name, number=number, environ=environ)
    if number == 0:
        return user
    user.own(home)
    return replace(user, environ={**environ, "XDG_RUNTIME_DIR": f"/run/user/{number}"})


def _store(folder: Path, name: str) -> str:
    """Where a user's images and containers are, on the machine: conmon and others are known by its name."""
    return f"/run/{folder.name}/{name}"


def _started(user: User, *command: str) -> subprocess.Popen[bytes]:
    with _log_file(user).open("ab") as log:
        return subprocess.Popen(
            [*user.launcher, "env", "--chdir=/", *command],
            env={"PATH": os.environ["PATH"], **user.environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _serve(user: User) -> subprocess.Popen[bytes]:
    """Podman's API at the place where its service has it: nobody is told of another."""
    user.run("mkdir", "-p", f"{user.environ.get('XDG_RUNTIME_DIR', '/run')}/podman")
    return _started(user, "podman", "system", "service", "--time=0")


def _answers(user: User) -> bool:
    runtime = user.environ.get("XDG_RUNTIME_DIR", "/run")
    return Path(f"/proc/{user.machine.pid}/root{runtime}/podman/podman.sock").is_socket()


def _log_file(user: User) -> Path:
    return user.machine.folder / f"{user.name}.log"


def _log(user: User) -> str:
    return _log_file(user).read_text(encoding="utf-8", errors="replace")[-4000:]


def _end(machine: Machine, users: tuple[User, ...], services: list[subprocess.Popen[bytes]]) -> None:
    """Removes the containers, ends the services, and kills what is left of the ordinary user's and of Podman's."""
    for user in users:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            user.run("podman", "rm", "--all", "--force", "--time", "0")
    for service in services:
        service.kill()
        service.wait()

    for pid in _processes(machine.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not [*_processes(machine.folder)], within=_START_SECONDS)


def _processes(folder: Path) -> Iterator[int]:
    """The ordinary user's, and those whose arguments name the machine's folder (conmon, samlocal)."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                user = process.stat().st_uid
                is_users = user == _USER or _FIRST_OF_USER <= user < _FIRST_OF_USER + _COUNT
                if is_users or os.fsencode(folder.name) in (process / "cmdline").read_bytes().split(b"\0", 1)[-1]:
                    yield int(process.name)


@contextlib.contextmanager
def _joined(network: Path) -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as own, network.open("rb") as other:
        assert libc.setns(other.fileno(), _NETWORK) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(own.fileno(), _NETWORK) == 0, os.strerror(ctypes.get_errno())
