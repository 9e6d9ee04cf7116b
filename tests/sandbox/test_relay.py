"""An engine whose containers do not reach this machine: all of it goes over the engine's own connection."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from extension_kit import said, watched
from kit import STAND_INS, Project, eventually, function, node, python, save, template
from second_engine import SecondEngine, Wire
from served_kit import served

from samlocal.errors import ExitStatus
from samlocal.sandbox.network.relay_image import SMALL

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
BOOTSTRAP = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
  id=$(curl -sD - -o /dev/null $api/next | tr -d '\\r' | sed -n 's/lambda-runtime-aws-request-id: //Ip')
  curl -s -d '"of the shell"' $api/$id/response
done
"""
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


def test_one_relay_serves_all_sandboxes_of_a_run_and_a_save_that_is_cut_off_is_sent_again(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine
) -> None:
    files = {
        "template.json": template(Fn=function(), Gn=function()),
        "code/app.py": VERSION,
        "code/big.bin": b"\0" * 100_000,
    }
    network = elsewhere.network("orders", subnet="10.231.41.0/24")
    with served(wire.project(project(files)), "--docker-network", network) as own:

        def answer(name: str) -> str:
            # A call on the way while the connection breaks has its error.
            with contextlib.suppress(ClientError):
                return str(own.result(name))
            return ""

        said, other = own.result("Fn"), own.result("Gn")
        assert said == other
        assert said.startswith("version 1 ")
        relay = relays(elsewhere, network)
        assert len(relay) == 1
        save(own.folder / "code/app.py", VERSION.replace("version 1", "version 2").encode())
        # What has not changed is still the same file.
        eventually(lambda: answer("Fn") == said.replace("version 1", "version 2"), told=own.running.stderr)
        assert relays(elsewhere, network) == relay

        wire.cut_after(1_000_000)
        save(own.folder / "code/more.bin", os.urandom(4_000_000))
        eventually(lambda: answer("Gn") and wire.is_cut, told=own.running.stderr)
        save(own.folder / "code/app.py", VERSION.replace("version 1", "version 3").encode())
        eventually(lambda: answer("Fn").startswith("version 3 "), told=own.running.stderr)
        eventually(lambda: len(relays(elsewhere, network) - relay) == 1)
    eventually(lambda: nothing_left(elsewhere))


def relays(engine: SecondEngine, network: str) -> set[str]:
    """Those that run on a network, by their ids."""
    with engine.client() as client:
        running = client.containers(filters={"label": "samlocal", "network": network})
        # A sandbox has mounts.
        return {each["Id"] for each in running if not each["Mounts"]}


def test_a_connection_that_is_cut_ends_the_run_with_a_message_and_leaves_nothing(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine
) -> None:
    own = wire.project(project(python(SLEEPS)))
    with own.start("invoke", "Fn", "--event", "50") as running:
        running.has_logged("asleep")
        wire.cut()
        outcome = running.outcome()
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


def test_an_engine_without_python_or_node_gets_a_small_image_for_the_relay_and_says_so(
    project: Callable[..., Project], wire: Wire, elsewhere: SecondEngine
) -> None:
    files = {"template.json": template(Fn=function("provided.al2023")), "code/bootstrap": BOOTSTRAP}
    own = wire.project(project(files))
    (own.folder / "code/bootstrap").chmod(0o755)
    python_image, node_image, _ = STAND_INS
    with elsewhere.renamed({python_image: "elsewhere/one:1", node_image: "elsewhere/two:1"}):
        # There is no registry in reach.
        refused = own.invoke("Fn").ended(ExitStatus.IMAGE)
        assert "no image there is known to have either: " + SMALL + " is pulled." in refused.stderr
        assert f"The image {SMALL} cannot be pulled" in refused.stderr
        forbidden = own.invoke("Fn", "--skip-pull-image").ended(ExitStatus.IMAGE)
        assert f"Pull it there: `docker pull {SMALL}`." in forbidden.stderr
        told = next(each for each in own.run("doctor", "--output", "json").payload if each["subject"] == "way back")
        assert told["remedy"] == f"The first run pulls one, or do it now: `docker pull {SMALL}`."
        with elsewhere.renamed({"elsewhere/one:1": SMALL}):
            assert own.invoke("Fn").succeeded().payload == "of the shell"
