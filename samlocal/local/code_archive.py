"""Archives of code as Lambda takes it, the same bytes for the same files."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

# The oldest date that a zip can hold: a fresh checkout is no change of the code.
_DATE = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = frozenset({"__pycache__", ".git"})


def archive(path: Path) -> bytes:
    """A folder zipped, a file zipped by itself, a .zip or .jar as it is.

    Names are sorted, dates are fixed, execute bits and symbolic links stay. Raises OSError.
    """
    if path.is_file() and path.suffix in (".zip", ".jar"):
        return path.read_bytes()
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as into:
        for name, file in sorted(_files(path)):
            _add(into, name, file)
    return result.getvalue()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    if not path.is_dir():
        raise FileNotFoundError(path)
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if name not in links and name not in _LEFT_OUT]
        for name in (*names, *links):
            yield (here / name).relative_to(path).as_posix(), here / name


def _add(into: zipfile.ZipFile, name: str, file: Path) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    if file.is_symlink():
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        into.writestr(info, file.readlink().as_posix())
        return
    executable = file.stat().st_mode & stat.S_IXUSR
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    into.writestr(info, file.read_bytes())
