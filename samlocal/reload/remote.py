"""Disks whose changes this machine's kernel need not hear of, since others write there too."""

from __future__ import annotations

from pathlib import Path

# proc(5), mountinfo: the type of each; what is shared between machines, or with the host of a virtual one.
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "vboxsf", "virtiofs", "prl_fs", "fuse.sshfs"})


def is_remote(path: Path, *, mounts: str | None = None) -> bool:
    """Whether a path lies on such a disk; ``mounts`` is what /proc/self/mountinfo says, False where nobody does."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return False
    found, type_ = Path("/"), ""
    for line in mounts.splitlines():
        fields, _, more = line.partition(" - ")
        place = Path(fields.split()[4].encode("latin-1", "replace").decode("unicode_escape"))
        if path.is_relative_to(place) and len(place.parts) >= len(found.parts):
            found, type_ = place, more.split()[0]
    return type_ in _REMOTE
