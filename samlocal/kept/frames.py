"""Messages on a stream: each behind its length, in MessagePack."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_LENGTH = struct.Struct(">I")

LARGEST = 64 * 1024 * 1024
"""Bytes. Events and responses have 6 MB at most, lines of a log 256 KB."""


class BrokenFrameError(Exception):
    """What came is no message: it is too large, or of another kind."""


class Reads(Generic[T]):
    """What comes on one stream, as values of a type. A message may come in any number of pieces."""

    def __init__(self, kind: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind, dec_hook=_made)
        self._come = bytearray()

    def feed(self, data: bytes) -> None:
        self._come += data

    def next(self) -> T | None:
        """The next message, None where not all of it has come. Raises BrokenFrameError."""
        if len(self._come) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._come)
        if length > LARGEST:
            raise BrokenFrameError(f"a message of {length:,} bytes")
        end = _LENGTH.size + length
        if len(self._come) < end:
            return None
        body = bytes(memoryview(self._come)[_LENGTH.size : end])
        del self._come[:end]
        return self._decoded(body)

    def rest(self) -> bytes:
        """What has come behind the last message: another one's, whose kind is another."""
        rest = bytes(self._come)
        self._come.clear()
        return rest

    def _decoded(self, body: bytes) -> T:
        try:
            value: T = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BrokenFrameError(str(error)) from error
        return value


def packed(message: object) -> bytes:
    """Raises UnicodeEncodeError for a text that is no UTF-8: a file's name need not be."""
    body = msgspec.msgpack.encode(message, enc_hook=_plain)
    return _LENGTH.pack(len(body)) + body


def shown(message: object) -> bytes:
    """The same for what is only to be read: what is no UTF-8 in it is spelled out."""
    try:
        return packed(message)
    except UnicodeEncodeError:
        return packed(_spelled(msgspec.to_builtins(message, builtin_types=(bytes,), enc_hook=_plain)))


def _spelled(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case list() | tuple():
            return [_spelled(item) for item in value]
        case dict():
            return {_spelled(key): _spelled(item) for key, item in value.items()}
    return value


def _plain(value: object) -> bytes:
    if isinstance(value, Path):
        return os.fsencode(value)
    raise TypeError(f"{type(value).__name__} is not sent")


def _made(kind: type, value: object) -> Any:
    if kind is Path and isinstance(value, bytes):
        return Path(os.fsdecode(value))
    raise TypeError(f"{kind.__name__}, not {type(value).__name__}")
