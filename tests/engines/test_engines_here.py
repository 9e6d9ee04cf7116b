"""The table of engines: everything that users do, beside each of them.

Each test is a row, each engine a column. A cell is left out where another test has it: docs/engines.md says which.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from aws_client import aws_client
from bench_kit import CONTAINER, DOCKER, DOCKER_USER, ENGINES, FAR, PODMAN_ROOT, PODMAN_USER, SSH, Bench
from dap import Dap
from engine_users import User
from inspector import Inspector
from kit import eventually, free_port, function, node, python, save, template

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
SAMPLE = {"templates": ROOT / "templates", "samconfig.toml": (ROOT / "samconfig.toml").read_text(encoding="utf-8")}

LIMITS = """
import os, resource
def handler(event, context):
    from shared import WORD
    with open("/tmp/written", "w") as file:
        file.write("x")
    return {
        "word": WORD,
        "user": [os.getuid(), os.getgid()],
        "files": list(resource.getrlimit(resource.RLIMIT_NOFILE)),
        "first": open("/proc/1/cmdline").read().split("\\0")[0],
        "ours": os.access("/var/task/app.py", os.W_OK),
    }
"""
TOTAL = "def handler(event, context):\n    total = event['a'] + 1\n    return total\n"
NODE_TOTAL = "exports.handler = async (event) => {\n  const total = event.a + 1;\n  return total;\n};\n"


def fetched(url: str, *, method: str = "GET", data: object = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=60) as answer:
        return json.load(answer)


every_engine = pytest.mark.parametrize("bench", ENGINES, indirect=True)


# Docker's cell is the whole of tests/sources and tests/http_api; a user's Docker has the relay, as the far one.
@pytest.mark.parametrize("bench", [PODMAN_ROOT, PODMAN_USER, FAR, CONTAINER, SSH], indirect=True)
def test_the_sample_is_up_with_its_apis_and_its_aws_and_takes_up_what_is_saved(bench: Bench) -> None:
    made = bench.project(SAMPLE)
    with (
        bench.network(),
        made.start("up", "-t", "templates/template.yaml", "--port", "0", "--lambda-port", "0") as running,
    ):
        running.has_logged("Ctrl-C ends", within=120)
        said = running.stderr()
        api = re.search(r"EventsApi .* is served at (http://[^\s,]+)", said)
        endpoint = re.search(r"Lambda is served at (http://[^\s,]+)", said)
        assert api, said
        assert endpoint, said
        put = fetched(f"{api[1]}/events/talk", method="PUT", data={"name": "A talk"})
        assert put["item"]["id"] == "talk"
        assert fetched(f"{api[1]}/events/talk")["item"]["name"] == "A talk"
        assert [item["id"] for item in fetched(f"{api[1]}/events")["items"]] == ["talk"]
        assert fetched(f"{api[1]}/health")["status"] == "ok"
        client = aws_client("lambda", endpoint[1])
        assert client.invoke(FunctionName="healthCheck")["StatusCode"] == 200
        source = made.folder / "templates/functions/get_event/app.py"
        save(source, b"def handler(event, context):\n    return {'statusCode': 200, 'body': '\"saved\"'}\n")

        def is_taken_up() -> bool:
            # A request on the way while functions are made anew may be cut off.
            with contextlib.suppress(urllib.error.HTTPError):
                return fetched(f"{api[1]}/events/talk") == "saved"
            return False

        eventually(is_taken_up, told=running.stderr)
        assert running.signalled(signal.SIGINT).outcome().status == 130


@every_engine
def test_a_function_has_its_layer_its_extension_and_lambdas_limits(bench: Bench) -> None:
    telemetry = {
        "schemaVersion": "2022-12-13",
        "types": ["platform"],
        "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"},
    }
    variables = {"TELEMETRY": json.dumps(telemetry)}
    handler = function(Layers=[{"Ref": "Shared"}, {"Ref": "Watcher"}], Environment={"Variables": variables})
    layers = {
        name: {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": f"{name.lower()}/"}}
        for name in ("Shared", "Watcher")
    }
    made = bench.project(
        {
            "template.json": template(Fn=handler, **layers),
            "code/app.py": LIMITS,
            "shared/python/shared.py": "WORD = 'from the layer'\n",
            "watcher": ROOT / "tests/extensions/python",
        }
    )
    seen = made.invoke("Fn").succeeded()
    assert seen.payload["word"] == "from the layer"
    # Lambda's: sbx_user1051, 1024 open files, a file system that is read-only but for /tmp.
    assert seen.payload["user"] == [993, 990]
    assert seen.payload["files"] == [1024, 1024]
    assert not seen.payload["ours"]
    assert '{"watcher": "registered", "status": 200' in seen.stderr
    assert "SHUTDOWN" in seen.stderr
    # Nothing leads from here to a listener in the container of a user's Podman, which is said.
    heard = "telemetry did not reach" if bench.column == PODMAN_USER else '"watcher": "telemetry"'
    assert heard in seen.stderr


@every_engine
def test_an_image_function_is_built_from_its_dockerfile(bench: Bench) -> None:
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image", "Timeout": 60}}
    image["Metadata"] = {"Dockerfile": "Dockerfile", "DockerContext": "image"}
    dockerfile = 'FROM samlocal/lambda-python:3.11\nCOPY app.py /var/task/\nCMD ["app.handler"]\n'
    made = bench.project({"template.json": template(Fn=image), "image/Dockerfile": dockerfile, "image/app.py": TOTAL})
    assert made.invoke("Fn", event={"a": 1}).succeeded().payload == 2
    if bench.user is not None:
        # The next image takes the place of the one before, whatever the engine calls them.
        save(made.folder / "image/app.py", TOTAL.replace("+ 1", "+ 2").encode())
        assert made.invoke("Fn", event={"a": 1}).succeeded().payload == 3
        names = bench.user.ask("images", "--format", "{{.Repository}}").split()
        assert len([name for name in names if "samlocal/built-fn" in name]) == 1


@every_engine
def test_a_function_is_built_in_a_container_and_run(bench: Bench) -> None:
    made = bench.project(python(TOTAL) | {"code/requirements.txt": ""})
    built = made.invoke("Fn", "--build", "--build-in-container", "--skip-pull-image", event={"a": 1}).succeeded()
    assert built.payload == 2


@every_engine
def test_a_python_debugger_stops_in_the_function(bench: Bench) -> None:
    made = bench.project(python(TOTAL))
    path = made.folder / "code/app.py"
    port = free_port()
    with bench.network(), made.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port}")
        client = Dap(port)
        client.attach([{"localRoot": str(path.parent), "remoteRoot": "/var/task"}], {path: [3]})
        thread, stopped_in, line = client.stopped()
        assert (stopped_in, line) == (path, 3)
        assert client.local(thread, "total") == "2"
        client.leave(thread)
        assert running.outcome().succeeded().payload == 2
        client.close()


# The port of a debugger is passed on from a container as Python's is.
@pytest.mark.parametrize("bench", [DOCKER, PODMAN_ROOT, PODMAN_USER, DOCKER_USER, FAR], indirect=True)
def test_a_node_debugger_stops_in_the_function(bench: Bench) -> None:
    made = bench.project(node(NODE_TOTAL))
    port = free_port()
    with bench.network(), made.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port}")
        client = Inspector(port)
        client.attach({"file:///var/task/app.js": 3})
        frame, _, line = client.paused()
        assert line == 3
        assert client.evaluate(frame, "total") == 2
        client.leave()
        assert running.outcome().succeeded().payload == 2
        client.close()


def test_each_engine_is_found_by_itself_and_nothing_is_left_on_it(users: tuple[User, User, User]) -> None:
    # Another one each, and the same each time, for what is remembered of it.
    asks = "import os; from samlocal.engine import Engine; print(Engine.connect(os.environ).identity())"
    identities = {user.run(sys.executable, "-P", "-c", asks) for user in users for _ in range(2)}
    assert len(identities) == len(users), identities
    for user, name in zip(users, ("Podman 4.", "Podman 4.", "Docker Engine "), strict=True):
        made = user.project(python(TOTAL))
        told = {finding["subject"]: finding for finding in made.run("doctor", "--output", "json").payload}
        assert told["engine"]["text"].startswith(name)
        assert told["engine"]["text"].endswith(f" at unix://{user.socket}")
        assert told["way back"]["level"] == "ok", told["way back"]
        # A removal is not waited for.
        eventually(
            lambda user=user: not user.ask("ps", "--all", "--quiet"), told=lambda user=user: user.ask("ps", "--all")
        )  # type: ignore[misc]
        eventually(lambda user=user: not user.ask("volume", "ls", "--quiet"))  # type: ignore[misc]


def test_a_folder_of_ones_own_group_is_written_to_on_ones_own_engine(users: tuple[User, User, User]) -> None:
    for user in users[1:]:
        made = user.project(python("def handler(event, context):\n    open('/mnt/data/file', 'w').write('1')\n"))
        folder = made.folder / "data"
        folder.mkdir()
        user.own(folder)
        folder.chmod(0o770)
        ran = made.invoke("Fn", "--mount", f"/mnt/data={folder}").succeeded()
        assert "cannot be written" not in ran.stderr
        assert (folder / "file").read_text() == "1"


def test_an_ordinary_users_own_networks_have_a_relay_for_their_way_back(users: tuple[User, User, User]) -> None:
    user = users[1]
    user.ask("network", "create", "orders")
    made = user.project(python(TOTAL))
    assert made.invoke("Fn", "--docker-network", "orders", event={"a": 1}).succeeded().payload == 2
    told = made.run("doctor", "--docker-network", "orders", "--output", "json").payload
    assert "by a relay, a container on orders" in next(each["text"] for each in told if each["subject"] == "way back")
