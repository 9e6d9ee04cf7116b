"""Code that runs where the user edits it: a save of a source file there needs no plan but the one there is.

Whatever the folder holds, 50,000 files of dependencies say, a save is taken up as fast.
"""

from __future__ import annotations

import stat
import uuid
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from samlocal.pool.plan import Plan
from samlocal.project.sources import Sources
from samlocal.reload.concern import concerned
from samlocal.sandbox.folders import never_changes

# Of what a function is built from, or whether it has to be, none of these says anything.
_SOURCES = frozenset({".py", ".js", ".mjs", ".cjs", ".rb"})

_READ = 0o004


def saved_there(plan: Plan, sources: Sources, paths: Iterable[Path]) -> bool:
    """Whether all that concerns a function is source files of its own folder, which a container sees as it lies."""
    folder = plan.spec.code
    if folder is None or never_changes(folder, plan.spec):
        return False
    return all(_is_source(path, folder, sources) for path in paths if concerned(sources, [path]))


def plan_of_save(plan: Plan) -> Plan:
    """The plan of what has been saved, by a key that nobody has looked at all files for."""
    return replace(plan, code=f"saved {uuid.uuid4().hex}")


def _is_source(path: Path, folder: Path, sources: Sources) -> bool:
    if path in sources.files or not path.is_relative_to(folder) or path == folder:
        return False
    try:
        mode = path.lstat().st_mode
    except OSError:
        # What editors write a file to before it gets its name.
        return path.suffix not in _SOURCES
    # Whatever cannot be mounted as it is has to be copied.
    return path.suffix in _SOURCES and stat.S_ISREG(mode) and bool(mode & _READ)
