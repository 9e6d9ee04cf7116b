"""A function or a layer to build, with what its build depends on."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from samlocal.function.build_metadata import BuildMetadata


class BuildTarget(Struct, frozen=True, kw_only=True):
    """A function or a layer to build. ``path`` is the way to it from the top template, such as ``Child/Function``.

    ``runtime`` is None for a layer, ``node_options`` is the function's own variable of that name. ``asset`` says that
    the folder is CDK's, which deploys it as it is.
    """

    path: str
    logical_id: str
    source: Path
    runtime: str | None
    handler: str | None
    architecture: str
    metadata: BuildMetadata
    node_options: str = ""
    asset: bool = False

    @property
    def is_layer(self) -> bool:
        return self.runtime is None
