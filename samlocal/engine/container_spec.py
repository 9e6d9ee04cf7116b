"""A container to be made, and how the engine is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    import docker
    from docker.types import HostConfig

    from samlocal.engine.product import Product

LABEL = "samlocal"
"""On everything that samlocal makes in Docker."""

_MANY = 32768

TMP = "/tmp"  # noqa: S108 - in the container


class Tmp(StrEnum):
    """Where a container's /tmp lives. Only the disk does not count as the container's memory."""

    MEMORY = "memory"
    DISK = "disk"
    LIMITED_DISK = "limited disk"


class Mount(Struct, frozen=True, kw_only=True):
    """A folder or file of this machine, read-only in the container unless it is ``writable``.

    ``seen_as`` is where its engine finds it, where that is elsewhere.
    """

    source: Path
    target: str
    writable: bool = False
    seen_as: str | None = None


class ContainerSpec(Struct, frozen=True, kw_only=True):
    """A container to be made. ``memory`` and ``tmp_size`` are in MB; ``environment`` replaces the image's own.

    A ``memory``, ``open_files`` or ``processes`` of 0 sets no limit, and ``read_only`` is for the root file system.
    ``processes`` counts the container's, threads included, ``user_processes`` those of its user. ``published`` are
    ports that this machine, and no other, reaches under the same numbers; ``capabilities`` are the ones left when all
    others are dropped. ``user`` is the numbers of a user and a group, ``groups`` of more.
    """

    name: str
    image: str
    platform: str | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    working_dir: str | None
    user: str
    groups: tuple[int, ...] = ()
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    labels: Mapping[str, str]
    network: str
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    memory: int
    tmp_size: int
    tmp: Tmp = Tmp.MEMORY
    open_files: int
    processes: int = 0
    user_processes: int = 0
    read_only: bool = True
    published: tuple[int, ...] = ()
    capabilities: tuple[str, ...] = ()
    hostname: str | None = None
    domain_name: str | None = None
    open_stdin: bool = False


def _own_limit(name: str) -> int:
    """As many as this process may have, or so many that nobody meets the limit: processes are a user's in all."""
    import resource

    own, _ = resource.getrlimit(resource.RLIMIT_NPROC if name == "nproc" else resource.RLIMIT_NOFILE)
    return _MANY if own == resource.RLIM_INFINITY else min(own, _MANY)


def host_config(client: docker.APIClient, spec: ContainerSpec, product: Product) -> HostConfig:
    """What the engine is told of the machine's side of a container."""
    import docker.types

    # Not `binds`: those split at colons, and make a folder where the source is absent.
    mounts = [
        docker.types.Mount(
            mount.target, mount.seen_as or str(mount.source), type="bind", read_only=not mount.writable
        )
        for mount in spec.mounts
    ]
    tmpfs = None
    if spec.tmp is Tmp.MEMORY:
        user, _, group = spec.user.partition(":")
        # runc before 1.2 gives it the mode of the image's own folder whatever is asked for; its owner it lets be.
        owner = f",uid={user},gid={group}" if product.tmpfs_owner else ""
        tmpfs = {TMP: f"rw,nosuid,nodev,exec,mode=1777{owner},size={spec.tmp_size}m"}
    else:
        # A volume without a name is removed with its container, and begins as the image's own folder.
        options = {"size": f"{spec.tmp_size}m"} if spec.tmp is Tmp.LIMITED_DISK else {}
        driver = docker.types.DriverConfig("local", options) if options else None
        mounts.append(docker.types.Mount(TMP, None, type="volume", driver_config=driver, labels=dict(spec.labels)))
    limits = {"nofile": spec.open_files, "nproc": spec.user_processes}
    if product.needs_limits:
        limits = {name: limit or _own_limit(name) for name, limit in limits.items()}
    # One process more: the engine's init is none of Lambda's.
    processes = spec.processes + 1 if spec.processes else None
    return client.create_host_config(
        mounts=mounts,
        network_mode=spec.network,
        extra_hosts=dict(spec.extra_hosts),
        read_only=spec.read_only,
        tmpfs=tmpfs,
        mem_limit=f"{spec.memory}m",
        memswap_limit=f"{spec.memory}m",
        pids_limit=processes,
        ulimits=[docker.types.Ulimit(name=name, soft=limit, hard=limit) for name, limit in limits.items() if limit],
        group_add=[str(group) for group in spec.groups],
        cap_drop=["ALL"],
        cap_add=list(spec.capabilities),
        port_bindings={port: ("127.0.0.1", port) for port in spec.published},
        # Under SELinux a container reads only what is labelled for it. To label the user's folders, and samlocal's
        # own files, which may be root's, would change what is not samlocal's (podman-run(1), `--security-opt`).
        security_opt=["no-new-privileges", "label=disable"],
        # What the function prints is read as it comes, and is for nobody else's disk.
        log_config=docker.types.LogConfig(type="none"),
        # A runtime is never process 1 on Lambda: there it would meet no signal, and orphans would stay.
        init=True,
    )
