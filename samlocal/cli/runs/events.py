"""The events of one command: all that ``--event`` names, read and checked before anything starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec import Struct

from samlocal.cli.completing import completers
from samlocal.cli.options.configured import variable
from samlocal.cli.runs.event import BOM, Event, event, is_there, read_event, read_file
from samlocal.cli.runs.named import Named
from samlocal.cli.world import World
from samlocal.errors import EventError

F = TypeVar("F", bound=Callable[..., Any])


class Events(Struct, frozen=True, kw_only=True):
    """What is run: each of them ``repeat`` times before the next. No two have the same name.

    A single plain event that is run once is no series: its payload stands on standard output as it is. Of a series
    each run has its line there.
    """

    events: tuple[Event, ...]
    repeat: int
    is_series: bool

    def runs(self) -> Iterator[Event]:
        """An event for each run."""
        return (each for each in self.events for _ in range(self.repeat))


class _Given(click.types.StringParamType):
    def split_envvar_value(self, rv: str) -> Sequence[str]:
        # JSON has spaces in it, and so may names: the variable is one.
        return [rv]


def event_options(command: F) -> F:
    for option in reversed(
        [
            click.option(
                "--event",
                multiple=True,
                type=_Given(),
                metavar="FILE|FOLDER|-|JSON|NAME",
                shell_complete=completers.events,
                envvar=variable("event"),
                help="The event; NAME is one that `event save` keeps, or with -e ENV one that is shared. Several "
                "(the option again, a folder's *.json, the lines of a .jsonl) run in order in one sandbox, and each "
                "puts one line of JSON on standard output.  [default: {}]",
            ),
            click.option(
                "--repeat",
                type=click.IntRange(min=1),
                default=1,
                show_default=True,
                metavar="N",
                envvar=variable("repeat"),
                help="Run each event N times before the next, and tell minimum, median and p99 of the durations of "
                "those that succeeded: a table on standard error, or the last object of --output json.",
            ),
        ]
    ):
        command = option(command)
    return command


def events_to_run(ctx: click.Context, named: Named) -> Events:
    """``named`` finds those that are no files.

    Raises EventError for one that is absent or wrong, by its place, and click.UsageError for one named twice.
    """
    world: World = ctx.obj
    given: tuple[str, ...] = ctx.params["event"] or ("{}",)
    repeat: int = ctx.params["repeat"]
    if given.count("-") > 1:
        raise click.UsageError("--event -: standard input can be read once. Give the other events as files.")
    read: list[Event] = []
    is_series = repeat > 1 or len(given) > 1
    for number, text in enumerate(given, 1):
        path = world.cwd / text
        if text == "-" or not is_there(path, text):
            literal = "--event" if len(given) == 1 else f"--event #{number}"
            by_name = None if text == "-" else named(text)
            read.append(read_event(text, world, literal=literal) if by_name is None else by_name)
        elif path.is_dir():
            read += _in_folder(path, text)
            is_series = True
        elif path.suffix == ".jsonl":
            read += _in_lines(path, text)
            is_series = True
        else:
            read.append(read_event(text, world))
    _refuse_twice(read, world)
    return Events(events=tuple(read), repeat=repeat, is_series=is_series)


def _in_folder(folder: Path, given: str) -> Iterator[Event]:
    """Its .json files in order of name; a hidden one is none, as for a shell's ``*.json``."""
    try:
        names = sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.suffix == ".json" and not entry.name.startswith(".") and not entry.is_dir()
        )
    except OSError as error:
        raise EventError(
            f"{given}: the folder of events cannot be read: {error.strerror}.",
            tip="Give yourself the right to read it, or name its files.",
        ) from error
    if not names:
        raise EventError(
            f"{given}: the folder has no event: no *.json file is in it.",
            tip="Put the events there, a .json file each, or name another folder.",
        )
    for name in names:
        yield event(shown := os.path.join(given, name), read_file(folder / name, shown))  # noqa: PTH118 - as given


def _in_lines(path: Path, given: str) -> Iterator[Event]:
    """An event for each of the file's lines that is not empty."""
    lines = read_file(path, given).removeprefix(BOM).split(b"\n")
    found = False
    for number, line in enumerate(lines, 1):
        if line.strip():
            found = True
            yield event(f"{given}:{number}", line.rstrip(), is_line=True)
    if not found:
        raise EventError(f"{given}: the file has no event.", tip="Write one JSON document on each line.")


def _refuse_twice(read: Sequence[Event], world: World) -> None:
    seen: set[str] = set()
    for each in read:
        path = os.path.normpath(world.cwd / each.name)
        if path in seen:
            raise click.UsageError(
                f"--event: {each.name} is named twice. Name it once; --repeat 2 runs each event twice."
            )
        seen.add(path)
