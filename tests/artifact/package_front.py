"""A front before the AWS endpoint of the tests that gives layer versions and functions a downloadable location.

moto knows neither ``GetLayerVersionByArn`` nor where a package could be had. The front answers both from what has
been published through it, counts, and breaks downloads when it is told to.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import io
import json
import threading
import time
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aws_client import aws_client
from kit import AwsEndpoint


def zipped(files: Mapping[str, str | bytes], *, mode: int = 0o100755) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


@dataclass(kw_only=True)
class PackageFront:
    """``calls`` are what was asked of AWS, ``ranges`` the offset at which each download began."""

    endpoint: AwsEndpoint
    url: str = ""
    packages: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ranges: list[int] = field(default_factory=list)
    break_after: list[int] = field(default_factory=list)
    """Bytes after which the next downloads are broken off."""
    expired: int = 0
    """How many of the next downloads find their signed URL too old."""
    pause: float = 0.0
    """Seconds between the pieces of a download."""
    spoiled: int = 0
    """How many of the next downloads bring another content of the same length."""
    denied: set[str] = field(default_factory=set)
    """Access keys that may not read layers."""

    @property
    def environ(self) -> dict[str, str]:
        return self.endpoint.environ | {"AWS_ENDPOINT_URL": self.url, "NO_PROXY": "127.0.0.1"}

    def publish(self, name: str, files: Mapping[str, str | bytes] | bytes, *, region: str | None = None) -> str:
        """Publishes a layer version and gives its ARN."""
        data = files if isinstance(files, bytes) else zipped(files)
        self.keep(data)
        with self.client("lambda", region) as client:
            arn: str = client.publish_layer_version(LayerName=name, Content={"ZipFile": data})["LayerVersionArn"]
        return arn

    def keep(self, data: bytes) -> None:
        """Makes a package that AWS has been given downloadable."""
        self.packages[base64.b64encode(hashlib.sha256(data).digest()).decode()] = data

    @contextlib.contextmanager
    def client(self, service: str, region: str | None = None) -> Iterator[Any]:
        client = aws_client(service, self.endpoint.url, region=region or self.endpoint.region, key="testing")
        try:
            yield client
        finally:
            client.close()

    def location(self, sha256: str) -> str:
        return f"{self.url}/download?{urllib.parse.urlencode({'sha256': sha256})}"


class _Handler(BaseHTTPRequestHandler):
    front: PackageFront
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/download":
            self._download(self.front.packages[query["sha256"]])
            return
        path, name = self.path, f"{self.command} {url.path}"
        if query.get("find") == "LayerVersion":
            name = "GetLayerVersionByArn"
            layer, version = query["Arn"].split(":")[6:8]
            path = f"/2018-10-31/layers/{layer}/versions/{version}"
        self.front.calls.append(name)
        key, _, region = self._caller()
        if name == "GetLayerVersionByArn" and (key in self.front.denied or region != query["Arn"].split(":")[3]):
            self._say(403, {"Message": f"not authorized in {region}"}, "AccessDeniedException")
            return
        status, headers, content = self._passed_on(path, body)
        if status == 200 and name == "GetLayerVersionByArn":
            answer = json.loads(content)
            answer["Content"]["Location"] = self.front.location(answer["Content"]["CodeSha256"])
            content = json.dumps(answer).encode()
        elif status == 200 and self.command == "GET" and "/functions/" in url.path and b'"Location"' in content:
            answer = json.loads(content)
            answer["Code"]["Location"] = self.front.location(answer["Configuration"]["CodeSha256"])
            content = json.dumps(answer).encode()
        self.send_response(status)
        length = str(len(content))
        for header, value in headers:
            if header.lower() == "content-length" and self.command == "HEAD":
                length = value
            if header.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(header, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - http.server's names

    def _caller(self) -> tuple[str, str, str]:
        scope = str(self.headers.get("Authorization", "")).partition("Credential=")[2].partition(",")[0].split("/")
        return (scope[0], scope[1], scope[2]) if len(scope) == 5 else ("", "", "")

    def _say(self, status: int, answer: Mapping[str, str], error: str) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("x-amzn-ErrorType", error)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _download(self, data: bytes) -> None:
        front = self.front
        start = int(str(self.headers.get("Range", "bytes=0-")).removeprefix("bytes=").rstrip("-"))
        front.ranges.append(start)
        if front.expired:
            front.expired -= 1
            self._say(403, {"Message": "Request has expired"}, "AccessDenied")
            return
        if front.spoiled:
            front.spoiled -= 1
            data = b"x" * len(data)
        end = start + front.break_after.pop(0) if front.break_after else len(data)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            for at in range(start, min(end, len(data)), 64 * 1024):
                self.wfile.write(data[at : min(at + 64 * 1024, end)])
                time.sleep(front.pause)

    def _passed_on(self, path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        netloc = urllib.parse.urlsplit(self.front.endpoint.url).netloc
        connection = http.client.HTTPConnection(netloc, timeout=60)
        try:
            connection.request(self.command, path, body, dict(self.headers))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have nothing to say on standard error."""


@contextlib.contextmanager
def package_front(endpoint: AwsEndpoint) -> Iterator[PackageFront]:
    front = PackageFront(endpoint=endpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front}))
    server.daemon_threads = True
    front.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
