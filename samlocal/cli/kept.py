"""``samlocal kept``: the sandboxes that stay between commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from samlocal.cli.options.environment import EnvironmentCommand, environment_options, settings, variable
from samlocal.cli.output import Output
from samlocal.errors import KeptError, TemplateError
from samlocal.kept import messages
from samlocal.kept.client import ask
from samlocal.kept.folder import Folder, folders, is_keeper
from samlocal.kept.program import this_samlocal

# Of the shared options, those that mean nothing here.
_HIDDEN = frozenset(
    {
        "stack_name",
        "aws_profile",
        "region",
        "refresh",
        "snapshot_age",
        "parameter_overrides",
        "env_vars",
        "set_variables",
        "dotenv",
    }
)


class _KeptCommand(EnvironmentCommand):
    """A command that only asks which template is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for option in self.params:
            if isinstance(option, click.Option) and option.name in _HIDDEN:
                option.hidden = True
        return super().parse_args(ctx, args)


@click.command("kept", cls=_KeptCommand, short_help="Sandboxes kept between commands: list, stop.")
@click.argument("functions", metavar="[FUNCTION]...", nargs=-1)
@environment_options
@click.option("--stop", is_flag=True, help="End them, also those that run an event.")
@click.option("--all", "every", is_flag=True, help="Those of all templates; needs no template here.")
@click.option(
    "--output",
    "output_form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    envvar=variable("output"),
    help="A table to read, or JSON for other programs.",
)
@click.pass_context
def command(
    ctx: click.Context, /, functions: tuple[str, ...], output_form: str, *, stop: bool, every: bool, **_: object
) -> int:
    """List the sandboxes that `samlocal invoke --keep` has left, or end them: all, or those of FUNCTIONs."""
    output = Output(ctx.obj)
    there = folders(ctx.obj.cache_folder) if every else [_folder(ctx)]
    failed: list[KeptError] = []
    if stop:
        _stop(there, functions, output, failed)
    else:
        _list(there, functions, output, failed, as_json=output_form == "json", every=every)
    if failed:
        # What the others have said stands.
        raise failed[0]
    return 0


def _list(
    there: list[Folder],
    functions: tuple[str, ...],
    output: Output,
    failed: list[KeptError],
    *,
    as_json: bool,
    every: bool,
) -> None:
    listed = [
        (answer, each)
        for folder in there
        for answer in _answers(folder, messages.List(), output, failed)
        if isinstance(answer, messages.Listed)
        for each in answer.kept
        if not functions or each.function in functions
    ]
    if as_json:
        output.document([_as_json(by, each) for by, each in listed])
    elif listed:
        heads = ["Function", "Environment", "State", "Since", "Ends in", "Container"]
        rows = [_row(each) for _, each in listed]
        if every:
            heads.append("Template")
            rows = [[*row, by.template] for row, (by, _) in zip(rows, listed, strict=True)]
        output.table(heads, rows)
    elif not failed:
        output.notice("nothing is kept.")


def _stop(there: list[Folder], functions: tuple[str, ...], output: Output, failed: list[KeptError]) -> None:
    question = messages.Stop(functions=functions)
    stopped: set[str] = set()
    for folder in there:
        for answer in _answers(folder, question, output, failed, leave=not functions):
            if isinstance(answer, messages.Stopped):
                stopped.update(answer.functions)
                for function in answer.cut_off:
                    output.warning(f"an event of {function} was running, and has been cut off.")
    if stopped:
        output.notice(f"stopped: {', '.join(sorted(stopped))}.")
    elif not failed:
        output.notice(f"not kept: {', '.join(functions)}." if functions else "nothing is kept.")


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
