"""What has to be known of an image before a container is made of it."""

from __future__ import annotations

from msgspec import Struct

from samlocal.artifact.cache import Cache, hash_of
from samlocal.engine import Engine, Tmp
from samlocal.records import read_record, write_record

_KIND = "images"
_SHELL, _TMP = "/bin/sh", "/tmp"  # noqa: S108 - in the image


class ImageTraits(Struct, frozen=True, kw_only=True):
    """Whether an image has a shell, where a container of it can have its /tmp, and on what ``machine`` it runs, as
    images name that: ``amd64``, ``arm64``.
    """

    has_shell: bool
    tmp: Tmp
    machine: str = ""


def image_traits(engine: Engine, image_id: str, cache: Cache) -> ImageTraits:
    """Asked of each engine once for each image: its id names its content."""
    memo = cache.root / _KIND / f"{hash_of(image_id, engine.address)}.json"
    known = read_record(memo, ImageTraits)
    if known is not None:
        return known
    modes = engine.modes(image_id, _SHELL, _TMP)
    tmp = Tmp.MEMORY
    if modes[_TMP] == 0o777:
        # A volume begins with the image's folder and its mode; Lambda's user could not write into another one.
        tmp = Tmp.LIMITED_DISK if engine.limits_volumes() else Tmp.DISK
    found = ImageTraits(has_shell=modes[_SHELL] is not None, tmp=tmp, machine=engine.architecture())
    write_record(memo, found)
    return found


def lambdas_name(machine: str) -> str:
    """An architecture of images and engines as Lambda calls it."""
    return "x86_64" if machine == "amd64" else machine
