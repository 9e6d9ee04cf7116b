"""The folder that stands at /opt: a function's layers, merged in their order, the last one winning."""

from __future__ import annotations

import shutil
from pathlib import Path

from samlocal.artifact.cache import Cache, hash_of, tree_hash
from samlocal.errors import LayerError
from samlocal.function.package import LocalLayer, RemoteLayer
from samlocal.function.spec import FunctionSpec


def opt_folder(spec: FunctionSpec, cache: Cache) -> Path | None:
    """The merged folder, None for a function without layers. Raises LayerError."""
    folders = [_folder(spec, layer) for layer in spec.layers]
    if len(folders) < 2:
        return folders[0] if folders else None

    def make(merged: Path) -> None:
        for folder in folders:
            shutil.copytree(folder, merged, symlinks=True, dirs_exist_ok=True)

    return cache.entry("layers", hash_of(*(tree_hash(folder) for folder in folders)), make)


def _folder(spec: FunctionSpec, layer: LocalLayer | RemoteLayer) -> Path:
    match layer:
        case LocalLayer(logical_id=logical_id, path=path):
            folder = path.resolve()
            if not folder.is_dir():
                raise LayerError(
                    f"{spec.location}: {spec.logical_id}: the layer {logical_id} has no folder {path}.",
                    tip="Mend its ContentUri; archives are not unpacked yet.",
                )
            return folder
        case RemoteLayer(arn=arn):
            raise LayerError(
                f"{spec.location}: {spec.logical_id}: samlocal does not fetch the layer {arn} yet.",
                tip="Declare the layer in the template with its local folder.",
            )
