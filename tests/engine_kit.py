"""What tests ask engines for without starting anything."""

from __future__ import annotations

from typing import Any

from samlocal.engine import ContainerSpec


def container_spec(**more: Any) -> ContainerSpec:
    """A container of 128 MB with its /tmp in memory."""
    limits = {"memory": 128, "tmp_size": 600, "open_files": 1024, **more}
    return ContainerSpec(
        name="c",
        image="image",
        platform=None,
        entrypoint=(),
        command=(),
        working_dir=None,
        user="993:990",
        environment={},
        mounts=(),
        labels={},
        network="bridge",
        **limits,
    )
