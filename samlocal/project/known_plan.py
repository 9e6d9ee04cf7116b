"""A function's values as they were made before, where nothing that went into them has changed.

A record is believed where all is the same: samlocal itself, the settings, each file that was read or was absent,
each answer of AWS. It holds no secret: what the user gives for a variable is put in anew, and what a secret of the
template's or of AWS's has a part in is not recorded at all.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from samlocal import __version__
from samlocal.errors import SamlocalError
from samlocal.function.build_target import BuildTarget
from samlocal.function.overrides import Overrides
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import Variable
from samlocal.project.settings import Settings, region_of
from samlocal.records import decoded, encoded, read_record, write_record
from samlocal.template.files import Files

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment
    from samlocal.function.application import Application

_ROOMS = ("", "aws", "deployed", "function", "project", "template")
"""The folders of samlocal that decide what a function's values are."""


class KnownPlan(Struct, frozen=True, kw_only=True):
    """A function, what there is to build of it and of its layers, and what is wrong in its template all the same."""

    function: FunctionSpec
    targets: tuple[BuildTarget, ...]
    problems: tuple[str, ...]


class PlanRecord(Struct, frozen=True, kw_only=True):
    """``basis`` is of what is known beforehand, ``files`` and ``answers`` are what turned out to be needed.

    ``names`` are those by which the user's variables find the function; their values are not in ``plan``.
    """

    basis: str
    files: dict[str, str]
    answers: dict[str, str]
    names: tuple[str, ...]
    plan: KnownPlan


def recorded(
    settings: Settings, function_id: str, environment: Environment | None, files: Files
) -> PlanRecord | None:
    """The record of a function whose files and answers are as they were; None where there is none."""
    record = read_record(_file(settings, function_id), PlanRecord) if _names_no_file(settings) else None
    if record is None or not files.hold(record.files):
        return None
    return record if environment is None or environment.holds(record.answers) else None


def known_plan(
    record: PlanRecord, settings: Settings, environment: Environment | None, given: Sequence[Overrides]
) -> KnownPlan | None:
    """The plan with the variables that the user gives now, None where it was made by other settings than these."""
    if record.basis != _basis(settings, environment, given):
        return None
    values = _given(given, record.names)
    function = record.plan.function
    variables = tuple(values.get(variable.name, variable) for variable in function.variables)
    return replace(record.plan, function=replace(function, variables=variables))


def record_plan(settings: Settings, function_id: str, application: Application, function: FunctionSpec) -> None:
    """Records a function that has just been evaluated, where that may be kept."""
    from samlocal.function.template_builds import function_targets

    owner, resource = application.find(function_id)
    names = (resource.logical_id, owner.path(resource), owner.name(resource))
    values = _given(application.overrides, names)
    try:
        targets = function_targets(application, function_id, function)
    except SamlocalError:
        # Whoever builds is told.
        return
    environment = application.environment
    answers = environment.answers if environment is not None else {}
    if (
        answers is None
        or not application.files.may_be_recorded
        or not _names_no_file(settings)
        or any(variable.secret for variable in function.variables)
        or any(target.node_options and "NODE_OPTIONS" in values for target in targets)
    ):
        return
    variables = tuple(
        Variable(name=variable.name, value="", origins=(), line=0) if variable.name in values else variable
        for variable in function.variables
    )
    plan = KnownPlan(
        function=replace(function, variables=variables),
        targets=targets,
        problems=tuple(map(str, application.problems())),
    )
    if repr(decoded(encoded(plan, in_own_order=True), KnownPlan)) != repr(plan):
        # JSON has no infinity, and no other number that is none.
        return
    record = PlanRecord(
        basis=_basis(settings, environment, application.overrides),
        files=application.files.states,
        answers=answers,
        names=names,
        plan=plan,
    )
    write_record(_file(settings, function_id), record)


def _names_no_file(settings: Settings) -> bool:
    """Whether the template's parameters stand in the settings themselves."""
    return b"file://" not in encoded(_parameters(settings))


def _parameters(settings: Settings) -> list[object]:
    return [settings.parameter_overrides, settings.file.values.get("parameter_overrides"), settings.file.origin]


def _given(overrides: Sequence[Overrides], names: Sequence[str]) -> dict[str, Variable]:
    return {variable.name: variable for each in overrides for variable in each.of(names)}


def _file(settings: Settings, function_id: str) -> Path:
    """One for each function of an environment: what was made by other settings goes when these are recorded."""
    whose = [str(settings.world.cwd), str(settings.template), settings.environment, settings.profile, function_id]
    return settings.world.cache_folder / "plans" / f"{hashlib.sha256(encoded(whose)).hexdigest()[:32]}.json"


def _basis(settings: Settings, environment: Environment | None, given: Sequence[Overrides]) -> str:
    basis = [
        _samlocal(),
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


def _samlocal() -> list[object]:
    """What tells this samlocal from another one: its version, its libraries' folder, and its own files."""
    package = Path(__file__).parent.parent
    state: list[object] = [__version__, sys.version, Path(msgspec.__file__).parent.parent.stat().st_mtime_ns]
    folders = [package / room for room in _ROOMS]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".json")):
                    about = entry.stat()
                    state.append((entry.path, about.st_mtime_ns, about.st_size))
                elif folder != package and entry.is_dir() and entry.name != "__pycache__":
                    folders.append(Path(entry.path))
    return state
