"""An engine whose containers do not reach this machine: all of it goes over the engine's own connection."""

from __future__ import annotations

import http.server
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from extension_kit import said, watched
from kit import Project, eventually, node, python, save
from second_engine import SecondEngine, Wire

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

MEGABYTES = 5
CALLS = f"""
import os, urllib.request
def handler(event, context):
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"]) as answer:
        asked = answer.read().decode()
    return [asked, len(event["text"]), "x" * {MEGABYTES}_000_000]
"""
TELEMETRY = {
    "schemaVersion": "2022-12-13",
    "types": ["platform", "function"],
    "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243/all"},
}
SLEEPS = "import time\ndef handler(event, context):\n    print('asleep', flush=True)\n    time.sleep(event)\n"
VERSION = "import os\ndef handler(*_):\n    return f'version 1 {os.stat(\"/var/task/big.bin\").st_ino}'\n"


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"of this machine")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An endpoint on this machine's loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def nothing_left(engine: SecondEngine) -> bool:
    with engine.client() as client:
        return not client.containers(all=True, filters={"label": "samlocal"})


def test_functions_extensions_and_endpoints_of_this_machine_go_by_the_relay(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine, endpoint: str
) -> None:
    own = wire.project(project(watched(CALLS, telemetry=TELEMETRY)))
    event = {"text": "e" * MEGABYTES * 1_000_000}
    save(own.folder / "event.json", json.dumps(event).encode())
    ran = own.run("invoke", "Fn", "--event", "event.json", "--set", f"AWS_ENDPOINT_URL={endpoint}").succeeded()
    asked, given, answer = ran.payload
    assert (asked, given, len(answer)) == ("of this machine", MEGABYTES * 1_000_000, MEGABYTES * 1_000_000)
    told = [each["event"]["type"] for each in said(ran.lines, "watcher", "telemetry")]
    assert "platform.initStart" in told
    assert said(ran.lines, "watcher", "event")[-1]["event"]["eventType"] == "SHUTDOWN"
    eventually(lambda: nothing_left(elsewhere))
    doctor = own.run("doctor").stdout.decode()
    assert "the engine has another one; what functions mount is put there, once for its content" in doctor
    assert "way back: by a relay, a container on bridge, over the engine's own connection" in doctor


def test_a_save_is_served_and_sends_what_has_changed(project: Callable[..., Project], wire: Wire) -> None:
    files = {**python(VERSION), "code/big.bin": b"\0" * 100_000}
    own = wire.project(project(files))
    with own.start("watch", "Fn", "--event", "{}") as running:
        first = running.prints(b"version 1 ").split(b"version 1 ")[1]
        while b'"' not in first:
            first += running.read()
        inode = first.partition(b'"')[0]
        save(own.folder / "code/app.py", VERSION.replace("version 1", "version 2").encode())
        running.prints(b"version 2 " + inode)
        running.signalled(signal.SIGINT).outcome(within=60)


def test_a_connection_that_is_cut_ends_the_run_with_a_message_and_leaves_nothing(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine
) -> None:
    own = wire.project(project(python(SLEEPS)))
    with own.start("invoke", "Fn", "--event", "50") as running:
        running.has_logged("asleep")
        wire.cut()
        outcome = running.outcome(within=60)
    outcome.ended(ExitStatus.DOCKER)
    assert "The relay between the engine and this machine has ended" in outcome.stderr
    own.invoke("Fn", event=0).succeeded()
    eventually(lambda: nothing_left(elsewhere))


def test_a_connection_that_is_cut_while_files_are_sent_leaves_nothing_either(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine
) -> None:
    own = wire.project(project({**python(SLEEPS), "code/big.bin": os.urandom(4_000_000)}))
    wire.cut_after(2_000_000)
    cut = own.invoke("Fn", event=0).ended(ExitStatus.DOCKER)
    assert "Docker: " in cut.stderr
    # What has arrived of it is not taken for the whole.
    own.invoke("Fn", event=0).succeeded()
    eventually(lambda: nothing_left(elsewhere))


def test_an_image_without_python_has_its_node_for_the_relay(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine, endpoint: str
) -> None:
    source = (
        "exports.handler = async (event) => {\n"
        "  const answer = await fetch(process.env.AWS_ENDPOINT_URL);\n"
        f'  return [await answer.text(), event.text.length, "x".repeat({MEGABYTES}_000_000)];\n'
        "};\n"
    )
    own = wire.project(project(node(source)))
    save(own.folder / "event.json", json.dumps({"text": "e" * MEGABYTES * 1_000_000}).encode())
    ran = own.run("invoke", "Fn", "--event", "event.json", "--set", f"AWS_ENDPOINT_URL={endpoint}").succeeded()
    asked, given, answer = ran.payload
    assert (asked, given, len(answer)) == ("of this machine", MEGABYTES * 1_000_000, MEGABYTES * 1_000_000)
    eventually(lambda: nothing_left(elsewhere))
