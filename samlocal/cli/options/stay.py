"""The options of every command that stays, and the output that they choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.log_file import log_file, log_file_option
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.voice import hearing, is_quiet, output_of
from samlocal.cli.output import Output

if TYPE_CHECKING:
    from samlocal.cli.shown.requests import Requests

F = TypeVar("F", bound=Callable[..., Any])

_OUTPUT = output_option(
    "text", "json", tells="Text on standard error, or records on standard output: one JSON object a line."
)


_RECORDED = "samlocal.recorded"


class StayingCommand(EnvironmentCommand):
    """A command that stays. Whatever ends it, its records end, too, and say why."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BaseException as error:
            if (output := ctx.meta.get(_RECORDED)) is not None:
                output.ended_by(error)
            raise


def stay_flags(command: F) -> F:
    return log_file_option(_OUTPUT(command))


def chosen_output(ctx: click.Context) -> Output:
    if ctx.params["output_form"] == "text":
        output = output_of(ctx)
    else:
        from samlocal.cli.shown.json_records import RecordedOutput

        recorded = ctx.meta[_RECORDED] = RecordedOutput(ctx.obj, quiet=is_quiet(ctx))
        output = hearing(ctx, recorded)
    output.log_file = log_file(ctx, failed=output.warning)
    return output


def requests_to(output: Output) -> Requests:
    """What goes on, to the output that was chosen; on an event loop."""
    from samlocal.cli.shown.blocks import Blocks
    from samlocal.cli.shown.json_records import JsonRecords, RecordedOutput
    from samlocal.cli.shown.requests import Requests, View

    if isinstance(output, RecordedOutput):
        view: View = JsonRecords(output)
        read: IO[Any] = output.payload_stream
    else:
        view, read = Blocks(output), output.message_stream
    return Requests(view, read=read, log_file=output.log_file, hears=output.hears)
