"""Records: small files of samlocal's own, JSON of a type's shape, which nobody but their owner reads.

One that is cut off, of another version of samlocal, or written by hand counts as absent.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from samlocal.own_folder import own_folder

T = TypeVar("T")

MALFORMED = (ValueError, RecursionError)
"""What ``decoded`` raises for what is no such value."""


def encoded(value: object, *, in_own_order: bool = False) -> bytes:
    """The value as JSON, paths as texts; the same for equal values, or with mappings in the order that they have."""
    order: Literal["deterministic"] | None = None if in_own_order else "deterministic"
    try:
        return msgspec.json.encode(value, enc_hook=str, order=order)
    except UnicodeEncodeError:
        import json

        # The name of a file need not be UTF-8.
        return json.dumps(msgspec.to_builtins(value, enc_hook=str, order=order)).encode()


def decoded(data: bytes | str, kind: type[T]) -> T:
    """The value that was encoded. Raises one of MALFORMED."""
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=_made)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        import json

        # What names a file whose name is no UTF-8 has lone surrogates, which only json takes.
        return msgspec.convert(json.loads(data), kind, dec_hook=_made)


def _made(kind: type, value: object) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{kind.__name__}, not {type(value).__name__}")


def read_record(file: Path, kind: type[T]) -> T | None:
    """What a file holds, None where it does not hold that."""
    try:
        return decoded(file.read_bytes(), kind)
    except (OSError, *MALFORMED):
        return None


def write_record(file: Path, value: object) -> None:
    """Replaces a file whole. It only saves time: a disk that refuses is no reason to fail."""
    with contextlib.suppress(OSError):
        put_record(file, value)


def put_record(file: Path, value: object) -> None:
    """The same for what has to be there afterwards. Raises OSError."""
    put_private(file, encoded(value, in_own_order=True))


def put_private(file: Path, content: bytes) -> None:
    """Replaces a file whole, readable by its owner only. Raises OSError."""
    own_folder(file.parent)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as writing:
            writing.write(content)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
