"""Where this process stands to its engine: beside it, in one of its containers, or apart from it.

Found out once for each engine and container, by facts, and kept: what an engine sees of a disk is not to be guessed
from its address.
"""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.cache import Cache, hash_of
from samlocal.engine import Engine, OwnContainer, listener
from samlocal.own_folder import own_folder
from samlocal.records import read_record, write_record

KIND = "engines"

# What engines mount into every container comes from a folder that is named after it.
_OWN_FILES = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SHORT_ID = re.compile(r"[0-9a-f]{12}")


class Side(StrEnum):
    """Containers of an engine BESIDE this process are on its machine, with its disk and its network; AROUND is the
    engine of the container that it runs in; APART is any other."""

    BESIDE = "beside"
    AROUND = "around"
    APART = "apart"


class Standpoint(Struct, frozen=True, kw_only=True):
    """``sees`` says whether the engine has this disk, under the same paths. ``records`` is the folder for what is
    remembered of engines, ``engine`` this one's identity."""

    records: Path
    side: Side = Side.BESIDE
    sees: bool = True
    engine: str = ""
    own: OwnContainer | None = None

    @property
    def remembered(self) -> Path:
        """What has been put on the engine's disk, as far as it is known."""
        return self.records / hash_of(self.engine)

    def place(self, path: Path) -> str | None:
        """Where the engine finds a file or folder of this machine; None where it does not."""
        if self.sees:
            return str(path)
        if self.own is None:
            return None
        whole = path.resolve()
        for target in sorted(self.own.mounts, key=len, reverse=True):
            if whole.is_relative_to(target):
                # What is mounted upon it is not there for the engine.
                if whole.stat().st_dev != Path(target).stat().st_dev:
                    return None
                rest = whole.relative_to(target)
                return str(Path(self.own.mounts[target]) / rest)
        return None


class _Known(Struct, frozen=True, kw_only=True):
    side: Side
    sees: bool
    engine: str = ""
    own: OwnContainer | None = None


def standpoint(engine: Engine, image: str | None, cache: Cache, *, doubted: bool = False) -> Standpoint:
    """What is known already holds unless it is ``doubted``. ``image`` is one that the engine has; None is any.

    An engine whose socket is a process's of this machine is asked nothing. Raises EngineError, ConfigurationError.
    """
    records = cache.root / KIND
    beside = Standpoint(records=records)
    near = _is_process_here(engine.address) and not engine.product.secluded
    with cache.translated():
        # A cache folder that is not ours to look into is said to be.
        known_before = records.exists()
    if near and not doubted and not known_before:
        return beside
    ids = tuple(_own_ids())
    record = records / f"{hash_of(engine.address, *ids)}.json"
    known = None if doubted else read_record(record, _Known)
    if known is not None:
        return Standpoint(records=records, side=known.side, sees=known.sees, engine=known.engine, own=known.own)
    if near and not doubted:
        return beside
    own = engine.own_container(ids)
    image = image or next(iter(engine.images()), None)
    if own is None and image is None:
        return beside
    sees = own is None and image is not None and _is_seen(engine, image, cache)
    if own is not None:
        side = Side.AROUND
    elif sees and not ids and not engine.product.secluded and _is_of_this_machine(engine.address):
        side = Side.BESIDE
    else:
        side = Side.APART
    found = replace(beside, side=side, sees=sees, own=own)
    if side is not Side.BESIDE:
        found = replace(found, engine=engine.identity())
    write_record(record, _Known(side=found.side, sees=found.sees, engine=found.engine, own=found.own))
    return found


def doubted(engine: Engine, known: Standpoint, image: str) -> Standpoint | None:
    """The standpoint found out anew, after the engine did not find what it had been told to mount.

    What was put on its disk is looked for again. None where it does not stand elsewhere. Raises as ``standpoint``.
    """
    found = standpoint(engine, image, Cache(known.records.parent), doubted=True)
    if found.side is Side.BESIDE:
        return None
    with suppress(OSError):
        shutil.rmtree(found.remembered)
    return found


def _is_seen(engine: Engine, image: str, cache: Cache) -> bool:
    with cache.translated():
        probe = own_folder(cache.root / KIND) / f"probe-{uuid.uuid4().hex}"
        probe.touch(mode=0o600)
        try:
            return engine.sees(image, str(probe))
        finally:
            probe.unlink(missing_ok=True)


def _is_of_this_machine(address: str) -> bool:
    """Whether it is asked here, if perhaps by what passes it on: a virtual machine's socket, or port, is."""
    parts = urllib.parse.urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "ssh":
        return False
    if "unix" in parts.scheme:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_process_here(address: str) -> bool:
    """Whether the engine's Unix socket is one that a process of this machine, and of this container, listens at."""
    if "unix" not in address.partition("://")[0]:
        return False
    who = listener(address)
    # Where nobody can tell, whoever asks it next says what is wrong with it.
    return who is None or who.process != 0


def _own_ids() -> Iterator[str]:
    """What the container that this process runs in, if it does, may be called by its engine."""
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            # proc(5): the fourth field is the place on its file system, the fifth where it is mounted.
            _, _, _, root, target, *_ = line.split(" ")
            if target in _OWN_FILES:
                yield from _ID.findall(root)
    if _SHORT_ID.fullmatch(name := socket.gethostname()):
        yield name
