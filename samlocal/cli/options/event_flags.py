"""The flags of an event as options of a command, made of what its file says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import click

from samlocal.cli.options.param_type import ParamType
from samlocal.cli.runs.json_text import NoJsonError
from samlocal.cli.world import World
from samlocal.events.kind import Flag, Kind
from samlocal.events.moment import moment
from samlocal.events.placeholder import Placeholder, alone, pieces

_FILE = "file://"

_LONGEST = 16 * 1024 * 1024
"""Characters of a file: more than any event has (6 MB; Lambda developer guide, "Lambda quotas")."""


class _Text(ParamType[str]):
    """Text, or where it stands: ``file://order.json``, as the AWS CLI has it."""

    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("it is not UTF-8.", param, ctx)
        if ctx is None or not text.startswith(_FILE):
            return text
        world: World = ctx.obj
        name = text.removeprefix(_FILE)
        try:
            with (world.cwd / name).open(encoding="utf-8") as file:
                # Devices have no end.
                text = file.read(_LONGEST + 1)
        except OSError as error:
            self.fail(f"{name} cannot be read: {error.strerror}.", param, ctx)
        except UnicodeDecodeError as error:
            self.fail(f"{name} is not UTF-8: byte {error.start}.", param, ctx)
        if len(text) > _LONGEST:
            self.fail(f"{name} has more than 16 MB; an event has 6 MB at most.", param, ctx)
        return text


class _Json(_Text):
    name = "json"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        text = super().convert(value, param, ctx)
        try:
            return self.read(text)
        except json.JSONDecodeError as error:
            self.fail(f"it is not JSON: {error.msg} at {error.lineno}:{error.colno}: {_short(text)}", param, ctx)
        except (NoJsonError, RecursionError) as error:
            self.fail(f"it is not JSON: {error}.", param, ctx)

    def read(self, text: str) -> Any:
        return json.loads(text, parse_constant=_refuse)


class _Object(_Json):
    name = "json"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        read = super().convert(value, param, ctx)
        if not isinstance(read, dict):
            self.fail(f'it is no JSON object, such as {{"id": 1}}: {_short(str(value))}', param, ctx)
        return read


class _List(_Json):
    name = "json"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        read = super().convert(value, param, ctx)
        if not isinstance(read, list):
            self.fail(f'it is no JSON list, such as ["a", "b"]: {_short(str(value))}', param, ctx)
        return read


class _Item(_Object):
    """An item of a table, its numbers with every digit."""

    def read(self, text: str) -> Any:
        return json.loads(text, parse_constant=_refuse, parse_float=Decimal)


class _Pair(ParamType[tuple[str, str]]):
    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not name or not equals:
            self.fail(f"{value!r} is not NAME=VALUE.", param, ctx)
        return name, text


class _Moment(ParamType[float]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return moment(str(value))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time. Write 2026-01-31T12:00:00Z, or seconds since 1970.", param, ctx)


_TYPES: Mapping[str, ParamType[Any]] = {
    "text": _Text(),
    "int": click.INT,
    "json": _Json(),
    "list": _List(),
    "object": _Object(),
    "item": _Item(),
    "pairs": _Pair(),
    "moment": _Moment(),
}


def flag_options(kind: Kind) -> Iterator[click.Option]:
    """An option for each flag that a user can change. Of a batch each may be given once for each record."""
    for name, flag in kind.flags.items():
        if flag.help is None:
            continue
        names = [f"--{name}", *flag.also, _dest(name)]
        if flag.type == "flag":
            yield click.Option(names, is_flag=True, default=None, help=flag.help)
            continue
        yield click.Option(
            names,
            type=_TYPES[flag.type],
            multiple=kind.repeats or flag.type == "pairs",
            default=None,
            metavar="NAME=VALUE" if flag.type == "pairs" else None,
            help=f"{flag.help}{_default(flag)}",
        )


def given_flags(kind: Kind, params: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """The flags that were given, each with its values."""
    given: dict[str, Sequence[Any]] = {}
    for name, flag in kind.flags.items():
        value = params.get(_dest(name))
        if value is None or value == ():
            continue
        if flag.type == "pairs":
            given[name] = [list(value)]
        else:
            given[name] = list(value) if isinstance(value, tuple) else [value]
    return given


def _dest(name: str) -> str:
    return f"flag_{name.replace('-', '_')}"


def _default(flag: Flag) -> str:
    if flag.type == "moment":
        return "  [default: now]"
    if flag.default is None or flag.default == {} or flag.default == []:
        return ""
    written = flag.default if isinstance(flag.default, str) else json.dumps(flag.default)
    if "${new " in written:
        return "  [default: made anew]"
    whole = alone(written)
    if whole is not None and whole.encodings:
        # What it is has its help.
        return ""
    shown = "".join(piece if isinstance(piece, str) else _shown(piece) for piece in pieces(written))
    return f"  [default: {shown}]"


def _shown(placeholder: Placeholder) -> str:
    """``ACCOUNT-ID``, or what is made of a value: ``URL-SUFFIX``."""
    return [placeholder.source, *placeholder.encodings][-1].upper()


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _refuse(constant: str) -> Any:
    raise NoJsonError(f"{constant} is none of its values")
