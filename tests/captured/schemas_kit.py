"""EventBridge's schema registry, as its API reference describes it, in a thread: moto has none.

Source: botocore's model of the service (schemas/2019-12-02), for the paths, the members and the errors; AWS's own
discovery names what it finds ``Event`` and gives a document without examples.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REGISTRY = "lambda-testevent-schemas"

_PATH = re.compile(r"/v1/registries/name/(?P<registry>[^/?]+)(?:/schemas/name/(?P<schema>[^/?]+)(?P<more>/.*)?)?")


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.body = status, {"Code": code, "Message": message}


@dataclass(kw_only=True)
class Schemas:
    """``registries`` have schemas by name, these their versions by number. ``denies`` refuses everybody."""

    url: str = ""
    registries: dict[str, dict[str, dict[int, str]]] = field(default_factory=dict)
    denies: bool = False

    @property
    def environ(self) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_SCHEMAS": self.url}

    def share(self, function: str, text: str) -> None:
        """As the console has done it."""
        self.registries.setdefault(REGISTRY, {})[f"_{function}-schema"] = {1: text}

    def text(self, function: str) -> str:
        """The newest version."""
        versions = self.registries[REGISTRY][f"_{function}-schema"]
        return versions[max(versions)]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.denies:
            raise _RefusedError(403, "ForbiddenException", "not authorized")
        if path == "/v1/discover":
            assert body["Type"] == "OpenApi3"
            json.loads(body["Events"][0])
            document = {
                "openapi": "3.0.0",
                "info": {"version": "1.0.0", "title": "Event"},
                "paths": {},
                "components": {"schemas": {"Event": {"type": "object"}}},
            }
            return 200, {"Content": json.dumps(document)}
        found = _PATH.fullmatch(path.partition("?")[0])
        assert found, path
        if found["schema"] is None:
            return self._registry(method, found["registry"])
        schemas = self._there(self.registries, found["registry"])
        if method == "POST":
            assert body["Type"] == "OpenApi3"
            schemas[found["schema"]] = {1: body["Content"]}
            return 201, {"SchemaVersion": "1"}
        versions = self._there(schemas, found["schema"])
        match method, (found["more"] or "").split("/"):
            case "GET", [""]:
                return 200, {"Content": versions[max(versions)], "Type": "OpenApi3", "SchemaVersion": "1"}
            case "PUT", [""]:
                versions[max(versions) + 1] = body["Content"]
                return 200, {}
            case "DELETE", [""]:
                del schemas[found["schema"]]
                return 204, {}
            case "GET", ["", "versions"]:
                return 200, {"SchemaVersions": [{"SchemaVersion": str(each)} for each in versions]}
            case "DELETE", ["", "version", number]:
                del versions[int(number)]
                return 204, {}
        raise AssertionError((method, path))

    def _registry(self, method: str, name: str) -> tuple[int, dict[str, Any]]:
        if method == "POST":
            self.registries[name] = {}
            return 201, {"RegistryName": name}
        self._there(self.registries, name)
        return 200, {"RegistryName": name}

    @staticmethod
    def _there(things: dict[str, Any], name: str) -> Any:
        if name not in things:
            raise _RefusedError(404, "NotFoundException", f"{name} does not exist.")
        return things[name]


class _Handler(BaseHTTPRequestHandler):
    schemas: Schemas

    def _any(self) -> None:
        read = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, body = self.schemas.answer(self.command, self.path, json.loads(read or b"{}"))
        except _RefusedError as error:
            status, body = error.status, error.body
        content = json.dumps(body).encode()
        self.send_response(status)
        if status >= 400:
            self.send_header("x-amzn-ErrorType", body["Code"])
        self.send_header("Content-Length", str(0 if status == 204 else len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have nothing to say on standard error."""


@contextlib.contextmanager
def schema_registry() -> Iterator[Schemas]:
    schemas = Schemas()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"schemas": schemas}))
    schemas.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield schemas
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
