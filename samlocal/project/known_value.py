"""What was made of a template before, where nothing that went into it has changed: a value of any type.

A record is believed where ``known_plan.py`` believes a function's, and holds no secret either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec import Raw, Struct

from samlocal.project.given_variables import given_variables
from samlocal.project.known_by import basis_of, names_no_file, record_file
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller
from samlocal.records import MALFORMED, decoded, encoded, read_record, write_record

if TYPE_CHECKING:
    from samlocal.deployed.environment import Environment
    from samlocal.function.application import Application
    from samlocal.template.files import Files

T = TypeVar("T")


class ValueRecord(Struct, frozen=True, kw_only=True):
    """``value`` is JSON of its own type, ``problems`` are what was wrong in the template all the same."""

    basis: str
    files: dict[str, str]
    answers: dict[str, str]
    problems: tuple[str, ...]
    value: Raw


def known_value(
    settings: Settings,
    environment: Environment | None,
    teller: Teller,
    files: Files,
    use: Callable[[Application], T],
    *,
    kind: type[T],
    room: str,
) -> T:
    """What ``use`` makes of the application, a value of a ``kind`` that ``room`` of samlocal decides.

    Raises what ``use`` and reading the template raise.
    """
    file = record_file(settings, "values", kind.__name__)
    record = read_record(file, ValueRecord) if names_no_file(settings) else None
    given = None
    if record is not None and files.hold(record.files) and (environment is None or environment.holds(record.answers)):
        given = given_variables(settings, teller)
        known = (
            _value(record, kind) if record.basis == basis_of(settings, environment, given, rooms=(room,)) else None
        )
        if known is not None:
            for problem in record.problems:
                teller.warning(problem)
            return known

    from samlocal.project.application import joined

    application = joined(settings, environment, teller, files, given=given)
    made = use(application)
    answers = environment.answers if environment is not None else {}
    if answers is None or not files.may_be_recorded or not names_no_file(settings):
        return made
    value = encoded(made, in_own_order=True)
    if repr(decoded(value, kind)) != repr(made):
        # JSON has no infinity, and no other number that is none.
        return made
    record = ValueRecord(
        basis=basis_of(settings, environment, application.overrides, rooms=(room,)),
        files=files.states,
        answers=answers,
        problems=tuple(map(str, application.problems())),
        value=Raw(value),
    )
    write_record(file, record)
    return made


def _value(record: ValueRecord, kind: type[T]) -> T | None:
    try:
        return decoded(bytes(record.value), kind)
    except MALFORMED:
        return None
