"""What has to be known of an image before a container is made of it."""

from __future__ import annotations

import json
from contextlib import suppress

from msgspec import Struct

from samlocal.artifact.cache import Cache, hash_of
from samlocal.engine import Engine, Tmp
from samlocal.own_folder import own_folder

_KIND = "images"
_SHELL, _TMP = "/bin/sh", "/tmp"  # noqa: S108 - in the image


class ImageTraits(Struct, frozen=True, kw_only=True):
    """Whether an image has a shell, and where a container of it can have its /tmp."""

    has_shell: bool
    tmp: Tmp


def image_traits(engine: Engine, image_id: str, cache: Cache) -> ImageTraits:
    """Asked of the engine once for each image: its id names its content."""
    memo = cache.root / _KIND / f"{hash_of(image_id)}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(memo.read_text(encoding="utf-8"))
        return ImageTraits(has_shell=bool(known["shell"]), tmp=Tmp(known["tmp"]))
    modes = engine.modes(image_id, _SHELL, _TMP)
    tmp = Tmp.MEMORY
    if modes[_TMP] == 0o777:
        # A volume begins with the image's folder and its mode; Lambda's user could not write into another one.
        tmp = Tmp.LIMITED_DISK if engine.limits_volumes() else Tmp.DISK
    found = ImageTraits(has_shell=modes[_SHELL] is not None, tmp=tmp)
    with suppress(OSError):
        own_folder(memo.parent)
        memo.write_text(json.dumps({"image": image_id, "shell": found.has_shell, "tmp": tmp}), encoding="utf-8")
    return found
