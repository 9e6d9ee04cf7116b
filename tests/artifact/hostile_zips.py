"""Archives that no one should unpack, each with the error that refuses it."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator

from samlocal.artifact.fetch import archive_error as refusal

LINK, PIPE, SOCKET = stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK
CHARACTER_DEVICE, BLOCK_DEVICE = stat.S_IFCHR, stat.S_IFBLK
LIMIT = 262_144_000

Entry = tuple[str, bytes, int]


def packed(*entries: Entry | str, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of (name, content, mode), or of names alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as zipped:
        for entry in entries:
            name, content, mode = entry if isinstance(entry, tuple) else (entry, b"x", stat.S_IFREG | 0o644)
            info = zipfile.ZipInfo("a")
            # Past the constructor, which would mend it.
            info.filename = info.orig_filename = name
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = compression
            zipped.writestr(info, content)
    return buffer.getvalue()


def link(name: str, target: str) -> Entry:
    return name, target.encode(), LINK | 0o777


def file(name: str, content: bytes = b"x") -> Entry:
    return name, content, stat.S_IFREG | 0o644


def _with_flag(data: bytes) -> bytes:
    """The first entry said to be encrypted, in both of its headers."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def _with_method(data: bytes, method: int) -> bytes:
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<H", changed, 8, method)
    struct.pack_into("<H", changed, central + 10, method)
    return bytes(changed)


def _with_size(data: bytes, size: int, *, of: int = 0) -> bytes:
    """The unpacked size of an entry as the directory declares it."""
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    for _ in range(of):
        central = data.index(b"PK\x01\x02", central + 4)
    struct.pack_into("<I", changed, central + 24, size)
    return bytes(changed)


def _renamed_inside(data: bytes, old: bytes, new: bytes) -> bytes:
    """Another name in the directory than before the content."""
    at = data.rindex(old, 0, data.rindex(b"PK\x05\x06"))
    return data[:at] + new + data[at + len(old) :]


def _nul(data: bytes) -> bytes:
    return data.replace(b"good?evil", b"good\0evil")


def _overlapping(count: int) -> bytes:
    """A directory whose entries all name the one content: the bomb that needs no nesting."""
    single = packed(file("a" * 8, b"\0" * 10_000_000))
    start, end = single.index(b"PK\x01\x02"), single.rindex(b"PK\x05\x06")
    entry = single[start:end]
    directory = b"".join(entry.replace(b"a" * 8, f"{number:08}".encode()) for number in range(count))
    tail = bytearray(single[end:])
    struct.pack_into("<HHII", tail, 8, count, count, len(directory), start)
    return single[:start] + directory + bytes(tail)


_Maker = Callable[[], bytes]


def hostile() -> Iterator[tuple[str, _Maker, type[refusal.ArchiveError]]]:
    """Fifty and more of them: what it is, how it is made, which error refuses it."""
    for name in ("/etc/cron.d/evil", "//server/share", "/", "C:\\evil", "c:/evil", "\\\\server\\share", "/../x"):
        yield f"absolute {name!r}", lambda name=name: packed(name), refusal.AbsolutePathError
    for name in (
        "../evil",
        "a/../../evil",
        "a/b/../../../evil",
        "..",
        "a/..",
        "..\\evil",
        "a\\..\\..\\evil",
        "./../evil",
        "a/./../../evil",
        "../../../../../../../../tmp/evil",
        "a/../b",
    ):
        yield f"upwards {name!r}", lambda name=name: packed(name), refusal.ParentPathError
    for target in (
        "/etc/passwd",
        "/",
        "..",
        "../evil",
        "a/../../evil",
        "../../../../etc/shadow",
        "/optical",
        "/opt/../etc/passwd",
        "./..",
        "a//../..",
    ):
        yield f"link to {target!r}", lambda target=target: packed(link("l", target)), refusal.LeavingLinkError
    yield (
        "a link that leaves by another link",
        # Taken by its letters, in/out/../.. is the folder itself.
        lambda: packed(link("in/out", ".."), link("in/leaves", "out/../..")),
        refusal.LeavingLinkError,
    )
    yield (
        "a link that leaves by an absolute link into the folder",
        lambda: packed(file("d/e/f"), link("d/e/top", "/opt"), link("leaves", "d/e/top/..")),
        refusal.LeavingLinkError,
    )
    yield "a link that leads nowhere", lambda: packed(link("l", "")), refusal.LeavingLinkError
    yield "a link with a long target", lambda: packed(link("l", "a/" * 3000)), refusal.LeavingLinkError
    yield "a link with a NUL", lambda: packed(link("l", "a\0b")), refusal.LeavingLinkError
    yield "through a link", lambda: packed(link("d", "e"), file("d/evil")), refusal.ThroughLinkError
    yield (
        "through a link written later",
        lambda: packed(file("d/evil"), link("d", "e")),
        refusal.ThroughLinkError,
    )
    yield (
        "through a link far up",
        lambda: packed(link("d", "e"), file("d/a/b/c/evil")),
        refusal.ThroughLinkError,
    )
    yield (
        "through a link by a slash",
        lambda: packed(link("d/", "e"), file("d//evil")),
        refusal.ThroughLinkError,
    )
    for what, kind in (
        ("a pipe", PIPE),
        ("a socket", SOCKET),
        ("a character device", CHARACTER_DEVICE),
        ("a block device", BLOCK_DEVICE),
        ("a kind that there is not", 0o150000),
    ):
        yield what, lambda kind=kind: packed(("dev/x", b"", kind | 0o666)), refusal.SpecialFileError
    yield (
        "a link that leaves where case is ignored",
        lambda: packed(link("e", "."), link("f", "."), link("leaves", "E/F/../../evil")),
        refusal.LeavingLinkError,
    )
    yield "a file that is a folder", lambda: packed("a", "a/b"), refusal.NameClashError
    yield "a folder that is a file", lambda: packed("a/b", "a"), refusal.NameClashError
    yield "a long name", lambda: packed("x" * 256), refusal.UnusableNameError
    yield "a long name of few letters", lambda: packed("\u20ac" * 86), refusal.UnusableNameError
    yield "a long path", lambda: packed("/".join(["x" * 200] * 30)), refusal.UnusableNameError
    yield "a NUL in a name", lambda: _nul(packed("good?evil")), refusal.UnusableNameError
    yield "no name", lambda: packed(""), refusal.UnusableNameError
    yield "zeros", lambda: packed(file("zeros", b"\0" * (LIMIT + 1))), refusal.TooLargeError
    yield (
        "many zeros",
        lambda: packed(*(file(f"z{n}", b"\0" * 27_000_000) for n in range(10))),
        refusal.TooLargeError,
    )
    yield "one content, many names", lambda: _overlapping(40), refusal.TooLargeError
    yield "a size beyond all", lambda: _with_size(packed("a"), 0xFFFF_FFF0), refusal.TooLargeError
    yield "a size too small", lambda: _with_size(packed(file("a", b"x" * 9999)), 10), refusal.BrokenArchiveError
    yield "encrypted", lambda: _with_flag(packed("a")), refusal.EncryptedArchiveError
    yield "an unknown way of packing", lambda: _with_method(packed("a"), 99), refusal.BrokenArchiveError
    yield "no zip", lambda: b"#!/bin/sh\nrm -rf /\n", refusal.BrokenArchiveError
    yield "empty", lambda: b"", refusal.BrokenArchiveError
    yield "cut off", lambda: packed(file("a", bytes(range(256)) * 40))[:-30], refusal.BrokenArchiveError
    yield (
        "its beginning cut off",
        lambda: packed(file("a", bytes(range(256)) * 40))[200:],
        refusal.BrokenArchiveError,
    )
    yield "two names", lambda: _renamed_inside(packed("good"), b"good", b"evil"), refusal.BrokenArchiveError
    yield (
        "a damaged content",
        lambda: packed(file("a", b"abcdefgh" * 100), compression=zipfile.ZIP_STORED).replace(
            b"abcdefgh", b"abcdefgX", 1
        ),
        refusal.BrokenArchiveError,
    )
