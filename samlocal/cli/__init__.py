"""The command line: parses, calls, prints, and turns every error into a message and an exit status."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from samlocal.cli.command_group import CommandGroup
from samlocal.cli.streams import flush, standard_streams
from samlocal.cli.world import World
from samlocal.collector import held_off
from samlocal.errors import ExitStatus, ReaderGoneError, SamlocalError

# By what they are for. Each command's file is imported when it is called, and for its own help, which begins so.
_GROUPS = {
    "Run functions": {
        "invoke": "Run a function once.",
        "watch": "Run a function again on each save.",
        "up": "Run the whole application: APIs, Lambda, event sources.",
        "start-api": "Serve the template's HTTP APIs.",
        "start-lambda": "Serve Lambda's Invoke API to any SDK.",
    },
    "Look and check": {
        "list": "Functions, layers and endpoints of the template.",
        "env": "Functions' variables, their values and origins.",
        "doctor": "Check everything that samlocal needs, with remedies.",
        "help": "What an exit status means, or a command does.",
    },
    "Prepare": {
        "build": "Build functions and layers that have changed.",
        "event": "Events: generate, save, share, capture, list.",
        "trust": "Let a function's role trust you, and take it back.",
        "debug-config": "Set up VS Code, PyCharm or Neovim to debug functions.",
        "completion": "Let bash, zsh or fish complete command lines.",
    },
    "What stays on this machine": {
        "local": "The environment on this machine: start, status, tail, seed.",
        "kept": "Sandboxes kept between commands: list, stop.",
        "layers": "Layers kept on this machine: list, refresh, clean.",
    },
}
_COMMANDS = {name: tells for group in _GROUPS.values() for name, tells in group.items()}

# Some of their words are another tool's commands: `sam local invoke`, `sam list endpoints`.
_AMBIGUOUS = ("local", "list")

# A module named like a builtin would hide it in this package, once it is imported.
_FILES = {"list": "listing", "help": "help_command"}

_EPILOG = """`samlocal help COMMAND` shows a command's options and examples, `samlocal help 5`
what to do about a status.

\b
Exit status:
  0   the function succeeded        11  no such function
  1   it failed, timed out, crashed 12  AWS credentials
  2   wrong usage                   13  the function's role
  3   template                      14  image
  4   configuration                 15  no such stack
  5   unresolved values             16  the function's code
  6   AWS                           17  protected environment
  7   Docker engine                 18  standard output cannot be written
  8   layer                         19  the kept sandboxes
  9   build                         70  a fault of samlocal's own
  10  event                         130 Ctrl-C, 143 terminated
                                    141 nobody reads standard output
"""


class _Terminated(SystemExit):
    """SIGTERM or SIGHUP: ends the run as Ctrl-C does, with everything cleaned up.

    A SystemExit, which an event loop lets through wherever it comes.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number


class _Carried(Exception):  # noqa: N818 - past click, to `run`
    """Its cause is the error."""


class _Commands(CommandGroup):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def about(self, name: str) -> str | None:
        return _COMMANDS.get(name)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        file = _FILES.get(cmd_name, cmd_name.replace("-", "_"))
        with held_off():
            module = importlib.import_module(f"samlocal.cli.{file}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS or (args[0] in _AMBIGUOUS and args[1:]):
            from samlocal.cli.habits.words import own_words

            args = own_words(args)
            if not args:
                click.echo(ctx.get_help())
                ctx.exit()
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (EOFError, BrokenPipeError) as error:
            # click takes these for Ctrl-D and for a reader of standard output that has gone.
            raise _Carried from error

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        first = max(map(len, _COMMANDS))
        for title, commands in _GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(first), tells) for name, tells in commands.items()])


def _show_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from samlocal.cli.version import show

        show(ctx)


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show what runs, and end.",
)
def cli() -> None:
    """Run the functions of a SAM template on this machine as their deployed environment would run them.

    \b
    Examples:
      samlocal invoke                          the template's only function
      samlocal invoke getEvent --event e.json  with an event
      samlocal invoke getEvent -e test         as a deployed environment has it
      samlocal up                              all, in an environment of its own
    """


def main() -> NoReturn:
    """The console script."""
    status = int(ExitStatus.INTERRUPTED)
    try:
        # What is ignored stays ignored: `nohup` says so with SIGHUP, a shell's background jobs with SIGINT.
        for number, handler in (
            (signal.SIGINT, signal.default_int_handler),
            (signal.SIGTERM, _terminate),
            (signal.SIGHUP, _terminate),
        ):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, handler)
        status = _run_process(sys.argv[1:])
    except KeyboardInterrupt:
        pass
    except _Terminated as ended:
        status = ended.exit_status
    # Everything is closed by now; taking the interpreter apart would cost another 80 ms.
    os._exit(status)


def _run_process(args: list[str]) -> int:
    completed = os.environ.get("_SAMLOCAL_COMPLETE")
    if completed:
        from samlocal.cli.completing.shells import answer

        answer(cli, completed)
    streams = standard_streams()
    try:
        world = World.of_process(streams)
    except SamlocalError as error:
        return _ended(error, World.nowhere(streams))
    threading.excepthook = lambda failed: _thread_ended(failed, args, world)
    status = run(args, world)
    try:
        flush(streams)
    except SamlocalError as error:
        return _ended(error, world)
    return status


def run(args: list[str], world: World) -> int:
    """Runs a command line in a world and gives its exit status. The one place where errors become messages."""
    try:
        status = cli.main(args=args, prog_name="samlocal", standalone_mode=False, obj=world)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        from samlocal.cli.output import Output

        Output(world).usage(error)
        return int(ExitStatus.USAGE)
    except (KeyboardInterrupt, click.Abort):
        from samlocal.cli.output import Output

        Output(world).plain("\nStopped.")
        return int(ExitStatus.INTERRUPTED)
    except _Terminated as ended:
        return ended.exit_status
    except SamlocalError as error:
        return _ended(error, world)
    except _Carried as carried:
        return _ended(_unforeseen(carried.__cause__ or carried, args, world), world)
    except (Exception, SystemExit) as error:
        return _ended(_unforeseen(error, args, world), world)
    return int(status or 0)


def _ended(error: SamlocalError, world: World) -> int:
    from samlocal.cli.output import Output

    if not isinstance(error, ReaderGoneError):
        Output(world).error(error)
    return int(error.exit_status)


def _unforeseen(error: BaseException, args: Sequence[str], world: World) -> SamlocalError:
    from samlocal.cli.fault import told

    return told(error, args, world)


def _thread_ended(failed: threading.ExceptHookArgs, args: Sequence[str], world: World) -> None:
    """What runs beside the command (a sweep, a server) has ended by an exception: the command itself goes on."""
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        from samlocal.cli.output import Output

        Output(world).warning(_unforeseen(failed.exc_value, args, world).message)


def _terminate(number: int, _: object) -> NoReturn:
    raise _Terminated(number)
