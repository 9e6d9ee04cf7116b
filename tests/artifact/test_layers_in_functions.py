"""Layers as functions find them: from folders, archives and AWS, by every runtime's own search path."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from kit import Docker, Gate, Project, function, template
from package_front import PackageFront, zipped

pytestmark = pytest.mark.docker

# Looks where AWS says that a runtime finds a layer's content, and names what it found.
PYTHON = """
import os, subprocess
import shared, by_folder, by_archive, by_arn
def handler(event, context):
    tool = subprocess.run(["tool"], capture_output=True, text=True).stdout.strip()
    return [shared.NAME, by_folder.NAME, by_archive.NAME, by_arn.NAME, tool, open("/opt/lib/data").read()]
"""
NODE = """
const { execSync } = require("child_process");
exports.handler = async () => [
  ...["shared", "by_folder", "by_archive", "by_arn"].map((name) => require(name).NAME),
  execSync("tool").toString().trim(), require("fs").readFileSync("/opt/lib/data", "utf8"),
];
"""
BOOTSTRAP = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
    id=$(curl -sS -D - -o /dev/null $api/next | tr -d '\\r' | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
    curl -sS -o /dev/null $api/$id/response -d "[\\"$(tool)\\", \\"$(cat /opt/lib/data)\\"]"
done
"""


def content(name: str) -> dict[str, str]:
    """A layer with something for every runtime, all of it saying the layer's name."""
    return {
        "python/shared.py": f"NAME = '{name}'\n",
        f"python/lib/python3.11/site-packages/by_{name}.py": f"NAME = '{name}'\n",
        "nodejs/node_modules/shared/index.js": f"exports.NAME = '{name}'",
        f"nodejs/node20/node_modules/by_{name}/index.js": f"exports.NAME = '{name}'",
        "bin/tool": f"#!/bin/sh\necho tool of {name}\n",
        "lib/data": name,
    }


def files(arn: str) -> dict[str, Any]:
    folder, archive = {"Ref": "Folder"}, {"Ref": "Archive"}
    remote = {"Fn::If": ["Remote", arn, {"Ref": "AWS::NoValue"}]}

    def of(runtime: str, *layers: object, **more: Any) -> dict[str, Any]:
        return function(runtime, Layers=list(layers), **more)

    return {
        "template.json": {
            **template(
                Python=of("python3.11", folder, archive, remote),
                Turned=of("python3.11", remote, archive, folder),
                Node=of("nodejs20.x", archive, remote, folder, CodeUri="node/"),
                Shell=of("provided.al2023", remote, folder, archive, CodeUri="shell/"),
                Folder={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}},
                Archive={"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "layer.zip"}},
            ),
            "Conditions": {"Remote": {"Fn::Equals": ["a", "a"]}},
        },
        "code/app.py": PYTHON,
        "node/app.js": NODE,
        "shell/bootstrap": BOOTSTRAP,
        "layer.zip": zipped(content("archive")),
        **{f"layer/{name}": text for name, text in content("folder").items()},
    }


@pytest.fixture
def layered(project: Callable[..., Project], front: PackageFront) -> Project:
    made: Project = project(files(front.publish("functions-layer", content("arn"))), **front.environ)
    (made.folder / "layer/bin/tool").chmod(0o755)
    return made


def test_every_runtime_finds_the_content_of_every_layer_and_the_last_wins(
    layered: Project, front: PackageFront
) -> None:
    each = ["folder", "archive", "arn"]
    assert layered.invoke("Python").succeeded().payload == ["arn", *each, "tool of arn", "arn"]
    assert layered.invoke("Turned").succeeded().payload == ["folder", *each, "tool of folder", "folder"]
    assert layered.invoke("Node").succeeded().payload == ["folder", *each, "tool of folder", "folder"]
    assert layered.invoke("Shell").succeeded().payload == ["tool of archive", "archive"]
    # Four functions, one download.
    assert (front.calls.count("GetLayerVersionByArn"), len(front.ranges)) == (1, 1)


def test_a_change_of_an_archive_or_a_folder_is_seen_at_once(layered: Project) -> None:
    assert layered.invoke("Shell").succeeded().payload == ["tool of archive", "archive"]
    (layered.folder / "layer.zip").write_bytes(zipped(content("changed")))
    assert layered.invoke("Shell").succeeded().payload == ["tool of changed", "changed"]
    data = layered.folder / "layer/lib/data"
    dates = data.stat()
    assert layered.invoke("Node").status == 1  # it asks for by_archive
    data.write_text("FOLDER")
    (layered.folder / "layer.zip").write_bytes(zipped(content("archive")))
    # The same size and the same dates: only the content tells.
    os.utime(data, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert layered.invoke("Node").succeeded().payload[-1] == "FOLDER"


def test_layers_are_listed_refreshed_and_cleaned(layered: Project, front: PackageFront) -> None:
    layered.invoke("Shell").succeeded()
    (remote, archive) = sorted(
        json.loads(layered.run("layers", "list", "--output", "json").succeeded().stdout),
        key=lambda layer: str(layer["layer"]).startswith("/"),
    )
    assert remote["layer"].startswith("arn:aws:lambda:eu-west-1:123456789012:layer:functions-layer:")
    assert archive["layer"] == str(layered.folder / "layer.zip")
    assert remote["size"] == sum(len(text) for text in content("arn").values())
    layered.run("layers", "refresh", "--region", "eu-west-1").succeeded()
    assert len(front.ranges) == 2
    layered.invoke("Shell", "--refresh-layers").succeeded()
    assert len(front.ranges) == 3
    assert "removed 2 layers" in layered.run("layers", "clean").succeeded().stderr
    assert json.loads(layered.run("layers", "list", "--output", "json").succeeded().stdout) == []
    layered.invoke("Shell").succeeded()
    assert len(front.ranges) == 4


def test_the_layers_folder_can_be_chosen(layered: Project) -> None:
    layered.invoke("Shell", "--layer-cache-basedir", "kept").succeeded()
    assert list((layered.folder / "kept/versions").glob("*/content/bin/tool"))
    assert not (layered.cache / "layers").exists()


def test_six_layers_and_two_versions_of_one_are_refused(project: Callable[..., Project]) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:layer:it:"
    made = project(
        {
            "template.json": template(
                Six=function(Layers=[f"arn:aws:lambda:eu-west-1:123456789012:layer:l{n}:1" for n in range(6)]),
                Twice=function(Layers=[f"{arn}1", f"{arn}2"]),
                Unknown=function(Layers=[{"Fn::ImportValue": "shared-layer"}]),
            ),
            "code/app.py": "def handler(event, context): pass\n",
        }
    )
    assert "at most 5 layers, this one 6" in made.invoke("Six").ended(3).stderr
    assert "stands there twice" in made.invoke("Twice").ended(3).stderr
    unknown = made.invoke("Unknown").ended(5).stderr
    assert "!ImportValue shared-layer" in unknown
    assert "-e" in unknown


def test_a_hostile_layer_archive_ends_in_a_layer_error(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": "Evil"}]),
                Evil={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "evil.zip"}},
            ),
            "code/app.py": "def handler(event, context): pass\n",
            "evil.zip": zipped({"../../evil": "x"}),
        }
    )
    said = made.invoke("Fn").ended(8).stderr
    assert "Fn: the layer Evil (evil.zip) holds the path '../../evil', which goes up" in said


def test_the_deployed_functions_own_list_stands_in_where_the_template_cannot_say(
    project: Callable[..., Project], front: PackageFront
) -> None:
    arn = front.publish("deployed-list", content("arn"))
    with front.client("iam") as iam:
        role = iam.create_role(RoleName="deployed-list", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    deployed = {
        "Resources": {
            "Fn": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "provided.al2023",
                    "Handler": "x",
                    "Role": role,
                    "Code": {"ZipFile": "x"},
                },
            }
        }
    }
    name = front.endpoint.deploy("layer-list", deployed)["Fn"]
    # moto's stacks leave Layers out.
    with front.client("lambda") as client:
        client.update_function_configuration(FunctionName=name, Layers=[arn])
    made = project(
        {
            "template.json": template(
                Fn=function("provided.al2023", CodeUri="shell/", Layers=[{"Fn::ImportValue": "no-such-export"}])
            ),
            "shell/bootstrap": BOOTSTRAP,
        },
        **front.environ,
    )
    said = made.invoke("Fn", "-n", "layer-list").succeeded()
    assert f"The deployed function's own are taken: {arn}." in said.stderr
    assert said.payload == ["tool of arn", "arn"]


def test_refreshing_and_cleaning_leave_the_layers_of_a_running_function_alone(
    project: Callable[..., Project], front: PackageFront, docker: Docker
) -> None:
    """The function reads its layers again and again while others fetch them anew and clear the cache."""
    arns = [front.publish(f"lease-{name}", {f"data/{name}": name}) for name in ("one", "two")]
    source = """
import os, socket, threading
def handler(event, context):
    over = threading.Event()
    def waits():
        if event["gate"]:
            socket.create_connection(event["gate"]).recv(1)
        over.set()
    threading.Thread(target=waits).start()
    while True:
        ended = over.wait(0.01)
        for name in ("one", "two"):
            with open(f"/opt/data/{name}") as file:
                assert file.read() == name
        if ended:
            return sorted(os.listdir("/opt/data"))
"""
    files = {"template.json": template(Fn=function(Layers=arns, Timeout=600)), "code/app.py": source}
    own = project(files, **front.environ)
    with Gate(docker) as gate:
        event = json.dumps({"gate": [gate.host, gate.port]})
        with own.start("invoke", "Fn", "--event", event) as running:
            gate.awaits()
            own.invoke("Fn", "--event", '{"gate": null}', "--refresh-layers").succeeded()
            own.run("layers", "refresh", "--region", "eu-west-1").succeeded()
            cleaned = own.run("layers", "clean").succeeded()
            assert running.process.poll() is None
            gate.opens()
            outcome = running.outcome().succeeded()
    assert outcome.payload == ["one", "two"]
    assert "functions run with now" in cleaned.stderr or "removed 2 layers" in cleaned.stderr
    own.run("layers", "clean").succeeded()
    assert [path for path in (own.cache / "layers").glob("*/*") if path.parent.name != ".locks"] == []
