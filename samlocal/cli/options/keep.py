"""The options that say whether a sandbox stays when its events are done, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from msgspec import Struct

from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.configured import ConfigurableType, variable

F = TypeVar("F", bound=Callable[..., Any])

KEEP = "10m"

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WORDS = {"true": KEEP, "yes": KEEP, "on": KEEP, "false": "0", "no": "0", "off": "0"}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")

# Who has the last word: the flags, then variables, then the file.
_ORDER = (
    ParameterSource.DEFAULT,
    ParameterSource.DEFAULT_MAP,
    ParameterSource.ENVIRONMENT,
    ParameterSource.COMMANDLINE,
)


class Duration(ConfigurableType[float]):
    """Seconds, as ``90``, ``90s``, ``10m``, ``1h`` or ``1d``. In the file and in variables, true is ten minutes."""

    name = "duration"
    expected = "It is a length of time: 90s, 10m, 1h."
    takes_booleans = True

    def convert(self, value: object, _: click.Parameter | None, __: click.Context | None) -> float:
        text = str(value).strip().lower()
        found = _DURATION.fullmatch(_WORDS.get(text, text))
        if found is None:
            self.fail(f"{value!r} is no length of time: write 90s, 10m or 1h.")
        return float(found[1]) * _UNITS[found[2]]


class Keep(Struct, frozen=True, kw_only=True):
    """``seconds`` is None where nothing stays; ``cold`` runs use no sandbox that is there."""

    seconds: float | None
    cold: bool


class KeepingCommand(EnvironmentCommand):
    """A command whose ``--keep`` may stand alone: what follows it is its value only where it is a length of time."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread_keep(args))


def spread_keep(args: Sequence[str]) -> list[str]:
    """``--keep`` and ``--keep 5m`` as ``--keep=…``."""
    spread: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--":
            return [*spread, arg, *left]
        if arg == "--keep":
            arg = f"--keep={left.pop(0) if left and _DURATION.fullmatch(left[0]) else KEEP}"
        spread.append(arg)
    return spread


def keep_flags(command: F) -> F:
    for option in (
        click.option(
            "--cold",
            is_flag=True,
            envvar=variable("cold"),
            help="Run in a sandbox of its own, whatever is kept or served.",
        ),
        click.option(
            "--keep",
            type=Duration(),
            metavar="[DURATION]",
            envvar=variable("keep"),
            help="Leave the sandbox for the next invocation, for so long after each: 90s, 10m, 1h. `samlocal kept` "
            "lists, `samlocal kept --stop` ends it.  [alone: 10m]",
        ),
    ):
        command = option(command)
    return command


def keep_options(ctx: click.Context) -> Keep:
    """The flags' values. Raises click.UsageError where both are typed."""
    seconds: float | None = ctx.params["keep"] or None
    cold: bool = ctx.params["cold"]
    if not cold or seconds is None:
        return Keep(seconds=seconds, cold=cold)
    keeps, colds = (_rank(ctx, name) for name in ("keep", "cold"))
    if keeps == colds == _ORDER.index(ParameterSource.COMMANDLINE):
        raise click.UsageError("--keep and --cold exclude each other.")
    return Keep(seconds=None, cold=True) if colds >= keeps else Keep(seconds=seconds, cold=False)


def _rank(ctx: click.Context, name: str) -> int:
    source = ctx.get_parameter_source(name)
    return _ORDER.index(source) if source in _ORDER else 0
