"""What an engine cannot do as it is set up, and how it could."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct


class Lack(Struct, frozen=True, kw_only=True):
    """``subject`` is what is lacking, ``text`` what that means for functions, ``remedy`` what to do about it."""

    subject: str
    text: str
    remedy: str


def lacks(info: Mapping[str, Any]) -> Iterator[Lack]:
    """By the engine's own description of itself (Docker Engine API, "Get system information")."""
    # Podman names what root's could do.
    if info.get("MemoryLimit") is False or (info.get("Rootless") and info.get("CgroupVersion") == "1"):
        yield Lack(
            subject="memory limit",
            text="the engine cannot limit or measure a function's memory: none is ended for using too much.",
            remedy="An ordinary user's engine needs cgroup v2, with the memory controller delegated to the user "
            "(systemd does that). Root's engine needs none.",
        )
    if info.get("Driver") == "vfs":
        yield Lack(
            subject="storage",
            text="the engine copies the whole image for each container (vfs), which takes seconds.",
            remedy='Set driver = "overlay" in ~/.config/containers/storage.conf, and install fuse-overlayfs where '
            "the kernel is older than 5.13; `podman system reset` starts anew with it.",
        )
