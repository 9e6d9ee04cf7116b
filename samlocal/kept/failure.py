"""An error on its way to the command that shows it."""

from __future__ import annotations

from msgspec import Struct

from samlocal import errors
from samlocal.errors import BuildError, ExitStatus, SamlocalError
from samlocal.function.spec import FunctionSpec
from samlocal.project.credentials import RoleNotKnownError, RoleRefusedError


class Failure(Struct, frozen=True, kw_only=True):
    """``function`` and ``role_arn`` are there for the refusals of a role, of which the command knows the ways on.

    What ``needs_terminal`` a command with one can do.
    """

    status: int
    message: str
    tip: str | None
    others: tuple[Failure, ...] = ()
    function: FunctionSpec | None = None
    role_arn: str | None = None
    needs_terminal: bool = False


def failure(error: SamlocalError) -> Failure:
    from samlocal.aws.failures import NoTerminalError

    return Failure(
        status=int(error.exit_status),
        message=error.message,
        tip=error.tip,
        others=tuple(map(failure, error.others)) if isinstance(error, BuildError) else (),
        function=error.function if isinstance(error, RoleNotKnownError | RoleRefusedError) else None,
        role_arn=error.role_arn if isinstance(error, RoleRefusedError) else None,
        needs_terminal=isinstance(error, NoTerminalError),
    )


def error_of(failed: Failure) -> SamlocalError:
    """An error that says the same, with the same exit status."""
    if failed.function is not None:
        if failed.role_arn is not None:
            return RoleRefusedError(failed.message, function=failed.function, role_arn=failed.role_arn)
        return RoleNotKnownError(failed.message, function=failed.function)
    others = [error for error in map(error_of, failed.others) if isinstance(error, BuildError)]
    if others:
        return BuildError(failed.message, tip=failed.tip, others=tuple(others))
    return _kinds()[ExitStatus(failed.status)](failed.message, tip=failed.tip)


def _kinds() -> dict[ExitStatus, type[SamlocalError]]:
    """By exit status, of which each kind of error has its own."""
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SamlocalError))
    return {kind.exit_status: kind for kind in kinds if kind is not SamlocalError}
