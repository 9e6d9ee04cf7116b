"""Files of a folder for the paths that no route takes, as a website beside an API has them."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import unquote

from samlocal.http_api.exchange import HttpAnswer, HttpRequest

_INDEX = "index.html"


class StaticFiles:
    """Of this folder and below it; links do not lead out of it, nor to what is hidden (``.env``, ``.git``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def answer(self, request: HttpRequest) -> HttpAnswer | None:
        """The file that a GET or HEAD names, or a folder's index.html; None where there is none."""
        if request.method not in ("GET", "HEAD"):
            return None
        path = self._found(unquote(request.path))
        if path is None:
            return None
        content = path.read_bytes()
        kind, encoding = mimetypes.guess_type(path.name)
        headers = [("Content-Type", _with_charset(kind) if encoding is None else "application/octet-stream")]
        return HttpAnswer(
            status=200,
            headers=(*headers, ("Content-Length", str(len(content))), ("Cache-Control", "no-cache")),
            body=content,
        )

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


def _is_hidden(path: Path) -> bool:
    """``.well-known`` is there to be found (RFC 8615)."""
    return any(part.startswith(".") and part != ".well-known" for part in path.parts)


def _with_charset(kind: str | None) -> str:
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith("javascript") else kind
