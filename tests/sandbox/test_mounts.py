"""Folders of this machine in a sandbox, as file systems of EFS and as anything else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Project, function, python, template

from samlocal.errors import ConfigurationError, ExitStatus, TemplateError
from samlocal.function.application import application
from samlocal.sandbox.folder_mount import FolderMount, folder_mount
from samlocal.template.reader import parse

COUNTS = """
import os, pathlib
def handler(event, context):
    file = pathlib.Path(event.get("at", "/mnt/data")) / "count"
    number = int(file.read_text()) + 1 if file.exists() else 1
    file.write_text(str(number))
    folder = file.parent / "inside"
    folder.mkdir(exist_ok=True)
    return [number, sorted(os.listdir(file.parent))]
"""
EFS = {"Arn": {"Fn::GetAtt": ["Point", "Arn"]}, "LocalMountPath": "/mnt/data"}
POINT = {"Type": "AWS::EFS::AccessPoint", "Properties": {"FileSystemId": {"Ref": "Files"}}}
FILES = {"Type": "AWS::EFS::FileSystem", "Properties": {}}


def with_efs(**more: Any) -> dict[str, Any]:
    own = function(FileSystemConfigs=[EFS])
    return {"template.json": template(Fn=own, Other=own, Point=POINT, Files=FILES, **more), "code/app.py": COUNTS}


@pytest.mark.docker
def test_a_file_system_is_a_folder_that_functions_share_and_that_stays(project: Callable[..., Project]) -> None:
    own = project(with_efs())
    first = own.invoke("Fn").succeeded()
    assert first.payload == [1, ["count", "inside"]]
    (said,) = [line for line in first.lines if "/mnt/data is the folder" in line]
    assert str(own.cache) in said
    assert own.invoke("Other").succeeded().payload[0] == 2
    assert project(with_efs()).invoke("Fn").succeeded().payload[0] == 1


@pytest.mark.docker
def test_the_user_names_the_folder_of_a_file_system(project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    own = project(with_efs())
    outcome = own.invoke("Fn", "--mount", f"/mnt/data={folder}").succeeded()
    assert outcome.payload[0] == 1
    assert (folder / "count").read_text() == "1"
    assert not any("is the folder" in line for line in outcome.lines)


@pytest.mark.docker
def test_mounts_of_samconfig_lie_beside_it(project: Callable[..., Project]) -> None:
    config = '[default.samlocal.parameters]\nmounts = ["/mnt/data=shared"]\n'
    own = project(with_efs() | {"samconfig.toml": config, "shared/count": "41"})
    for path in (own.folder / "shared", own.folder / "shared" / "count"):
        path.chmod(0o777)
    assert own.invoke("Fn").succeeded().payload[0] == 42


@pytest.mark.docker
def test_any_folder_can_be_mounted_to_read_only(project: Callable[..., Project], tmp_path: Path) -> None:
    source = """
import os, pathlib
def handler(event, context):
    try:
        pathlib.Path("/models/new").write_text("x")
    except OSError as error:
        return [os.listdir("/models"), os.strerror(error.errno)]
"""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model.bin").touch()
    outcome = project(python(source)).invoke("Fn", "--mount", f"/models={tmp_path / 'models'}:ro").succeeded()
    assert outcome.payload == [["model.bin"], "Read-only file system"]
    assert "cannot be written" not in outcome.stderr


@pytest.mark.docker
@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders to other groups")
def test_a_folder_that_a_group_may_write_can_be_written_by_the_function(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    folder = tmp_path / "teams"
    folder.mkdir()
    os.chown(folder, 1000, 1000)
    folder.chmod(0o775)
    outcome = project(with_efs()).invoke("Fn", "--mount", f"/mnt/data={folder}").succeeded()
    assert outcome.payload[0] == 1


@pytest.mark.docker
def test_a_folder_that_the_function_cannot_write_is_said(project: Callable[..., Project], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir(mode=0o755)
    outcome = project(with_efs()).invoke("Fn", "--mount", f"/mnt/data={folder}").ended(ExitStatus.FUNCTION_FAILED)
    assert json.loads(outcome.stdout)["errorType"] == "PermissionError"
    assert any(f"chmod a+rwx {folder}" in line for line in outcome.lines)


@pytest.mark.parametrize("target", ["/var/task", "/var/task/data", "/opt", "/var", "/tmp", "/", "/proc/x", "data"])
def test_a_mount_that_would_cover_the_sandboxs_own_is_refused(target: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--mount '{target}="):
        folder_mount(f"{target}=/somewhere", cwd=Path("/"))


def test_a_mount_is_read_with_its_folder_and_whether_it_is_written() -> None:
    assert folder_mount("/mnt/a=x/y", cwd=Path("/work")) == FolderMount(target="/mnt/a", folder=Path("/work/x/y"))
    assert folder_mount("/srv/a/=/x:ro", cwd=Path("/work")) == FolderMount(
        target="/srv/a", folder=Path("/x"), writable=False
    )
    with pytest.raises(ConfigurationError, match="write TARGET=FOLDER"):
        folder_mount("/mnt/a", cwd=Path("/"))


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        ("[{Arn: x, LocalMountPath: /data}]", "LocalMountPath is /mnt/ and one name"),
        ("[{Arn: x}]", "needs Arn and LocalMountPath"),
        ("[{Arn: x, LocalMountPath: /mnt/a}, {Arn: y, LocalMountPath: /mnt/b}]", "mounts one file system"),
    ],
)
def test_a_file_system_that_lambda_refuses_is_refused(configs: str, words: str) -> None:
    text = (
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Runtime: python3.11\n      Handler: app.handler\n      FileSystemConfigs: {configs}\n"
    )
    document = parse(text, path=Path("template.yaml"))
    with pytest.raises(TemplateError, match=words):
        application(document, environment=None, region="eu-west-1", flags={}, configured={}).function("Fn")


@pytest.mark.docker
def test_a_folder_that_is_not_there_is_named(project: Callable[..., Project]) -> None:
    outcome = project(with_efs()).invoke("Fn", "--mount", "/mnt/data=nowhere").ended(ExitStatus.CONFIGURATION)
    assert "nowhere" in outcome.stderr
