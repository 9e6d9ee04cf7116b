"""A function's values as they were made before, where nothing that went into them has changed.

A record is believed where all is the same: samlocal itself, the settings, each file that was read or was absent,
each answer of AWS. It holds no secret: what the user gives for a variable is put in anew, and what a secret of the
template's or of AWS's has a part in is not recorded at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from samlocal.errors import SamlocalError
from samlocal.function.build_target import BuildTarget
from samlocal.function.overrides import Overrides
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import Variable
from samlocal.project.known_by import basis_of, names_no_file, record_file
from samlocal.project.settings import Settings
from samlocal.records import decoded, encoded, read_record, write_record
from samlocal.template.files import Files

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment
    from samlocal.function.application import Application


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
    record = read_record(record_file(settings, "plans", function_id), PlanRecord) if names_no_file(settings) else None
    if record is None or not files.hold(record.files):
        return None
    return record if environment is None or environment.holds(record.answers) else None


def known_plan(
    record: PlanRecord, settings: Settings, environment: Environment | None, given: Sequence[Overrides]
) -> KnownPlan | None:
    """The plan with the variables that the user gives now, None where it was made by other settings than these."""
    if record.basis != basis_of(settings, environment, given):
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
        or not names_no_file(settings)
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
        basis=basis_of(settings, environment, application.overrides),
        files=application.files.states,
        answers=answers,
        names=names,
        plan=plan,
    )
    write_record(record_file(settings, "plans", function_id), record)


def _given(overrides: Sequence[Overrides], names: Sequence[str]) -> dict[str, Variable]:
    return {variable.name: variable for each in overrides for variable in each.of(names)}
