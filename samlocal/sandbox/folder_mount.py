"""A folder of this machine that the user wants in a sandbox."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from msgspec import Struct

from samlocal.errors import ConfigurationError

# What a sandbox is made of: nobody's folder can stand there.
_TAKEN = (
    *("/var/task", "/opt", "/var/runtime", "/var/lang", "/tmp", "/.samlocal"),  # noqa: S108 - in the sandbox
    *("/etc", "/proc", "/sys", "/dev", "/run", "/bin", "/sbin", "/lib", "/lib64", "/usr"),
)


class FolderMount(Struct, frozen=True, kw_only=True):
    """``--mount TARGET=FOLDER[:ro]``."""

    target: str
    folder: Path
    writable: bool = True


def folder_mount(text: str, *, cwd: Path) -> FolderMount:
    """Reads the option's value. Raises ConfigurationError."""
    target, found, folder = text.partition("=")
    writable = not folder.endswith(":ro")
    folder = folder.removesuffix(":ro")
    if not (target and found and folder):
        raise ConfigurationError(f"--mount {text!r}: write TARGET=FOLDER, or TARGET=FOLDER:ro.")
    path = PurePosixPath(target)
    if not path.is_absolute() or ".." in path.parts or str(path) == "/":
        raise ConfigurationError(f"--mount {text!r}: {target} is no place in a sandbox; begin it with a slash.")
    taken = next((own for own in _TAKEN if path.is_relative_to(own) or PurePosixPath(own).is_relative_to(path)), None)
    if taken is not None:
        raise ConfigurationError(
            f"--mount {text!r}: {taken} is the sandbox's own, and a folder at {path} would cover it or lie in it.",
            tip="Name another place, such as /mnt/data.",
        )
    return FolderMount(target=str(path), folder=cwd / Path(folder).expanduser(), writable=writable)
