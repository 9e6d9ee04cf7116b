"""A line of a function's log as a person reads it: its level in a colour, JSON in order, paths of this machine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from samlocal.cli.pieces import Piece
from samlocal.cli.runs.json_log import Entry, entry
from samlocal.function.logging_config import LogLevel

if TYPE_CHECKING:
    from samlocal.cli.runs.own_paths import OwnPaths

ERROR_COLOUR = "red"

_COLOURS = {
    "WARN": "yellow",
    "WARNING": "yellow",
    "ERROR": ERROR_COLOUR,
    "CRITICAL": ERROR_COLOUR,
    "FATAL": ERROR_COLOUR,
}
_LEVELS = {LogLevel.WARN: "yellow", LogLevel.ERROR: ERROR_COLOUR, LogLevel.FATAL: ERROR_COLOUR}

# What runtimes write before a line of a text log: Python's `[ERROR]`, Node's tab-separated words.
_LEVEL = re.compile(r"(?:^\[|\t)(?P<level>WARN(?:ING)?|ERROR|CRITICAL|FATAL)(?:\]|\t)")
_LEVEL_WITHIN = 80

# How Java's runtime begins an error's stack (Throwable.toString: the class, with its package, and the message).
_JAVA_ERROR = re.compile(r"(?:Caused by: )?(?:[a-z_]\w*\.)+[\w$]+(?:Exception|Error)(?:: |$)")

# What Node's runtime writes of an error: its stack is a list in there.
_NODE_ERROR = re.compile(r"\tERROR\t(?P<what>[\w ]+?)\s*\t(?P<error>\{.*\})$")


def log_lines(
    line: str, *, level: LogLevel | None, request_id: str | None, paths: OwnPaths | None
) -> list[tuple[Piece, ...]]:
    """The lines that it becomes; ``level`` is what is known of it beside."""
    found = entry(line, request_id=request_id)
    if found is not None:
        return [_head(found, paths), *(placed(each, paths) for each in found.below)]
    colour = _LEVELS.get(level) if level is not None else None
    named = _LEVEL.search(line[:_LEVEL_WITHIN])
    if named is not None:
        colour = _COLOURS[named["level"]]
    elif _JAVA_ERROR.match(line):
        colour = ERROR_COLOUR
    return [placed(each, paths, fg=colour) for each in _with_stack(line)]


def placed(text: str, paths: OwnPaths | None, *, fg: str | None = None) -> tuple[Piece, ...]:
    """With the function's own files where they lie."""
    if paths is None:
        return (Piece(text=text, fg=fg),)
    return tuple(Piece(text=part.text, fg=fg, link=part.link) for part in paths.parts(text) if part.text)


def _head(found: Entry, paths: OwnPaths | None) -> tuple[Piece, ...]:
    pieces = [Piece(text=f"{found.time} ", dim=True)] if found.time else []
    pieces.append(Piece(text=f"{found.level:<5} ", fg=_COLOURS.get(found.level), bold=found.level in _COLOURS))
    pieces += placed(found.message, paths, fg=ERROR_COLOUR if found.is_error else None)
    if found.rest:
        pieces.append(Piece(text=f"  {found.rest}", dim=True))
    return tuple(pieces)


def _with_stack(line: str) -> list[str]:
    """An error that Node's runtime has written in one line, with its stack in lines."""
    found = _NODE_ERROR.search(line)
    if found is None:
        return [line]
    try:
        error = json.loads(found["error"])
        stack = error["stack"]
    except (ValueError, KeyError, RecursionError):
        return [line]
    if not isinstance(stack, list) or not all(isinstance(each, str) for each in stack):
        return [line]
    return [f"{line[: found.start()]}\tERROR\t{found['what']}", *stack]
