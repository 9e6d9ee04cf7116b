"""An exception that nobody expected: one line for the user, and a file that helps whoever mends samlocal.

The file holds the places in the code, and no message and no local variable: both may quote the user's values.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from samlocal import __version__
from samlocal.cli.world import World
from samlocal.errors import ConfigurationError, SamlocalError, UnforeseenError
from samlocal.own_folder import own_folder

_KEPT = 10
"""So many of these files stay; older ones are removed."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP)
_HERE = str(Path(__file__).parent.parent.parent) + os.sep


def told(error: BaseException, args: Sequence[str], world: World) -> SamlocalError:
    """What to tell the user of any exception: a disk that refuses is the user's to mend, the rest samlocal's."""
    if isinstance(error, OSError):
        disk = _disk_problem(error, world)
        if disk is not None:
            return disk
    what = "".join(traceback.format_exception_only(error)).strip().replace("\n", " ")
    file = _written(_report(error, args), world)
    sent = f"Please send in {file}: it holds the places in the code and none of your values." if file else ""
    return UnforeseenError(f"samlocal has met a fault of its own, {_place(error)}: {what[:300]}. {sent}".rstrip())


def _disk_problem(error: OSError, world: World) -> SamlocalError | None:
    cache = world.cache_folder
    if error.errno in _FULL:
        return ConfigurationError(
            f"{error.filename or cache}: {error.strerror}.",
            tip="Make room there, or name another place: SAMLOCAL_CACHE_DIR for the cache, TMPDIR for other files.",
        )
    named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if isinstance(name, (str, bytes))]
    # A parent that cannot be made counts too: the cache is below it.
    if any(name.is_relative_to(cache) or cache.is_relative_to(name) for name in named):
        return ConfigurationError(
            f"The cache folder {cache} cannot be used: {error.strerror}: {named[0]}.",
            tip="Give yourself the right to it, or name another with SAMLOCAL_CACHE_DIR.",
        )
    if named and error.errno in _REFUSED:
        return ConfigurationError(
            f"{named[0]}: {error.strerror}.", tip="Give yourself the right to it, or name another file."
        )
    return None


def _place(error: BaseException) -> str:
    """The last line of samlocal's own that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(_HERE + "samlocal" + os.sep)] or frames
    return f"{own[-1].filename.removeprefix(_HERE)}:{own[-1].lineno}" if own else "nowhere"


def _report(error: BaseException, args: Sequence[str]) -> str:
    command = next((arg for arg in args if not arg.startswith("-")), "")
    head = (
        f"samlocal {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        # Its other words may hold values.
        f"command: {command if command.isidentifier() or command == 'debug-config' else '?'}\n"
    )
    return head + "\n".join(_chain(error))


def _chain(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield f"{type(current).__module__}.{type(current).__qualname__}"
        frames = traceback.extract_tb(current.__traceback__)
        # A recursion's thousand frames say no more than its ends.
        yield "".join(traceback.format_list([*frames[:30], *frames[30:][-30:]]))
        following = current.__cause__ or current.__context__
        if following is not None:
            yield "which arose from"
        current = following


def _written(report: str, world: World) -> Path | None:
    """In the cache, else among the temporary files; None where neither takes it."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in (world.cache_folder / "faults", None):
        with contextlib.suppress(OSError, ValueError):
            if folder is None:
                handle, path = tempfile.mkstemp(prefix="samlocal-fault-", suffix=".txt")
            else:
                own_folder(folder)
                path = str(folder / name)
                handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(report + "\n")
            if folder is not None:
                for old in sorted(folder.glob("*.txt"))[:-_KEPT]:
                    old.unlink(missing_ok=True)
            return Path(path)
    return None
