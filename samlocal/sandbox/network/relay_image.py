"""What a relay runs in: an image that has Python or Node, and where the image has it."""

from __future__ import annotations

import re

from msgspec import Struct

from samlocal.artifact.cache import hash_of
from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.artifact.image.runtime_image import REGISTRY, STAND_INS
from samlocal.engine import Engine
from samlocal.records import read_record, write_record
from samlocal.sandbox.debug.wiring import INSIDE

SMALL = "public.ecr.aws/docker/library/python:3.13-alpine"
"""Docker's own image (Amazon ECR Public Gallery, verified account "docker"), pulled where no other one will do."""

# Where AWS's images, Docker's own and distributions' have Python or Node, and its option for a program in a word.
_FOLDERS = ("/var/lang/bin", "/usr/local/bin", "/usr/bin")
_OPTIONS = {f"{folder}/{name}": option for name, option in (("python3", "-c"), ("node", "-e")) for folder in _FOLDERS}

# Lambda's, and Docker's own of Python and Node under whatever name a mirror gives them.
_LIKELY = re.compile(rf"{re.escape(STAND_INS)}|{re.escape(REGISTRY)}/|(.*/)?(python|node)[:@]")


class RelayImage(Struct, frozen=True, kw_only=True):
    """An image that the engine has, and its ``interpreter``."""

    name: str
    interpreter: str

    def command(self, host: str) -> tuple[str, ...]:
        """What runs a relay that listens at an address of its container's."""
        source = INSIDE / ("relay.cjs" if self.interpreter.endswith("node") else "relay.py")
        return self.interpreter, _OPTIONS[self.interpreter], source.read_text(encoding="utf-8"), host


class _Interpreter(Struct, frozen=True, kw_only=True):
    """Where an image has what runs a relay, "" for nowhere."""

    path: str


def relay_image(engine: Engine, image: str, standpoint: Standpoint) -> RelayImage | None:
    """The function's own image where it will do, else any that is there; None where none will. Raises EngineError."""
    candidates = dict.fromkeys((image, *sorted(filter(_LIKELY.match, engine.images()))))
    return next(filter(None, (_found(engine, candidate, standpoint) for candidate in candidates)), None)


def _found(engine: Engine, image: str, standpoint: Standpoint) -> RelayImage | None:
    """Asked of the engine once for each image."""
    described = engine.describe_image(image)
    if described is None:
        return None
    record = standpoint.remembered / f"relay-{hash_of(described.id)}.json"
    known = read_record(record, _Interpreter)
    if known is None or known.path not in ("", *_OPTIONS):
        found = engine.modes(image, *_OPTIONS)
        known = _Interpreter(path=next((path for path in _OPTIONS if found[path] is not None), ""))
        write_record(record, known)
    return RelayImage(name=image, interpreter=known.path) if known.path else None
