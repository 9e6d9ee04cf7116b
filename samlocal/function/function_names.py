"""What a function is called, and which one a text means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from samlocal.config import nearest
from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.errors import FunctionNotFoundError
from samlocal.function.function_name import FunctionName, names_function
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource
from samlocal.template.values import Known, text


class FunctionNames(Struct, frozen=True, kw_only=True):
    """``path`` is its way from the top template, ``own`` the template's name for it, ``constructs`` are CDK's."""

    path: str
    logical_id: str
    deployed: str | None
    own: str | None
    constructs: tuple[str, ...]

    @classmethod
    def of(cls, resource: Resource, *, path: str, evaluator: Evaluator, stack: Stack | None) -> FunctionNames:
        deployed = None if stack is None else stack.resources.get(resource.logical_id)
        answer = evaluator.evaluate(resource.properties.get("FunctionName"))
        return cls(
            path=path,
            logical_id=resource.logical_id,
            deployed=None if deployed is None else deployed.physical_id,
            own=text(answer.value) if isinstance(answer, Known) and answer.value else None,
            constructs=resource.construct_paths,
        )

    @property
    def all(self) -> tuple[str, ...]:
        """Each once."""
        names = (self.path, self.logical_id, self.deployed, self.own, *self.constructs)
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def called(self) -> str:
        """Its deployed name, else the one that the template gives it, else its logical id."""
        return self.deployed or self.own or self.logical_id


def exactly(functions: Sequence[FunctionNames], wanted: str) -> int | None:
    """The place of the one that is called so; deployed names win over what a template says."""
    for names in (lambda each: (each.deployed,), lambda each: each.constructs, lambda each: (each.own,)):
        for index, function in enumerate(functions):
            if wanted in names(function):
                return index
    return None


def nearly(functions: Sequence[FunctionNames], wanted: str, *, template: Path) -> int:
    """The place of the one that is called so in any case, else of the one of which a name begins so.

    Raises FunctionNotFoundError, which names the nearest, or those that begin so.
    """
    if not functions:
        raise FunctionNotFoundError(f"{template}: the template has no functions.")
    beginning = wanted.lower()
    names = [[name.lower() for name in function.all] for function in functions]
    found = [index for index, own in enumerate(names) if beginning in own]
    if not found and beginning:
        found = [index for index, own in enumerate(names) if any(name.startswith(beginning) for name in own)]
    if not found:
        every = [name for function in functions for name in function.all]
        raise FunctionNotFoundError(
            f"{template}: there is no function {wanted}{nearest(wanted, every)}",
            tip=f"The template has {', '.join(function.path for function in functions)}.",
        )
    if len(found) > 1:
        raise FunctionNotFoundError(
            f"{template}: the names of several functions begin with {wanted}: "
            f"{', '.join(functions[index].path for index in found)}.",
            tip="Write as much of a name as one function alone has.",
        )
    return found[0]


def name_in_arn(wanted: str, *, place: Place, is_deployed: bool) -> str | None:
    """The name of the function that an ARN, or a part of one, is of; None where the text is none.

    A version's and an alias's is the working copy's, too. Where nothing is deployed, account and region are made up
    and say nothing. Raises FunctionNotFoundError for those of other accounts and regions.
    """
    named = FunctionName.of(wanted) if ":" in wanted else None
    if named is None:
        return None
    if is_deployed and not names_function(wanted, (named.name,), place=place):
        raise FunctionNotFoundError(
            f"{wanted} is of another account or region than this environment: {place.region} of {place.account}.",
            tip="Name the environment that has it with -e or -n, or name the function by its logical id.",
        )
    return named.name
