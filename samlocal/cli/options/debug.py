"""The options of a command that lets a debugger in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from samlocal.cli.completing import completers
from samlocal.cli.options.configured import variable
from samlocal.cli.world import World
from samlocal.sandbox.debug.options import DebugOptions, split_arguments

if TYPE_CHECKING:
    from samlocal.service.debugged import Debugging

F = TypeVar("F", bound=Callable[..., Any])

PORT = click.IntRange(1, 65535)

_FLAGS = [
    click.option(
        "-d",
        "--debug-port",
        type=PORT,
        metavar="PORT",
        envvar=variable("debug_port"),
        help="Let a debugger attach at 127.0.0.1:PORT, and wait for it. Timeouts are off.",
    ),
    click.option(
        "--debug-wait/--no-debug-wait",
        default=True,
        envvar=variable("debug_wait"),
        help="Wait for the debugger before the function is loaded.  [default: wait]",
    ),
    click.option(
        "--debugger-path",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        envvar=variable("debugger_path"),
        help="Folder of a debugger to bring along: dlv, gdbserver, lldb-server, vsdbg.",
    ),
    click.option(
        "--debug-args",
        metavar="ARGS",
        default="",
        envvar=variable("debug_args"),
        help="More arguments for the debugger; for Node and Java, for the program itself.",
    ),
]


_FUNCTION = click.option(
    "--debug-function",
    metavar="FUNCTION",
    shell_complete=completers.functions,
    envvar=variable("debug_function"),
    help="The function that --debug-port is for.  [default: the template's only one]",
)


DEBUG_NAMES = ("debug_port", "debug_wait", "debugger_path", "debug_args", "debug_function")
"""The options' parameters."""


def service_debug_flags(command: F) -> F:
    """Those of a command that serves several functions."""
    return debug_flags(_FUNCTION(command))


def service_debugging(ctx: click.Context) -> Debugging | None:
    """None without a port. Raises click.UsageError for a function without one."""
    from samlocal.service.debugged import Debugging

    options = debug_options(ctx)
    function: str | None = ctx.params["debug_function"]
    if options is None:
        if function is not None:
            raise click.UsageError("--debug-function needs --debug-port.")
        return None
    return Debugging(function=function, options=options)


def debug_flags(command: F) -> F:
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def debug_options(ctx: click.Context) -> DebugOptions | None:
    """None without a port. Raises click.UsageError for a folder that is not there."""
    world: World = ctx.obj
    values = ctx.params
    if values["debug_port"] is None:
        return None
    path: Path | None = values["debugger_path"]
    folder = None if path is None else (world.cwd / path).resolve()
    if folder is not None and not folder.is_dir():
        raise click.UsageError(f"--debugger-path {path}: there is no such folder.")
    return DebugOptions(
        port=values["debug_port"],
        wait=values["debug_wait"],
        arguments=split_arguments(values["debug_args"]),
        path=folder,
    )
