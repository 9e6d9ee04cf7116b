"""Which engine answers, what is asked of it otherwise than of Docker's, and where one is looked for."""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, DockerException
from engine_kit import container_spec

from samlocal.engine.container_spec import host_config
from samlocal.engine.failures import translated
from samlocal.engine.lacks import lacks
from samlocal.engine.places import DEFAULT, found_places, start_tip
from samlocal.engine.product import Product, product
from samlocal.errors import EngineError

# What Debian's dockerd and podman answer to a ping.
DOCKER = {"Api-Version": "1.41", "Server": "Docker/20.10.24+dfsg1 (linux)"}
PODMAN = {"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1", "Server": "Libpod/4.3.1 (linux)"}


@pytest.mark.parametrize(
    ("ping", "name", "version"),
    [
        (DOCKER, "Docker Engine", "20.10.24+dfsg1"),
        (PODMAN, "Podman", "4.3.1"),
        # An engine from before it said so.
        ({"Api-Version": "1.24"}, "Docker Engine", ""),
    ],
)
def test_an_engine_is_known_by_its_answer_to_a_ping(ping: Mapping[str, str], name: str, version: str) -> None:
    known = product(ping, owner=0)
    assert (known.name, known.version) == (name, version)


@pytest.mark.parametrize(
    ("version", "mode"),
    # podman-run(1): slirp4netns is what an ordinary user has to version 4, pasta from version 5 on.
    [("4.3.1", "slirp4netns"), ("4.9.3", "slirp4netns"), ("5.0.0", "pasta"), ("10.0.0", "pasta")],
)
def test_an_ordinary_users_podman_has_a_network_that_leads_to_the_users_loopback(version: str, mode: str) -> None:
    network = product({"Server": f"Libpod/{version} (linux)"}, owner=1000).loopback_network
    assert network is not None
    assert network.mode.partition(":")[0] == mode
    assert network.address == "10.0.2.2"


@pytest.mark.parametrize(
    ("ping", "owner", "late", "secluded", "has_loopback"),
    [
        (DOCKER, 0, False, False, False),
        (DOCKER, 1000, False, True, False),
        (PODMAN, 0, True, False, False),
        (PODMAN, 1000, False, False, True),
        # On another machine, a virtual one too.
        (DOCKER, None, False, False, False),
        (PODMAN, None, False, False, False),
    ],
)
def test_whose_engine_it_is_says_what_leads_from_its_networks_to_this_machine(
    ping: Mapping[str, str], owner: int | None, late: bool, secluded: bool, has_loopback: bool
) -> None:
    known = product(ping, owner=owner)
    assert known.is_here is (owner is not None)
    assert (known.late_bridges, known.secluded) == (late, secluded)
    assert (known.loopback_network is not None) == has_loopback


def asked(known: Product, **more: Any) -> dict[str, Any]:
    """What an engine is asked for a container of 128 MB with its /tmp in memory."""
    return dict(host_config(docker.APIClient(version="1.41"), container_spec(**more), known))


def limits(config: Mapping[str, Any]) -> dict[str, int]:
    return {limit["Name"]: limit["Hard"] for limit in config["Ulimits"]}


def test_podman_is_given_no_owner_of_a_tmpfs_which_it_does_not_know() -> None:
    assert "uid=993,gid=990" in asked(product(DOCKER, owner=0))["Tmpfs"]["/tmp"]
    options = asked(product(PODMAN, owner=0))["Tmpfs"]["/tmp"].split(",")
    assert {"mode=1777", "size=600m"} <= set(options)
    assert not [option for option in options if option.startswith(("uid=", "gid="))]


@pytest.mark.parametrize(
    ("name", "own", "given"),
    [("nproc", resource.RLIMIT_NPROC, "user_processes"), ("nofile", resource.RLIMIT_NOFILE, "open_files")],
)
def test_podman_is_given_limits_that_it_may_set(name: str, own: int, given: str) -> None:
    assert name not in limits(asked(product(DOCKER, owner=0), **{given: 0}))
    _, hard = resource.getrlimit(own)
    asked_for = limits(asked(product(PODMAN, owner=0), **{given: 0}))[name]
    assert asked_for > 0
    assert hard == resource.RLIM_INFINITY or asked_for <= hard
    assert limits(asked(product(PODMAN, owner=0), **{given: 1000}))[name] == 1000


@pytest.mark.parametrize("ping", [DOCKER, PODMAN])
def test_what_is_mounted_is_read_under_selinux_without_a_new_label(ping: Mapping[str, str]) -> None:
    assert "label=disable" in asked(product(ping, owner=0))["SecurityOpt"]


def test_an_image_has_the_name_that_docker_gives_it() -> None:
    podman = product(PODMAN, owner=0)
    assert podman.plain("localhost/samlocal/lambda-python:3.11") == "samlocal/lambda-python:3.11"
    assert podman.plain("docker.io/library/python:3.11") == "python:3.11"
    assert podman.plain("docker.io/samlocal/built:1") == "samlocal/built:1"
    assert podman.plain("public.ecr.aws/lambda/python:3.11") == "public.ecr.aws/lambda/python:3.11"
    assert product(DOCKER, owner=0).plain("localhost/mine:1") == "localhost/mine:1"


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        # Podman 4.3.1's own words, each once with the program away.
        (
            "container-init binary not found on the host: stat /usr/libexec/podman/catatonit: no such file or "
            "directory",
            "apt-get install catatonit",
        ),
        (
            "could not find slirp4netns, the network namespace can't be configured: exec: "
            '"slirp4netns": executable file not found in $PATH',
            "apt-get install slirp4netns",
        ),
        ("crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2: OCI runtime error", "runc"),
    ],
)
def test_a_program_that_the_engine_lacks_is_said_with_how_to_get_it(told: str, remedy: str) -> None:
    with pytest.raises(EngineError) as caught, translated("the container cannot be made"):
        raise APIError("500", explanation=told)
    assert remedy in (caught.value.tip or "")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.EMFILE, "ulimit -n"), (errno.EACCES, "usermod -aG docker"), (errno.ECONNREFUSED, "still running?")],
)
def test_what_this_process_may_not_do_is_no_fault_of_the_engines(number: int, remedy: str) -> None:
    met = DockerException("Error while fetching server API version")
    met.__context__ = OSError(number, os.strerror(number))
    with pytest.raises(EngineError) as caught, translated("the container cannot be made"):
        raise met
    assert remedy in (caught.value.tip or "")


@pytest.mark.parametrize(
    ("info", "subjects"),
    [
        ({"MemoryLimit": True, "Driver": "overlay2"}, []),
        # An ordinary user's engine on cgroup v1, as Docker 20.10 and Podman 4.3 describe it, and on v2.
        ({"MemoryLimit": False, "Driver": "overlay2", "CgroupVersion": "1"}, ["memory limit"]),
        ({"MemoryLimit": True, "Driver": "overlay", "CgroupVersion": "1", "Rootless": True}, ["memory limit"]),
        ({"MemoryLimit": True, "Driver": "overlay", "CgroupVersion": "2", "Rootless": True}, []),
        ({"MemoryLimit": True, "Driver": "vfs"}, ["storage"]),
        ({}, []),
    ],
)
def test_what_an_engine_says_that_it_cannot_do_comes_with_a_remedy(
    info: Mapping[str, Any], subjects: list[str]
) -> None:
    found = list(lacks(info))
    assert [lack.subject for lack in found] == subjects
    assert all(lack.remedy for lack in found)


def listen(path: Path, kept: list[socket.socket]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept.append(listening := socket.socket(socket.AF_UNIX))
    listening.bind(str(path))


def test_an_engine_is_looked_for_at_known_places_dockers_first(tmp_path: Path) -> None:
    home, runtime = tmp_path / "h", tmp_path / "r"
    (home / ".rd").mkdir(parents=True)
    # No socket.
    (home / ".rd" / "docker.sock").touch()
    kept: list[socket.socket] = []
    try:
        for path in (
            runtime / "podman" / "podman.sock",
            home / ".colima/default/docker.sock",
            runtime / "docker.sock",
        ):
            listen(path, kept)
        found = found_places({"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)})
    finally:
        for each in kept:
            each.close()
    assert found[:4] == (
        DEFAULT,
        f"unix://{runtime}/docker.sock",
        f"unix://{home}/.colima/default/docker.sock",
        f"unix://{runtime}/podman/podman.sock",
    )
    assert set(found[4:]) <= {"unix:///run/podman/podman.sock"}


@pytest.mark.parametrize(
    ("installed", "says"),
    [
        ((), "Start Docker"),
        (("docker", "podman"), "Start Docker"),
        (("podman",), "systemctl --user start podman.socket"),
        (("nerdctl",), "nerdctl drives containerd, which has no Docker API"),
        (("finch",), "finch drives containerd, which has no Docker API"),
    ],
)
def test_where_no_engine_answers_the_remedy_is_for_what_is_installed(
    tmp_path: Path, installed: tuple[str, ...], says: str
) -> None:
    for name in installed:
        (tmp_path / name).touch(0o755)
    assert says in start_tip({"PATH": str(tmp_path)})
