"""What a user may choose about the sandboxes of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """``images`` holds an image for each runtime named; ``endpoint_url`` stands in for AWS."""

    images: Mapping[str, str] = field(default_factory=dict)
    pull: bool = False
    skip_pull: bool = False
    network: str = "bridge"
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    local_markers: bool = True
    endpoint_url: str | None = None
