"""Functions with the test extensions of ``tests/extensions``, and what these write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit import function, template

EXTENSIONS = Path(__file__).parents[1] / "extensions"
WATCHER = EXTENSIONS / "python"
LISTENER = EXTENSIONS / "node"

ANSWER = "def handler(event, context):\n    print('a line of the function')\n    return {'said': event}\n"


def layer(content: str = "layer/") -> dict[str, Any]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": content}}


def with_layer(
    source: str, content: Path | Mapping[str, str], *, runtime: str = "python3.11", **properties: Any
) -> dict[str, Any]:
    """The files of a project with one function, ``Fn``, and a layer that is a folder to copy or files by name."""
    name = "app.py" if runtime.startswith("python") else "app.js"
    folder = isinstance(content, Path)
    files = {"layer": content} if folder else {f"layer/{path}": text for path, text in content.items()}
    return {
        "template.json": template(Fn=function(runtime, Layers=[{"Ref": "Layer"}], **properties), Layer=layer()),
        f"code/{name}": source,
        **files,
    }


def watched(source: str = ANSWER, *, telemetry: object = None, does: str = "", **properties: Any) -> dict[str, Any]:
    """The files of a project with one Python function and the Python extension, which does something wrong."""
    variables = {"WATCHER": does} | ({} if telemetry is None else {"TELEMETRY": json.dumps(telemetry)})
    return with_layer(source, WATCHER, Environment={"Variables": variables}, **properties)


def said(lines: list[str], who: str, what: str) -> list[dict[str, Any]]:
    """What an extension wrote of one kind, in order."""
    found = [json.loads(line) for line in lines if line.startswith(f'{{"{who}":')]
    return [each for each in found if each[who] == what]
