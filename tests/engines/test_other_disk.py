"""An engine that does not see this disk: what a function mounts is put there, once."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Project, function, python, save, template
from second_engine import SecondEngine, Wire

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

LISTS = """
import os, pathlib
def handler(event, context):
    return {"file": __file__, "task": sorted(os.listdir("/var/task")), "opt": sorted(os.listdir("/opt")),
            "big": os.stat("/var/task/big.bin").st_ino, "version": VERSION}
VERSION = 1
"""
WRITES = """
import pathlib
def handler(event, context):
    file = pathlib.Path("/mnt/data/count")
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    return number
"""


def with_a_layer() -> dict[str, Any]:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    own = template(Fn=function(Layers=[{"Ref": "Lib"}]), Lib=layer)
    return {
        "template.json": own,
        "code/app.py": LISTS,
        "code/big.bin": os.urandom(1_000_000),
        "code/inside/empty.txt": "",
        "layer/lib.txt": "of the layer",
    }


def made(engine: SecondEngine, run: Callable[[], object]) -> list[str]:
    """The names of the containers that were made meanwhile, samlocal's sandbox aside."""
    with engine.client() as client:
        began = client.info()["SystemTime"]
        run()
        until = client.info()["SystemTime"]
        events = client.events(since=_epoch(began), until=_epoch(until), filters={"event": "create"}, decode=True)
        return [event["Actor"]["Attributes"].get("name", "") for event in events if event["Type"] == "container"]


def _epoch(time: str) -> float:
    return datetime.datetime.fromisoformat(time[:26].rstrip("Z") + "+00:00").timestamp()


def test_what_a_function_mounts_is_put_on_the_engines_disk_once(
    project: Callable[..., Project], elsewhere: SecondEngine, wire: Wire
) -> None:
    own = wire.project(project(with_a_layer()))
    seen: list[Any] = []
    first = made(elsewhere, lambda: seen.append(own.invoke("Fn").succeeded().payload))
    assert seen[0]["file"] == "/var/task/app.py"
    assert seen[0]["task"] == ["app.py", "big.bin", "inside"]
    assert seen[0]["opt"] == ["lib.txt"]
    # samlocal's own files, the code and the layer.
    assert sum(name.startswith("samlocal-fills") for name in first) == 3
    second = made(elsewhere, lambda: seen.append(own.invoke("Fn").succeeded().payload))
    # The relay and the sandbox.
    assert len(second) == 2, second
    assert seen[1] == seen[0]

    # A save sends what has changed: of the other files there is still one copy.
    save(own.folder / "code/app.py", LISTS.replace("VERSION = 1", "VERSION = 2").encode())
    (own.folder / "code/new.txt").write_text("new")
    (own.folder / "code/inside/empty.txt").unlink()
    changed = own.invoke("Fn").succeeded().payload
    assert changed["version"] == 2
    assert changed["task"] == ["app.py", "big.bin", "inside", "new.txt"]
    assert changed["big"] == seen[0]["big"]

    # What somebody has removed there is put there again.
    with elsewhere.client() as client:
        for name in elsewhere.trees():
            client.remove_volume(name)
    assert own.invoke("Fn").succeeded().payload["version"] == 2


def test_another_machine_finds_what_was_put_there_by_its_content(
    project: Callable[..., Project], elsewhere: SecondEngine, wire: Wire
) -> None:
    files = python("def handler(event, context):\n    return 'the same'\n")
    wire.project(project(files)).invoke("Fn").succeeded()
    before = elsewhere.trees()
    assert wire.project(project(files)).invoke("Fn").succeeded().payload == "the same"
    assert elsewhere.trees() == before


def test_a_file_system_of_aws_stays_on_the_engines_disk(project: Callable[..., Project], wire: Wire) -> None:
    point = {"Type": "AWS::EFS::AccessPoint", "Properties": {"FileSystemId": {"Ref": "Files"}}}
    systems = [{"Arn": {"Fn::GetAtt": ["Point", "Arn"]}, "LocalMountPath": "/mnt/data"}]
    own = wire.project(
        project(
            {
                "template.json": template(
                    Fn=function(FileSystemConfigs=systems),
                    Point=point,
                    Files={"Type": "AWS::EFS::FileSystem", "Properties": {}},
                ),
                "code/app.py": WRITES,
            }
        )
    )
    first = own.invoke("Fn").succeeded()
    assert "Fn: /mnt/data is a volume of the engine's here, which does not see this disk." in first.stderr
    assert [first.payload, own.invoke("Fn").succeeded().payload] == [1, 2]


def test_a_folder_to_write_to_is_refused_where_the_engine_does_not_see_it(
    project: Callable[..., Project], wire: Wire, tmp_path: Path
) -> None:
    own = wire.project(project(python("import os\ndef handler(*_):\n    return os.listdir('/mnt/data')\n")))
    folder = tmp_path / "data"
    folder.mkdir(mode=0o777)
    (folder / "one.txt").write_text("1")
    refused = own.invoke("Fn", "--mount", f"/mnt/data={folder}").ended(ExitStatus.CONFIGURATION)
    assert f"The engine does not see {folder}, which is to be written to at /mnt/data." in refused.stderr
    assert own.invoke("Fn", "--mount", f"/mnt/data={folder}:ro").succeeded().payload == ["one.txt"]
