"""An API of the template, served while the tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


class Api:
    """``url`` is for any client; the methods are one that follows no redirect and tries nothing again."""

    def __init__(self, id_: str, url: str) -> None:
        import urllib3

        self.id = id_
        self.url = url
        self._clients = urllib3.PoolManager(retries=False)

    def request(self, method: str, path: str, **given: Any) -> BaseHTTPResponse:
        """``given`` are urllib3's: ``headers``, ``body``, ``json``, ``fields`` (a query or a form), ``timeout``.

        What comes back has ``status``, ``headers``, ``data`` and ``json()``.
        """
        return self._clients.request(method, f"{self.url}/{path.removeprefix('/')}", redirect=False, **given)

    def get(self, path: str, **given: Any) -> BaseHTTPResponse:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> BaseHTTPResponse:
        return self.request("POST", path, **given)

    def put(self, path: str, **given: Any) -> BaseHTTPResponse:
        return self.request("PUT", path, **given)

    def delete(self, path: str, **given: Any) -> BaseHTTPResponse:
        return self.request("DELETE", path, **given)

    def close(self) -> None:
        self._clients.clear()
