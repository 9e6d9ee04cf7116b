"""The layers that are kept on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.cache import Cache
from samlocal.artifact.code import packaged
from samlocal.artifact.fetch import stored
from samlocal.artifact.fetch.unpacked import read_unpacked
from samlocal.artifact.layers import versions as layer_versions
from samlocal.artifact.layers.opt import ARCHIVES, MERGED

_UNPACKED = (layer_versions.KIND, stored.KIND, ARCHIVES)


class KeptLayer(Struct, frozen=True, kw_only=True):
    """A layer in the cache. ``size`` is unpacked, in bytes; ``last_used`` is in epoch seconds."""

    name: str
    kind: str
    size: int
    sha256: str
    last_used: float
    folder: Path


def kept_layers(cache: Cache) -> list[KeptLayer]:
    """By name. What the layers of a list were merged into is not counted: it is made of links to them."""
    found = (layer for kind in _UNPACKED for layer in _of_kind(cache, kind))
    return sorted(found, key=lambda layer: layer.name)


def kept_versions(cache: Cache) -> list[str]:
    """The ARNs of the layer versions that are kept."""
    return sorted({layer.name for layer in _of_kind(cache, layer_versions.KIND)})


def clean(cache: Cache) -> tuple[int, int]:
    """Removes every layer that no sandbox uses; how many they were, and their bytes."""
    layers = kept_layers(cache)
    for kind in (MERGED, packaged.KIND, *_UNPACKED):
        cache.clear(kind)
    left = {layer.folder for layer in kept_layers(cache)}
    removed = [layer for layer in layers if layer.folder not in left]
    return len(removed), sum(layer.size for layer in removed)


def _of_kind(cache: Cache, kind: str) -> Iterator[KeptLayer]:
    for entry in cache.entries(kind):
        try:
            unpacked = read_unpacked(entry)
            last_used = entry.stat().st_mtime
        except (OSError, json.JSONDecodeError):
            # Another process has just removed it.
            continue
        yield KeptLayer(
            name=unpacked.origin,
            kind=kind,
            size=unpacked.size,
            sha256=unpacked.sha256,
            last_used=last_used,
            folder=unpacked.folder,
        )
