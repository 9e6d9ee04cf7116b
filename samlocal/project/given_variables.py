"""The variables that the user gives beside the template, in the order in which they win.

The template's come first, then ``.env``, ``.env.<environment>``, ``--env-vars``, ``--set``: the later wins.
"""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.function.overrides import Overrides, read_dotenv, read_env_vars, set_on_command_line
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller


def given_variables(settings: Settings, teller: Teller) -> tuple[Overrides, ...]:
    """Raises ConfigurationError."""
    return (*_dotenv(settings, teller), *_given(settings))


def _dotenv(settings: Settings, teller: Teller) -> Iterator[Overrides]:
    """``.env``, then ``.env.<environment>``, where samlocal is run, or where it has found the project."""
    for name in (".env", f".env.{settings.environment}") if settings.environment else (".env",):
        path = settings.folder / name
        if not (settings.dotenv and path.is_file()):
            continue
        overrides, left_out = read_dotenv(path, name=name)
        if overrides.common:
            teller.notice(f"from {name}: {', '.join(variable.name for variable in overrides.common)}.")
        if left_out:
            teller.notice(
                f"{name}: {', '.join(left_out)} not given to functions: Lambda takes no variables of these names."
            )
        yield overrides


def _given(settings: Settings) -> Iterator[Overrides]:
    if settings.env_vars is not None:
        yield read_env_vars(settings.world.path(settings.env_vars))
    if settings.set_variables:
        yield set_on_command_line(settings.set_variables)
