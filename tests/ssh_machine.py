"""A machine behind ssh: this one, by a server of its own port, keys and accounts."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from kit import Project, eventually, free_port

_UNPACKED = Path(__file__).parents[1] / "build" / "ssh-server"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SshMachine:
    """``programs`` has an ``ssh`` that knows the machine, as a user's own configuration would have it."""

    programs: Path

    def project(self, project: Project, *, socket: str) -> Project:
        """The same project, whose engine is the one there that listens at a socket."""
        path = f"{self.programs}:{os.environ['PATH']}"
        return replace(project, environ={**project.environ, "DOCKER_HOST": f"ssh://far{socket}", "PATH": path})


@contextlib.contextmanager
def ssh_machine() -> Iterator[SshMachine]:
    """Starts the server, and stops it at the end of the block. It needs root on Linux."""
    server = shutil.which("sshd") or _UNPACKED / "usr/sbin/sshd"
    if os.geteuid() != 0 or not Path(server).exists() or not shutil.which("unshare"):
        if os.environ.get("SAMLOCAL_TEST_DOCKER") == "required":
            pytest.fail("no SSH server is here; `make ssh-server` unpacks one")
        pytest.skip("a machine behind ssh needs root and sshd")
    folder = Path(tempfile.mkdtemp(prefix="samlocal-ssh-"))
    try:
        for key in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        port = free_port()
        _configure(folder, port)
        # A process of root's wants an account for what it does before a login, and a folder for it.
        script = 'mount --bind "$0/passwd" /etc/passwd; mount -t tmpfs none /run; mkdir /run/sshd; exec "$@"'
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--", "sh", "-ec", script, str(folder)),
                    *(str(server), "-D", "-e", "-f", str(folder / "sshd_config")),
                ],
                env={**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, _UNPACKED.glob("usr/lib/*-linux-gnu")))},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            eventually(lambda: _listens(port), within=_START_SECONDS, told=(folder / "log").read_text)
            yield SshMachine(programs=folder / "programs")
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder)


def _configure(folder: Path, port: int) -> None:
    accounts = Path("/etc/passwd").read_text(encoding="utf-8")
    if "\nsshd:" not in accounts:
        accounts += "sshd:x:61235:65534::/run/sshd:/usr/sbin/nologin\n"
    (folder / "passwd").write_text(accounts, encoding="utf-8")
    server = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "PermitRootLogin": "yes",
        "StrictModes": "no",
        "PidFile": "none",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in server.items()))
    (folder / "known").write_text(f"far {(folder / 'host.pub').read_text()}")
    client = {
        "HostName": "127.0.0.1",
        "Port": port,
        "HostKeyAlias": "far",
        "User": "root",
        "IdentityFile": folder / "user",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": folder / "known",
    }
    (folder / "config").write_text("Host far\n" + "".join(f"  {name} {value}\n" for name, value in client.items()))
    program = folder / "programs" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / "config"} "$@"\n')
    program.chmod(0o755)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
