"""Functions of one template on two engines: this machine's own, and one with another disk and another network."""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from kit import Docker, Project, Running, eventually, function, save, template
from second_engine import SecondEngine, Wire

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

# Says on which engine it runs, by what its files lie on, and has another function say so, too.
CALLS = """
const fs = require("fs");
const { LambdaClient, InvokeCommand } = require("@aws-sdk/client-lambda");
exports.handler = async (event) => {
  const on = fs.readFileSync("/proc/self/mountinfo", "utf8").includes("/samlocal-engine-") ? "there" : "here";
  if (!event.call) return on;
  const answer = await new LambdaClient({}).send(new InvokeCommand({ FunctionName: event.call, Payload: "{}" }));
  return [on, JSON.parse(Buffer.from(answer.Payload).toString())];
};
"""
SAYS = """
import time
def handler(event, context):
    print("asleep", flush=True)
    time.sleep(event)
    with open("/proc/self/mountinfo") as mounts:
        return "there" if "/samlocal-engine-" in mounts.read() else "here"
"""


DOCKER = "unix:///var/run/docker.sock"


def configured(environment: str, *lines: str) -> str:
    return "\n".join(["version = 0.1", f"[{environment}.samlocal.parameters]", *lines, ""])


def nothing_left(engine: SecondEngine) -> bool:
    with engine.client() as client:
        return not client.containers(all=True, filters={"label": "samlocal"})


def asked(url: str, event: object = None) -> str:
    """The answer of a function or an API, or of what refuses."""
    body = None if event is None else json.dumps(event).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


def address(running: Running, what: str) -> str:
    found = re.search(rf"{what}.* is served at (http://[^\s,]+)", running.stderr())
    assert found, running.stderr()
    return found[1]


def test_an_application_is_up_on_two_engines_and_goes_on_without_one(
    local: Callable[..., Project], elsewhere: SecondEngine, docker: Docker
) -> None:
    api = {"Type": "HttpApi", "Properties": {"Path": "/there", "Method": "get"}}
    resources = {
        "Here": function("nodejs20.x", MemorySize=512, Timeout=20),
        "There": function("nodejs20.x", MemorySize=512, Timeout=20, Events={"Api": api}),
    }
    with elsewhere.by_tcp() as wire, elsewhere.by_tcp() as another:
        made = local(
            {
                "template.json": template(**resources),
                "code/app.js": CALLS,
                "samconfig.toml": configured("local", f'engine.There = "{wire.host}"'),
            }
        )
        with made.start("up", "--port", "0", "--lambda-port", "0") as running:
            running.has_logged("Ctrl-C ends", within=120)
            functions = f"{address(running, 'Lambda')}/2015-03-31/functions"

            def result(name: str, **event: str) -> Any:
                return json.loads(asked(f"{functions}/{name}/invocations", event))

            assert result("Here", call="There") == ["here", "there"]
            assert result("There", call="Here") == ["there", "here"]
            assert asked(f"{address(running, 'Api')}/there") == "there"

            wire.end()
            wanted = "samconfig.toml:3: engine.There, where There is to run: "

            def told_of_the_engine() -> bool:
                said = str(result("There"))
                return wanted in said and wire.host in said

            eventually(told_of_the_engine, told=lambda: result("There"))
            assert result("Here") == "here"

            save(made.folder / "samconfig.toml", configured("local", f'engine.There = "{another.host}"').encode())
            eventually(lambda: result("There") == "there", told=running.stderr)
            assert result("Here") == "here"
            running.signalled(signal.SIGINT).outcome()
    eventually(lambda: nothing_left(elsewhere))
    assert docker.nothing_left(made)


def test_each_command_takes_the_engine_of_its_function(
    project: Callable[..., Project], elsewhere: SecondEngine, wire: Wire
) -> None:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    image = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"PackageType": "Image", "Architectures": ["arm64"], "Timeout": 60},
        "Metadata": {"Dockerfile": "Dockerfile", "DockerContext": "image"},
    }
    nowhere = "unix:///nowhere/docker.sock"
    made = project(
        {
            "template.json": template(
                Here=function(), There=function(Layers=[{"Ref": "Lib"}], Timeout=60), Image=image, Lib=layer
            ),
            "code/app.py": SAYS,
            "code/requirements.txt": "",
            "layer/python/lib.py": "",
            "image/Dockerfile": 'FROM samlocal/lambda-python:3.11\nCOPY app.py /var/task/\nCMD ["app.handler"]\n',
            "image/app.py": SAYS,
            "samconfig.toml": configured(
                "default", "[default.samlocal.parameters.engine]", f'arm64 = "{wire.host}"', f'There = "{wire.host}"'
            ),
        },
        # What needs it fails.
        DOCKER_HOST=nowhere,
    )
    built = made.invoke("There", "--build", "--build-in-container", "--skip-pull-image", event=0).succeeded()
    assert built.payload == "there"
    of_image = made.invoke("Image", event=0).succeeded()
    assert of_image.payload == "there"
    assert "Image is for arm64, and runs here on amd64" in of_image.stderr
    assert "--engine arm64=ssh://USER@MACHINE" in of_image.stderr

    kept = [made.invoke("There", "--keep", "60s", event=0).succeeded() for _ in range(2)]
    assert [each.payload for each in kept] == ["there", "there"]
    assert "Init Duration" not in kept[1].stderr
    assert [each["function"] for each in made.run("kept", "--output", "json").payload] == ["There"]
    elsewhere_too = made.invoke("There", "--keep", "60s", "--engine", f"There={DOCKER}", event=0).succeeded()
    assert elsewhere_too.payload == "here"
    made.run("kept", "--stop").succeeded()
    eventually(lambda: nothing_left(elsewhere))

    with made.start("invoke", "There", "--event", "50") as running:
        running.has_logged("asleep")
        running.process.kill()
    assert "of runs that were killed" in made.invoke("There", event=0).succeeded().stderr
    eventually(lambda: nothing_left(elsewhere))

    refused = made.invoke("Here", event=0).ended(ExitStatus.DOCKER)
    assert f"No Docker engine answers at {nowhere}" in refused.stderr
    assert made.invoke("Here", "--engine", DOCKER, event=0).succeeded().payload == "here"

    found = {each["subject"]: each for each in made.run("doctor", "--output", "json").ended(1).payload}
    assert found["engine"]["level"] == "fail"
    assert found["engine arm64, There"]["level"] == "warn"
    assert "its machine is x86_64, which runs arm64 functions by emulation" in found["engine arm64, There"]["text"]
    assert found["way back arm64, There"]["text"].startswith("by a relay")
    assert found["disk arm64, There"]["level"] == "ok"
    assert found[f"image python3.11 on {wire.host}"]["level"] == "ok"
