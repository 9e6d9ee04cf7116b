"""The file systems that a function mounts: ``FileSystemConfigs``, Amazon EFS's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.template.values import Known, text

if TYPE_CHECKING:
    from samlocal.function.properties import Properties
    from samlocal.template.intrinsics import Evaluator

_NAME = "FileSystemConfigs"
# Lambda's API reference, FileSystemConfig.
_PATH = re.compile(r"/mnt/[a-zA-Z0-9-_.]+")


class FileSystem(Struct, frozen=True, kw_only=True):
    """One that a function mounts at ``path``; a project's functions with the same access point see the same files."""

    path: str
    access_point: str
    project: Path


def file_systems(properties: Properties, evaluator: Evaluator, *, project: Path) -> tuple[FileSystem, ...]:
    """``project`` is the template's folder. Raises TemplateError where Lambda would refuse it.

    Which access point it is need not be known here.
    """
    from samlocal.template.document import Map
    from samlocal.template.written import written

    found: list[FileSystem] = []
    for node in properties.items(_NAME):
        config = evaluator.branch(node)
        if not isinstance(config, Map) or "LocalMountPath" not in config:
            raise properties.wrong(_NAME, f"{_NAME} needs Arn and LocalMountPath, got {written(node)}")
        path = text(properties.item(_NAME, config["LocalMountPath"]))
        if not _PATH.fullmatch(path):
            raise properties.wrong(_NAME, f"LocalMountPath is /mnt/ and one name, got {path!r}")
        arn = evaluator.evaluate(config.get("Arn"))
        access_point = text(arn.value) if isinstance(arn, Known) else written(config.get("Arn"))
        found.append(FileSystem(path=path, access_point=access_point, project=project))
    if len(found) > 1:
        raise properties.wrong(_NAME, f"a function mounts one file system, this one {len(found)}")
    return tuple(found)
