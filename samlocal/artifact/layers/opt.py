"""The folder that stands at /opt: a function's layers, merged in their order, the last one winning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import hash_of, tree_hash
from samlocal.artifact.code.packaged import is_own_build, packaged
from samlocal.artifact.fetch.stored import stored
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.fetch.unpacked import local_archive, warn_of_unreadable
from samlocal.artifact.layers.merge import merge
from samlocal.artifact.layers.versions import OPT, layer_version
from samlocal.artifact.refusal import refused
from samlocal.artifact.superseded import NOTE, Note, remove_superseded
from samlocal.errors import LayerError, UnresolvedError
from samlocal.function.package import Layer, LocalLayer, RemoteLayer, StoredLayer
from samlocal.function.spec import FunctionSpec
from samlocal.records import put_record

MERGED = "merged"
ARCHIVES = "archives"

_CONTENT = "content"


class _Note(Note, frozen=True, kw_only=True):
    """The layers that were merged."""

    layers: list[str]


class Opt(Struct, frozen=True, kw_only=True):
    """What stands at /opt. ``size`` is in bytes, None for a folder of the user's own, which nobody has measured."""

    folder: Path
    size: int | None


class _Content(Struct, frozen=True, kw_only=True):
    """One layer's files. ``state`` is that of a copy that never changes, None for a folder of the user's own.

    ``size`` is in bytes, None where nobody has measured it.
    """

    name: str
    folder: Path
    state: str | None = None
    size: int | None = None

    @property
    def key(self) -> str:
        """Changes with the files."""
        return self.state or tree_hash(self.folder)


def opt_folder(spec: FunctionSpec, supply: ArtifactStore) -> Opt | None:
    """The merged folder, None for a function without layers. A single layer's folder is taken as it is.

    Raises LayerError, UnresolvedError for a layer that cannot be known without an environment, AwsError.
    """
    contents = [_content(spec, layer, supply) for layer in spec.layers]
    if len(contents) < 2:
        return Opt(folder=contents[0].folder, size=_size(contents)) if contents else None
    cache = supply.layers
    slot = hash_of(*(content.name for content in contents))

    def make(entry: Path) -> None:
        merged = entry / _CONTENT
        merged.mkdir()
        merge([(content.folder, content.state is not None) for content in contents], merged)
        merged.chmod(0o755)
        put_record(entry / NOTE, _Note(slot=slot, layers=[content.name for content in contents]))

    with refused(spec, "layer", "a layer"):
        key = hash_of(*(content.key for content in contents))
    fresh = cache.find(MERGED, key) is None
    entry = cache.entry(MERGED, key, make, renew=supply.refresh_layers)
    if fresh:
        remove_superseded(cache, MERGED, slot=slot, key=key)
    return Opt(folder=entry / _CONTENT, size=_size(contents))


def _size(contents: Sequence[_Content]) -> int | None:
    sizes = [content.size for content in contents]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _content(spec: FunctionSpec, layer: Layer, supply: ArtifactStore) -> _Content:
    match layer:
        case LocalLayer(logical_id=name, path=path):
            folder = path.resolve()
            if folder.is_dir():
                return _folder(spec, layer, folder, supply)
            if not folder.is_file():
                raise LayerError(
                    f"{spec.location}: {spec.logical_id}: the layer {name} has no folder and no archive {path}.",
                    tip="Mend its ContentUri, or make it first: `samlocal build` where it has a BuildMethod.",
                )
            name = str(folder)
            with refused(spec, "layer", f"the layer {layer.logical_id} ({path})"):
                found = local_archive(folder, supply.layers, ARCHIVES, mounted_at=OPT)
        case StoredLayer(content=content):
            name = f"s3://{content.bucket}/{content.key}"
            with refused(spec, "layer", f"the layer {layer.logical_id} ({name})"):
                found = stored(content, supply, supply.layers, region=spec.place.region, mounted_at=OPT)
        case RemoteLayer(arn=name, placeholder=None):
            with refused(spec, "layer", f"the layer {name}"):
                found = layer_version(name, supply, renew=supply.refresh_layers)
        case RemoteLayer(placeholder=placeholder):
            raise UnresolvedError(
                f"{spec.location}: {spec.logical_id}: Layers holds {placeholder}, whose value only a deployed stack "
                "knows.",
                tip="Name the environment with -e, or the stack with -n; or give the ARN with --parameter-overrides.",
            )
    warn_of_unreadable(name, found, supply.notice)
    return _Content(name=name, folder=found.folder, state=found.sha256, size=found.size)


def _folder(spec: FunctionSpec, layer: LocalLayer, folder: Path, supply: ArtifactStore) -> _Content:
    if is_own_build(folder, supply.cache):
        return _Content(name=str(folder), folder=folder)
    with refused(spec, "layer", f"the layer {layer.logical_id} ({layer.path})"):
        own = packaged(folder, supply.layers, mounted_at=OPT, private=supply.private)
    for remark in own.remarks:
        supply.notice(f"{layer.logical_id}: {remark}.")
    return _Content(name=str(folder), folder=own.folder, state=own.key, size=own.size)
