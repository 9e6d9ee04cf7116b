"""The floor: the least that runs a function in a container. No samlocal in it, nothing but the standard library.

    python floor.py CONTAINER EVENT

CONTAINER is a JSON file written by `recording.py`: the container that samlocal itself asks the engine for. It is
created and started, served one event over a Runtime API, and removed without waiting, the function's answer printed
before. DOCKER_HOST is respected when it names a Unix socket. Nothing is checked that need not be.
"""

import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.parse

REQUEST_ID = "00000000-0000-4000-8000-000000000000"
DEADLINE_SECONDS = 30.0
VARIABLE = "AWS_LAMBDA_RUNTIME_API="


class Engine(http.client.HTTPConnection):
    """The Docker engine behind a Unix socket."""

    def __init__(self, path: str, version: str) -> None:
        super().__init__("localhost")
        self._path = path
        self._version = version

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE_SECONDS)
        self.sock.connect(self._path)

    def send_request(self, method: str, path: str, body: object = None) -> None:
        content = None if body is None else json.dumps(body)
        self.request(method, f"/{self._version}{path}", content, {"Content-Type": "application/json"})

    def answer(self) -> bytes:
        response = self.getresponse()
        content = response.read()
        if response.status >= 300:
            raise SystemExit(f"The engine answered {response.status}: {content.decode(errors='replace')}")
        return content


class RuntimeApi:
    """Hands one event to the runtime and takes one answer (Lambda developer guide, "Runtime API")."""

    def __init__(self, host: str, event: bytes) -> None:
        self.response = b""
        self.answered = threading.Event()
        self._event = event
        self._listening = socket.create_server((host, 0))
        self.port = self._listening.getsockname()[1]

    def serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")
        while line := stream.readline():
            method, path, _ = line.split()
            body = stream.read(self._length(stream))
            if method == b"POST":
                stream.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                stream.flush()
                if not path.endswith(b"/response"):
                    body = b"The function failed: " + body
                self.response = body
                self.answered.set()
            elif not self.answered.is_set():
                # A second request for an event stays unanswered: there is none.
                stream.write(self._next())
                stream.flush()

    def _length(self, stream) -> int:  # type: ignore[no-untyped-def] # typing's import costs more than it tells here
        length = 0
        while (line := stream.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return length

    def _next(self) -> bytes:
        deadline_ms = int((time.time() + DEADLINE_SECONDS) * 1000)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(self._event)}\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {REQUEST_ID}\r\nLambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:getEvent\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0\r\n"
            "\r\n"
        )
        return head.encode() + self._event


def main() -> None:
    with open(sys.argv[1], "rb") as file:  # noqa: PTH123 - pathlib's import is not free
        recorded = json.load(file)
    with open(sys.argv[2], "rb") as file:  # noqa: PTH123
        event = file.read()
    api = RuntimeApi(recorded["host"], event)
    spec = recorded["container"]
    spec["Env"].append(f"{VARIABLE}{recorded['seen_as']}:{api.port}")

    engine = Engine(engine_socket(), recorded["version"])
    engine.send_request("POST", f"/containers/create?{recorded['query']}", spec)
    container = json.loads(engine.answer())["Id"]
    try:
        threading.Thread(target=api.serve, daemon=True).start()
        engine.send_request("POST", f"/containers/{container}/start")
        engine.answer()
        if not api.answered.wait(DEADLINE_SECONDS):
            raise SystemExit(f"The function did not answer within {DEADLINE_SECONDS:.0f} s.")
        sys.stdout.write(api.response.decode())
        sys.stdout.flush()
    finally:
        # Nobody waits for the answer.
        engine.send_request("DELETE", f"/containers/{container}?force=1&v=1")


def engine_socket() -> str:
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    parts = urllib.parse.urlsplit(host)
    if parts.scheme != "unix":
        raise SystemExit(f"The floor needs an engine behind a Unix socket, not {host}.")
    return parts.path


if __name__ == "__main__":
    main()
