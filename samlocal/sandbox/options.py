"""What a user may choose about the sandboxes of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from samlocal.artifact.code.private_folders import PrivateFolders
from samlocal.engine_choice import EngineChoice
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.folder_mount import FolderMount


class SandboxOptions(Struct, frozen=True, kw_only=True):
    """``images`` holds an image for each runtime named; ``endpoint_url`` stands in for AWS.

    ``profile`` is the caller's, whose rights fetch code and layers, these into ``layer_cache``. ``private`` are the
    folders that functions do not see.
    """

    images: Mapping[str, str] = field(default_factory=dict)
    pull: bool = False
    skip_pull: bool = False
    network: str = "bridge"
    engines: EngineChoice = field(default_factory=EngineChoice)
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    local_markers: bool = True
    endpoint_url: str | None = None
    profile: str | None = None
    layer_cache: Path | None = None
    layer_role_arn: str | None = None
    refresh_layers: bool = False
    refresh: bool = False
    debug: DebugOptions | None = None
    mounts: tuple[FolderMount, ...] = ()
    private: PrivateFolders = field(default_factory=PrivateFolders)
