"""What samlocal holds while it works: of its processes, on the engine, on the disk; and whether that grows.

A figure's growth is its slope (the median of those between all pairs of samples, which single samples do not move)
over all that was measured behind the warm-up. It is flat where that is no more than the figure is allowed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import docker
import engine

PROCESSES = Path("/proc")
"""Where a machine that tells what a process holds does so."""

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """After so many ``invocations``. Memory is resident, and in MB like the size of the cache folder.

    ``processes`` are all those that work in the soak's folder; files, sockets, threads, tasks and memory are the
    server's. Containers, networks and volumes are those with the labels of the soak's folder.
    """

    invocations: int
    memory: float
    files: int
    sockets: int
    threads: int
    tasks: int
    processes: int
    containers: int
    networks: int
    volumes: int
    cache_files: int
    cache: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Of one figure, behind the warm-up."""

    name: str
    first: float
    last: float
    most: float
    growth: float
    allowed: float

    @property
    def is_flat(self) -> bool:
        return self.growth <= self.allowed


# What the slope may come to, once for each figure and once more for each 1,000 invocations: a sandbox more or less
# that waits when a sample is taken, and the pages that an allocator keeps.
_ALLOWED = {
    "memory": (6.0, 0.4),
    "files": (8, 0.2),
    "sockets": (6, 0.2),
    "threads": (3, 0.1),
    "tasks": (12, 0.2),
    "processes": (2, 0.1),
    "containers": (3, 0.1),
    "networks": (0, 0),
    "volumes": (3, 0.1),
    "cache_files": (6, 1.0),
    "cache": (0.5, 0.05),
}


def growth(held: Sequence[Held], *, warm_up: float = 0.3) -> list[Growth]:
    """Of every figure; the first part of the samples is the warm-up's."""
    counted = held[int(len(held) * warm_up) :]
    span = counted[-1].invocations - counted[0].invocations
    found = []
    for field in fields(Held):
        if field.name not in _ALLOWED:
            continue
        points = [(each.invocations, float(getattr(each, field.name))) for each in counted]
        slopes = [(b - a) / (later - earlier) for (earlier, a), (later, b) in combinations(points, 2)]
        values = [value for _, value in points]
        once, further = _ALLOWED[field.name]
        found.append(
            Growth(
                name=field.name.replace("_", " "),
                first=values[0],
                last=values[-1],
                most=max(values),
                growth=(median(slopes) if slopes else 0.0) * span,
                allowed=once + further * span / 1000,
            )
        )
    return found


def table(grown: Sequence[Growth]) -> Iterator[str]:
    """In Markdown."""
    yield "| Held | After the warm-up | At the end | Most | Growth | Allowed | Flat |\n|---|---|---|---|---|---|---|"
    for each in grown:
        numbers = (each.first, each.last, each.most, each.growth, each.allowed)
        cells = " | ".join(f"{number:.1f}" for number in numbers)
        yield f"| {each.name} | {cells} | {'yes' if each.is_flat else 'no'} |"


def sample(pid: int, scratch: Path, client: docker.APIClient, *, invocations: int) -> Held:
    """proc_pid_statm(5), proc_pid_task(5), proc_pid_fd(5). ``pid`` is a server that ``watched.py`` has started."""
    process = PROCESSES / str(pid)
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    files = list(_links(process / "fd"))
    in_cache = list(_sizes(scratch / "cache"))
    return Held(
        invocations=invocations,
        memory=pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE,
        files=len(files),
        sockets=sum(link.startswith("socket:") for link in files),
        threads=len(list((process / "task").iterdir())),
        tasks=_tasks(watch_place(scratch)),
        processes=len(list(working(scratch))),
        containers=engine.marked(client, scratch),
        networks=_labelled(client.networks(), scratch),
        volumes=_labelled(client.volumes()["Volumes"] or (), scratch),
        cache_files=len(in_cache),
        cache=sum(in_cache) / _MEGABYTE,
    )


def left(client: docker.APIClient, scratch: Path) -> dict[str, int]:
    """What is there still when all is over."""
    return {
        "containers": engine.marked(client, scratch),
        "networks": _labelled(client.networks(), scratch),
        "volumes": _labelled(client.volumes()["Volumes"] or (), scratch),
        "processes": len(list(working(scratch))),
    }


def watch_place(scratch: Path) -> Path:
    """Where the server tells its tasks."""
    return scratch / "watched.sock"


def working(scratch: Path) -> Iterator[int]:
    """Processes whose folder or whose arguments are in the soak's own."""
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            said = (process / "cmdline").read_bytes()
            if os.fsencode(scratch) in said or (process / "cwd").readlink().is_relative_to(scratch):
                yield int(process.name)


def _labelled(found: Sequence[Any], scratch: Path) -> int:
    return sum(str(scratch) in str(each.get("Labels")) for each in found)


def _tasks(place: Path) -> int:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(place))
        return int(asking.makefile("rb").read())


def _links(folder: Path) -> Iterator[str]:
    for each in folder.iterdir():
        with suppress(OSError):
            yield str(each.readlink())


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield (Path(root) / name).lstat().st_size
