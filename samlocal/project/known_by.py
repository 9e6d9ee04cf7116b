"""What is known by a record was made by: samlocal itself, the settings, and what the user gives."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from samlocal import __version__
from samlocal.function.overrides import Overrides
from samlocal.project.settings import Settings, region_of
from samlocal.records import encoded

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment

_ROOMS = ("", "aws", "deployed", "function", "project", "template")
"""The folders of samlocal that decide what a template's values are."""


def record_file(settings: Settings, kind: str, name: str) -> Path:
    """One for each name in an environment: what was made by other settings goes when these are recorded."""
    whose = [str(settings.world.cwd), str(settings.template), settings.environment, settings.profile, name]
    return settings.world.cache_folder / kind / f"{hashlib.sha256(encoded(whose)).hexdigest()[:32]}.json"


def names_no_file(settings: Settings) -> bool:
    """Whether the template's parameters stand in the settings themselves."""
    return b"file://" not in encoded(_parameters(settings))


def _parameters(settings: Settings) -> list[object]:
    return [settings.parameter_overrides, settings.file.values.get("parameter_overrides"), settings.file.origin]


def basis_of(
    settings: Settings, environment: Environment | None, given: Sequence[Overrides], *, rooms: Sequence[str] = ()
) -> str:
    """A digest of it. ``rooms`` are folders of samlocal that have a part in what is made."""
    basis = [
        _samlocal((*_ROOMS, *rooms)),
        str(settings.world.cwd),
        str(settings.template),
        settings.env_name,
        settings.stack_name,
        region_of(settings),
        _parameters(settings),
        given,
        environment.made_up if environment is not None else None,
        environment.remedy if environment is not None else None,
    ]
    return hashlib.sha256(encoded(basis)).hexdigest()


def _samlocal(rooms: Sequence[str]) -> list[object]:
    """What tells this samlocal from another one: its version, its libraries' folder, and its own files."""
    package = Path(__file__).parent.parent
    state: list[object] = [__version__, sys.version, Path(msgspec.__file__).parent.parent.stat().st_mtime_ns]
    folders = [package / room for room in rooms]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".json")):
                    about = entry.stat()
                    state.append((entry.path, about.st_mtime_ns, about.st_size))
                elif folder != package and entry.is_dir() and entry.name != "__pycache__":
                    folders.append(Path(entry.path))
    return state
