"""What the tests of kept sandboxes have in common."""

from __future__ import annotations

import os
import re
import socket
import struct
from pathlib import Path
from typing import Any

import msgspec
from kit import Outcome, Project

from samlocal.config import FileSettings
from samlocal.project.settings import Settings
from samlocal.project.surroundings import Surroundings

COUNTING = """
import os, socket, time
print("loading")
runs = 0
def handler(event, context):
    global runs
    runs += 1
    print("run", runs, event)
    match event:
        case {"sleep": seconds}:
            print("asleep", flush=True)
            time.sleep(seconds)
        case {"gate": place}:
            print("asleep", flush=True)
            socket.create_connection(place).recv(1)
        case {"exit": status}:
            os._exit(status)
        case {"raises": text}:
            raise ValueError(text)
        case {"text": size}:
            return "x" * size
    return {"runs": runs, "variable": os.environ.get("GIVEN")}
"""

SETTINGS = Settings(
    world=Surroundings(environ={}, cwd=Path("/here")),
    template=Path("template.yaml"),
    env_name=None,
    stack_name=None,
    profile=None,
    region=None,
    refresh=False,
    snapshot_age=300.0,
    parameter_overrides=(),
    env_vars=None,
    set_variables=(),
    dotenv=True,
    protected=False,
    file=FileSettings(),
)
"""Those of a command without options."""

_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|samlocal-[0-9a-f]{12}-\d+|[0-9a-f]{32}")
_FIGURES = re.compile(
    r"(Duration: |Used: |duration\": |memory_used\": |median\": |minimum\": |p99\": |\t)[\d.]+( ms| MB)?"
)
_TIMES = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+Z")


def told(text: str) -> str:
    """What is said, but for ids, moments and figures."""
    return _TIMES.sub("TIME", _FIGURES.sub(r"\1N\2", _IDS.sub("ID", text)))


def shown(outcome: Outcome) -> tuple[int, str, str]:
    """All that a run shows, but for what differs from run to run."""
    return outcome.status, told(outcome.stdout.decode()), told(outcome.stderr)


def runs(outcome: Outcome) -> int:
    """The number of the run in its sandbox."""
    found: int = outcome.succeeded().payload["runs"]
    return found


def sockets(project: Project) -> list[str]:
    """Of the processes that keep something of a project."""
    return [path.name for path in project.cache.glob("kept/*/*.sock")]


def keeper(project: Project) -> int:
    """The process that keeps something of a project, as the kernel names it."""
    (path,) = project.cache.glob("kept/*/*.sock")
    with socket.socket(socket.AF_UNIX) as connection:
        with_short_path(connection, str(path))
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process: int = struct.unpack("3i", found)[0]
    return process


def with_short_path(connection: socket.socket, path: str) -> None:
    """Connects to a socket whose path may be longer than the kernel takes."""
    folder, _, name = path.rpartition("/")
    handle = os.open(folder, os.O_PATH)
    try:
        connection.connect(f"/proc/self/fd/{handle}/{name}")
    finally:
        os.close(handle)


def said_to(project: Project, *parts: Any) -> list[Any]:
    """What a keeper answers to messages as they lie on the line, until it hangs up."""
    (path,) = project.cache.glob("kept/*/*.sock")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        with_short_path(connection, str(path))
        bodies = [msgspec.msgpack.encode(part) for part in parts]
        # At once: whoever refuses the first hangs up on the others.
        connection.sendall(b"".join(struct.pack(">I", len(body)) + body for body in bodies))
        come = b""
        while data := connection.recv(1 << 16):
            come += data
    answers = []
    while come:
        (length,) = struct.unpack_from(">I", come)
        answers.append(msgspec.msgpack.decode(come[4 : 4 + length]))
        come = come[4 + length :]
    return answers
