"""Shells' completion, on click's: their scripts, and the answer to one Tab."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from samlocal.cli.streams import standard_streams
from samlocal.cli.world import World

PROGRAM = "samlocal"

VARIABLE = "_SAMLOCAL_COMPLETE"
"""What a shell's script sets to be answered; click's own name for it."""

# As click's, but that a word with spaces (a route) is offered as one, quoted unless a quote is open already, and that
# nothing but the answer reaches the terminal. bash splits words at `=`, which click knows.
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local response completion type value
    local word="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()

    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null) || return 0

    for completion in $response; do
        type="${completion%%%%,*}" value="${completion#*,}"
        if [[ $type == 'dir' ]]; then
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            compopt -o default
        elif [[ $word == [\\'\\"]* ]]; then
            COMPREPLY+=("$value")
        else
            COMPREPLY+=("$(printf '%%q' "$value")")
        fi
    done
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace
    fi
    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""


class _Bash(BashComplete):
    source_template = _BASH


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": FishComplete}


def script(command: click.Command, shell: str) -> str:
    """What a shell is to run at its start."""
    shown = SHELLS[shell](command, {}, PROGRAM, VARIABLE)
    # click's own would start a bash to ask for its version.
    return ShellComplete.source(shown)


def answer(command: click.Command, instruction: str) -> NoReturn:
    """Writes what there is to offer for the words in the shell's variables, and ends the process."""
    # Somebody is about to type: no warning, no traceback and no log of a library may come in between.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    status = 0
    try:
        shell, _, _ = instruction.partition("_")
        world = World.of_process(standard_streams())
        offered = SHELLS[shell](command, {"obj": world}, PROGRAM, VARIABLE).complete()
        sys.stdout.write(f"{offered}\n")
        sys.stdout.flush()
    except (Exception, SystemExit, KeyboardInterrupt):
        status = 1
    os._exit(status)
