"""Files of a folder for the paths that no route takes, as a website beside an API has them."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

from samlocal.http_api.exchange import HttpAnswer, HttpRequest

_INDEX = "index.html"
# A larger file is read and sent in parts of so much.
_PART_BYTES = 256 * 1024


class StaticFiles:
    """Of this folder and below it; links do not lead out of it, nor to what is hidden (``.env``, ``.git``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """The file that a GET or HEAD names, or a folder's index.html; None where there is none."""
        if request.method not in ("GET", "HEAD"):
            return None
        return await asyncio.to_thread(self._answer, unquote(request.path), head=request.method == "HEAD")

    def _answer(self, path: str, *, head: bool) -> HttpAnswer | None:
        found = self._found(path)
        if found is None:
            return None
        try:
            size = found.stat().st_size
            body = b"" if head or size > _PART_BYTES else found.read_bytes()
        except OSError:
            # It has just gone, or is nobody's to read.
            return None
        kind, encoding = mimetypes.guess_type(found.name)
        headers = (
            ("Content-Type", _with_charset(kind) if encoding is None else "application/octet-stream"),
            ("Content-Length", str(len(body) or size)),
            ("Cache-Control", "no-cache"),
        )
        in_parts = not head and size > _PART_BYTES
        return HttpAnswer(status=200, headers=headers, body=body, stream=_parts(found, size) if in_parts else None)

    def _found(self, path: str) -> Path | None:
        try:
            there = (self._folder / path.lstrip("/")).resolve()
            if there.is_dir():
                there = (there / _INDEX).resolve()
            inside = there.is_relative_to(self._folder) and there.is_file()
        except (OSError, ValueError, RuntimeError):
            # A name that no file can have, or links in a circle (RuntimeError, before Python 3.13).
            return None
        return there if inside and not _is_hidden(there.relative_to(self._folder)) else None


async def _parts(path: Path, size: int) -> AsyncIterator[bytes]:
    """So many bytes of a file, as they are when each is read. Raises OSError."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while size > 0:
            part = await asyncio.to_thread(file.read, min(size, _PART_BYTES))
            if not part:
                raise OSError(f"{path} has become shorter while it was sent")
            size -= len(part)
            yield part


def _is_hidden(path: Path) -> bool:
    """``.well-known`` is there to be found (RFC 8615)."""
    return any(part.startswith(".") and part != ".well-known" for part in path.parts)


def _with_charset(kind: str | None) -> str:
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else kind
