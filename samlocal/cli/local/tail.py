"""``samlocal local tail``: what its functions write."""

from __future__ import annotations

import asyncio
import datetime
import re
from typing import TYPE_CHECKING

import click

from samlocal.cli.completing import completers
from samlocal.cli.local.local_command import LocalCommand, own_project
from samlocal.cli.options.configured import ConfigurableType
from samlocal.cli.options.environment import local_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.collector import held_off
from samlocal.config import nearest
from samlocal.errors import AwsError, FunctionNotFoundError, ReaderGoneError

if TYPE_CHECKING:
    from samlocal.cli.shown.tailed import Tailed
    from samlocal.local.log_reader import LogReader

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

# How soon is looked whether an environment that has ended is up again.
_AGAIN_SECONDS = 0.5


class _Since(ConfigurableType[datetime.datetime]):
    """A moment as `aws logs tail` takes it."""

    name = "time"
    expected = "It is an age (30s, 5m, 2h, 1d, 1w) or a time (2026-01-31T12:00:00)."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime.datetime:
        text = str(value).strip()
        try:
            if relative := re.fullmatch(r"(\d+)\s*([smhdw])", text):
                ago = datetime.timedelta(**{_UNITS[relative[2]]: int(relative[1])})
                return datetime.datetime.now(datetime.UTC) - ago
            moment = datetime.datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no time. {self.expected}", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)


@click.command("tail", cls=LocalCommand)
@click.argument("functions", metavar="[FUNCTION]...", nargs=-1, shell_complete=completers.functions)
@click.option("-f", "--follow/--no-follow", default=True, help="Go on with what comes.  [default: go on]")
@click.option(
    "--since",
    type=_Since(),
    default="10m",
    show_default=True,
    metavar="AGE|TIME",
    help="Begin there: 30s, 5m, 2h, 1d, 1w, or a time of ISO 8601, which is UTC's unless it says another.",
)
@click.option(
    "--filter",
    "pattern",
    default="",
    metavar="PATTERN",
    help="Only lines that a filter pattern of CloudWatch Logs lets through.",
)
@output_option("text", "json", tells="Lines to read, or one JSON object a line.")
@local_options
@click.pass_context
def tail(
    ctx: click.Context,
    /,
    functions: tuple[str, ...],
    since: datetime.datetime,
    pattern: str,
    output_form: str,
    *,
    follow: bool,
    **_: object,
) -> None:
    """Show what the functions of `samlocal up` write, of all or of FUNCTIONs, until Ctrl-C.

    Each line begins with its time, its function and the first digits of its request's id. It is followed into an
    environment that is started anew.
    """
    with held_off():
        from samlocal.cli.runs.running import run_to_its_end
        from samlocal.cli.shown.tailed import Tailed
        from samlocal.local.log_reader import LogReader
        from samlocal.local.moto.log_pattern import LogPatternError, log_pattern
        from samlocal.local.runner import Runner
        from samlocal.local.stack_resources import resources

    output = output_of(ctx)
    try:
        passes = log_pattern(pattern)
    except LogPatternError as error:
        raise click.BadParameter(f"{pattern!r}: {error}.", ctx, param_hint="--filter") from error
    chosen = settings(ctx)
    reader = LogReader(own_project(ctx))

    def names() -> dict[str, str]:
        """The functions' ids by their deployed names."""
        aws = reader.server().aws(chosen.region or "")
        found = resources(aws, chosen.stack_name or "")
        return {each.physical_id: each.path for each in found if each.type == "AWS::Lambda::Function"}

    known = names()
    for function in functions:
        there = {*known, *known.values()}
        if function not in there:
            raise FunctionNotFoundError(
                f"The local environment has no function {function}{nearest(function, there)}",
                tip=f"It has {', '.join(sorted(known.values())) or 'none'}.",
            )
    tailed = Tailed(
        output,
        names,
        known,
        functions=frozenset(functions),
        since=since,
        passes=passes,
        as_json=output_form == "json",
    )
    while (read := reader.read(wait=0)).lines:
        tailed.show(read)
    if follow:
        if not Runner(reader.server()).waiting().is_run:
            output.notice("nobody runs its functions now: `samlocal up` does.")
        run_to_its_end(_follow(reader, tailed, output))


async def _follow(reader: LogReader, tailed: Tailed, output: Output) -> None:
    """Until somebody ends it. Raises ReaderGoneError where nobody reads any more."""
    from samlocal.cli.reader import noticing_its_end
    from samlocal.local.invocation import WAIT_SECONDS

    gone = asyncio.Event()
    with noticing_its_end(output.payload_stream, gone.set):
        ends = asyncio.ensure_future(gone.wait())
        is_up = True
        while True:
            reading = asyncio.ensure_future(asyncio.to_thread(reader.read, wait=WAIT_SECONDS))
            await asyncio.wait({reading, ends}, return_when=asyncio.FIRST_COMPLETED)
            if ends.done():
                raise ReaderGoneError("Whoever read the log has gone.")
            try:
                read = reading.result()
            except AwsError:
                if is_up:
                    output.plain("samlocal: the local environment has ended; the next one's log is shown here, too.")
                is_up = False
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            is_up = True
            await asyncio.to_thread(tailed.show, read)
