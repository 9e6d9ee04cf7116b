"""Layers: what a function finds at /opt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Project, function, template

pytestmark = pytest.mark.docker


def layer(folder: str) -> dict[str, object]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": folder}}


FILES = {
    "template.json": template(
        One=function(Layers=[{"Ref": "First"}]),
        Two=function(Layers=[{"Ref": "First"}, {"Ref": "Second"}]),
        Turned=function(Layers=[{"Ref": "Second"}, {"Ref": "First"}]),
        Node=function("nodejs20.x", Layers=[{"Ref": "First"}, {"Ref": "Second"}]),
        First=layer("layers/first/"),
        Second=layer("layers/second/"),
    ),
    "code/app.py": (
        "import os, shared\n"
        "def handler(event, context):\n"
        "    files = sorted(os.path.join(root, name) for root, _, names in os.walk('/opt') for name in names\n"
        "                   if not name.endswith('.pyc'))\n"
        "    return {'shared': shared.NAME, 'files': files, 'tool': os.popen('tool').read().strip()}\n"
    ),
    "code/app.js": "exports.handler = async () => require('shared').name",
    "layers/first/python/shared.py": "NAME = 'first'\n",
    "layers/first/nodejs/node_modules/shared/index.js": "exports.name = 'first'",
    "layers/first/bin/tool": "#!/bin/sh\necho a tool of the first layer\n",
    "layers/second/python/shared.py": "NAME = 'second'\n",
    "layers/second/nodejs/node_modules/shared/index.js": "exports.name = 'second'",
}


@pytest.fixture
def layered(project: Callable[..., Project]) -> Project:
    made: Project = project(FILES)
    (made.folder / "layers/first/bin/tool").chmod(0o755)
    return made


def test_a_layer_is_found_at_opt(layered: Project) -> None:
    assert layered.invoke("One").succeeded().payload == {
        "shared": "first",
        "files": ["/opt/bin/tool", "/opt/nodejs/node_modules/shared/index.js", "/opt/python/shared.py"],
        "tool": "a tool of the first layer",
    }


def test_of_two_layers_folders_merge_and_the_last_ones_file_wins(layered: Project) -> None:
    assert layered.invoke("Two").succeeded().payload["shared"] == "second"
    assert layered.invoke("Two").succeeded().payload["tool"] == "a tool of the first layer"
    assert layered.invoke("Turned").succeeded().payload["shared"] == "first"
    assert layered.invoke("Node").succeeded().payload == "second"


def test_a_change_in_a_layer_is_seen_at_once(layered: Project) -> None:
    assert layered.invoke("Two").succeeded().payload["shared"] == "second"
    (layered.folder / "layers/second/python/shared.py").write_text("NAME = 'changed'\n")
    assert layered.invoke("Two").succeeded().payload["shared"] == "changed"
