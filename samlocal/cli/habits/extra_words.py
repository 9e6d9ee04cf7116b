"""What becomes of words behind a command that takes none, or no more: what is meant, as far as that can be known."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import click

_EVENT = "One function runs; its event is given with --event{event}."

_MEANT: Mapping[str, str] = {
    "start-lambda": "It serves every function of the template: who asks names one, as `aws lambda invoke "
    "--function-name {word}` does. `samlocal invoke {word}` runs one here.",
    "start-api": "It serves every API of the template, and `--api ID` one of them. `samlocal invoke {word}` runs a "
    "function.",
    "up": "It runs every function of the template. `samlocal watch {word}` runs one on each save, `samlocal invoke "
    "{word}` once.",
    "list": "It lists all of the template. `samlocal env {word}` shows a function's variables.",
    "doctor": "It looks at all of the template.",
    "invoke": _EVENT,
    "watch": _EVENT,
}
"""By commands, with the first of the words."""


def refused(words: Sequence[str], ctx: click.Context) -> click.UsageError:
    """For words that are left when a command has its own."""
    named = " ".join(map(shlex.quote, words))
    command = ctx.command_path.partition(" ")[2]
    meant = option_of(words[0], ctx.command)
    if meant is not None:
        tells = f"Did you mean {meant}?"
    else:
        event = f" {shlex.quote(words[0])}" if _is_event(words[0]) else ""
        tells = _MEANT.get(command, "").format(word=shlex.quote(words[0]), event=event)
    return click.UsageError(f"`{ctx.command_path}` takes no further word: {named}. {tells}".rstrip(), ctx=ctx)


def option_of(word: str, command: click.Command) -> str | None:
    """The option that a command has of a word's name: ``--stop`` for ``stop``."""
    options = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
    return next((each for each in (f"--{word}", f"-{word}") if each in options), None)


def _is_event(word: str) -> bool:
    return word.startswith(("{", "[", '"')) or word.endswith(".json")
