"""Values that nobody has given and no environment knows: told once, or refused."""

from __future__ import annotations

from samlocal.errors import UnresolvedError
from samlocal.function.spec import FunctionSpec
from samlocal.project.teller import Teller


def tell_placeholders(function: FunctionSpec, teller: Teller, *, strict: bool, local: bool) -> None:
    """Says which values are placeholders. Raises UnresolvedError where the user wants none (``strict``).

    In the ``local`` environment they are said for the whole stack already.
    """
    if not function.placeholders:
        return
    names = ", ".join(function.placeholders)
    if strict and local:
        raise UnresolvedError(
            f"{function.location}: {function.logical_id}: in the local environment nobody has given these: {names}.",
            tip="Give them: --parameter-overrides, `samlocal local seed` for parameters of SSM, or --set.",
        )
    if strict:
        raise UnresolvedError(
            f"{function.location}: {function.logical_id}: without an environment these are not known: {names}.",
            tip="Name the environment with -e ENV or -n STACK, or give the values: --set, --parameter-overrides.",
        )
    if not local:
        teller.warning(
            f"no environment, so these are placeholders: {names}. -e ENV gives the deployed values and the role."
        )
