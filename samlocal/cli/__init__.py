"""The command line: parses, calls, prints, and turns every error into a message and an exit status."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from typing import NoReturn

import click

from samlocal import __version__
from samlocal.cli.world import World
from samlocal.errors import ExitStatus, SamlocalError

# Each command's file is imported when it is called, and for its own help.
_COMMANDS = {
    "invoke": "Run a function once.",
    "list": "Functions, layers and endpoints of the template.",
    "env": "A function's variables, their values and origins.",
    "layers": "Layers kept on this machine: list, refresh, clean.",
    "build": "Build functions and layers that have changed.",
    "trust": "Let a function's role trust you, and take it back.",
    "local": "The environment on this machine: start, stop, status, reset, seed.",
    "doctor": "Check everything that samlocal needs, with remedies.",
    "debug-config": "Set up VS Code, PyCharm or Neovim to debug functions.",
}

# A module named like a builtin would hide it in this package, once it is imported.
_FILES = {"list": "listing"}

_EPILOG = """\b
Exit status:
  0   the function succeeded        9   build
  1   it failed, timed out, crashed 10  event
  2   wrong usage                   11  no such function
  3   template                      12  AWS credentials
  4   configuration                 13  the function's role
  5   unresolved values             14  image
  6   AWS                           15  no such stack
  7   Docker engine                 16  the function's code
  8   layer                         17  protected environment
                                    130 Ctrl-C, 143 terminated
"""


class _Terminated(BaseException):
    """SIGTERM or SIGHUP: ends the run as Ctrl-C does, with everything cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_status = 128 + number


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        file = _FILES.get(cmd_name, cmd_name.replace("-", "_"))
        module = importlib.import_module(f"samlocal.cli.{file}")
        command: click.Command = module.command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="samlocal")
def cli() -> None:
    """Run the functions of a SAM template on this machine as their deployed environment would run them."""


def main() -> NoReturn:
    """The console script."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    status = run(sys.argv[1:], World.of_process())
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Everything is closed by now; taking the interpreter apart would cost another 80 ms.
    os._exit(status)


def run(args: list[str], world: World) -> int:
    """Runs a command line in a world and gives its exit status. The one place where errors become messages."""
    try:
        status = cli.main(args=args, prog_name="samlocal", standalone_mode=False, obj=world)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show(file=world.stderr)
        return int(ExitStatus.USAGE)
    except SamlocalError as error:
        from samlocal.cli.output import Output

        Output(world).error(error)
        return int(error.exit_status)
    except BrokenPipeError:
        # Whoever read standard output has gone; there is nobody to tell.
        return int(ExitStatus.FUNCTION_FAILED)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped.", file=world.stderr)
        return int(ExitStatus.INTERRUPTED)
    except _Terminated as ended:
        return ended.exit_status
    return int(status or 0)


def _terminate(number: int, _: object) -> NoReturn:
    raise _Terminated(number)
