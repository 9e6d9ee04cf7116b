"""AWS's emulator of the Runtime API as a contender: built from its module, in a container with the function.

It stands in AWS's images, and SAM CLI calls it there. Called directly it has nobody in front of it: one process of Go
beside the function's, which takes an event over HTTP and hands it on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError
from recording import LABEL, Creation
from serving import LOOPBACK, free_port

MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator"
VERSION = "v0.0.0-20261030222936-bef5c4ba774d"
PATH = "/2015-03-31/functions/function/invocations"

_PROGRAM = "aws-lambda-rie"
_INSIDE = f"/{_PROGRAM}"
_OURS = ("AWS_LAMBDA_RUNTIME_API=", "SAMLOCAL_")


class NoEmulatorError(Exception):
    """It cannot be built here."""


def install(folder: Path, *, tell: Callable[[str], None]) -> Path:
    """The path of the emulator, built the first time and for each new version. Raises NoEmulatorError."""
    program, stamp = folder / _PROGRAM, folder / ".version"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == VERSION:
        return program
    go = shutil.which("go")
    if go is None:
        raise NoEmulatorError("there is no Go to build AWS's emulator with")
    tell(f"building AWS's emulator into {folder.name}")
    folder.mkdir(exist_ok=True)
    # Static, for any image. Go fetches a newer one of itself where the module asks for that.
    environ = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0"}
    command = [go, "install", f"{MODULE}/cmd/{_PROGRAM}@{VERSION}"]
    done = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoEmulatorError(f"Go cannot build AWS's emulator: {done.stderr.strip().splitlines()[-1:]}")
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    stamp.write_text(VERSION, encoding="utf-8")
    return program


@contextmanager
def running(client: docker.APIClient, creation: Creation, program: Path, *, scratch: Path) -> Iterator[int]:
    """The port at which it takes events for the function of samlocal's own container, in one that is the same."""
    port = free_port()
    body = _container(creation, program, port=port, scratch=scratch)
    id_ = client.create_container_from_config(body)["Id"]
    try:
        client.start(id_)
        yield port
    finally:
        try:
            client.remove_container(id_, force=True, v=True)
        except APIError as error:
            # 404: it is gone.
            if error.status_code != 404:
                raise


def _container(creation: Creation, program: Path, *, port: int, scratch: Path) -> dict[str, Any]:
    """On the host's network, where it listens on the loopback alone."""
    body = creation.body
    host = body["HostConfig"]
    without = ("Hostname", "Domainname")
    mounts = [{name: value for name, value in mount.items() if name != "VolumeOptions"} for mount in host["Mounts"]]
    emulator = {"Type": "bind", "Source": str(program), "Target": _INSIDE, "ReadOnly": True}
    return {
        **{name: value for name, value in body.items() if name not in without},
        "Env": [value for value in body["Env"] if not value.startswith(_OURS)],
        "Entrypoint": [
            _INSIDE,
            "--log-level=error",
            f"--runtime-interface-emulator-address={LOOPBACK}:{port}",
            f"--runtime-api-address={LOOPBACK}:{free_port()}",
        ],
        "Cmd": ["/var/runtime/bootstrap"],
        "Labels": {LABEL: str(scratch)},
        "HostConfig": {**host, "NetworkMode": "host", "ExtraHosts": [], "Mounts": [*mounts, emulator]},
    }
