"""``samlocal kept``: the sandboxes that stay between commands."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path

import click
from click.core import ParameterSource
from msgspec import Struct

from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import name_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.tables import Spare
from samlocal.errors import KeptError, TemplateError
from samlocal.kept import messages
from samlocal.kept.client import ask
from samlocal.kept.folder import Folder, folders, is_keeper
from samlocal.kept.program import this_samlocal

# Where a name that was typed comes from: what the file says of every command chooses nothing here.
_TYPED = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


class _Meant(Struct, frozen=True, kw_only=True):
    """Which sandboxes: of every function where none is named, of every environment where that is None."""

    functions: tuple[str, ...]
    environment: str | None

    def has(self, kept: messages.Kept) -> bool:
        return (not self.functions or kept.function in self.functions) and self.environment in (
            None,
            kept.environment,
        )

    @property
    def whose(self) -> str:
        return f" of the environment {self.environment}" if self.environment else ""

    def none_of(self, functions: Collection[str], command: click.Command) -> KeptError:
        """For functions that are named and not kept."""
        from samlocal.cli.habits.extra_words import option_of

        option = next(filter(None, (option_of(each, command) for each in self.functions)), None)
        return KeptError(
            f"Not kept{self.whose}: {', '.join(functions)}.",
            tip=f"Did you mean {option}?" if option is not None else "`samlocal kept` lists those that are.",
        )


@click.command("kept", cls=EnvironmentCommand)
@click.argument("functions", metavar="[FUNCTION]...", nargs=-1, shell_complete=completers.functions)
@name_options
@click.option("--stop", is_flag=True, help="End them, also those that run an event.")
@click.option("--all", "every", is_flag=True, help="Those of all templates; needs no template here.")
@output_option("table", "json", tells="A table to read, or JSON for other programs.")
@click.pass_context
def command(
    ctx: click.Context, /, functions: tuple[str, ...], output_form: str, *, stop: bool, every: bool, **_: object
) -> int:
    """Sandboxes kept between commands: list, stop.

    They are those that `samlocal invoke --keep` has left: all, or those of FUNCTIONs. With -e or -n only those of
    that environment.

    \b
    Examples:
      samlocal kept
      samlocal kept --stop getEvent
    """
    output = output_of(ctx)
    meant = _Meant(functions=functions, environment=_environment(ctx))
    there = folders(ctx.obj.cache_folder) if every else [_folder(ctx)]
    failed: list[KeptError] = []
    if stop:
        found = _stop(there, meant, output, failed)
    else:
        found = _list(there, meant, output, failed, as_json=output_form == "json", every=every)
    if failed:
        # What the others have said stands.
        raise failed[0]
    if absent := [each for each in meant.functions if each not in found]:
        raise meant.none_of(absent, ctx.command)
    return 0


def _list(
    there: list[Folder],
    meant: _Meant,
    output: Output,
    failed: list[KeptError],
    *,
    as_json: bool,
    every: bool,
) -> set[str]:
    """The functions that are shown."""
    listed = [
        (answer, each)
        for folder in there
        for answer in _answers(folder, messages.List(), output, failed)
        if isinstance(answer, messages.Listed)
        for each in answer.kept
        if meant.has(each)
    ]
    if as_json:
        output.document([_as_json(by, each) for by, each in listed])
    elif listed:
        heads: list[str | Spare] = [
            "Function",
            "Environment",
            "State",
            Spare(head="Since", weight=2),
            "Ends in",
            Spare(head="Container", weight=1),
        ]
        rows = [_row(each) for _, each in listed]
        if every:
            heads.append("Template")
            rows = [[*row, by.template] for row, (by, _) in zip(rows, listed, strict=True)]
        output.table(heads, rows)
    elif not failed and not meant.functions:
        output.notice(f"nothing is kept{meant.whose}.")
    return {each.function for _, each in listed}


def _stop(there: list[Folder], meant: _Meant, output: Output, failed: list[KeptError]) -> set[str]:
    """The functions whose sandboxes are ended."""
    question = messages.Stop(functions=meant.functions, environment=meant.environment)
    stopped: set[str] = set()
    for folder in there:
        for answer in _answers(folder, question, output, failed, leave=question.everything):
            if isinstance(answer, messages.Stopped):
                stopped.update(answer.functions)
                for function in answer.cut_off:
                    output.warning(f"an event of {function} was running, and has been cut off.")
    if stopped:
        output.notice(f"stopped: {', '.join(sorted(stopped))}.")
    elif not failed and not meant.functions:
        output.notice(f"nothing is kept{meant.whose}.")
    return stopped


def _answers(
    folder: Folder, question: messages.Question, output: Output, failed: list[KeptError], *, leave: bool = False
) -> Iterator[messages.Answer]:
    samlocal = this_samlocal()
    for name in filter(is_keeper, folder.names()):
        try:
            answered = ask(folder, name, samlocal, question, leave=leave)
        except KeptError as error:
            failed.append(error)
            continue
        if answered is not None:
            line, answer = answered
            line.close()
            if isinstance(answer, messages.Refused):
                output.notice("another samlocal's process kept sandboxes here; it ends now.")
            yield answer


def _folder(ctx: click.Context) -> Folder:
    try:
        chosen = settings(ctx)
    except TemplateError as error:
        raise TemplateError(error.message, tip=f"{error.tip} `samlocal kept --all` needs none.") from error
    return Folder.of(ctx.obj.cache_folder, chosen.world.cwd / chosen.template)


def _environment(ctx: click.Context) -> str | None:
    """What the user has typed, as -e, -n or their variables."""
    for name in ("env_name", "stack_name"):
        if ctx.params[name] and ctx.get_parameter_source(name) in _TYPED:
            return str(ctx.params[name])
    return None


def _row(kept: messages.Kept) -> list[str]:
    return [
        kept.function,
        kept.environment or "",
        kept.state,
        time.strftime("%H:%M:%S", time.localtime(kept.since)),
        "" if kept.ends is None else _span(kept.ends - time.time()),
        kept.container or "",
    ]


def _span(seconds: float) -> str:
    """``9 m 40 s``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} m"
    return f"{minutes} m {rest} s" if minutes else f"{rest} s"


def _as_json(by: messages.Listed, kept: messages.Kept) -> dict[str, object]:
    return {
        "function": kept.function,
        "environment": kept.environment,
        "state": kept.state,
        "since": round(kept.since),
        "ends": None if kept.ends is None else round(kept.ends),
        "container": kept.container,
        "template": str(Path(by.template)),
        "process": by.process,
    }
