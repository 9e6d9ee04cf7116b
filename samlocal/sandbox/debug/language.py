"""What language a function is debugged as, and the debugger of each."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.debug.wiring import Debugging, Wiring


class Language(Enum):
    """What is debugged, by the name that the user knows."""

    PYTHON = "Python"
    NODE = "Node"
    JAVA = "Java"
    RUBY = "Ruby"
    DOTNET = ".NET"
    PROGRAM = "a program"


def language_of(runtime: str) -> Language:
    """A runtime's language; the one of ``provided`` is not known, it is the one of its program."""
    for prefix, language in _LANGUAGES.items():
        if runtime.startswith(prefix):
            return language
    return Language.PROGRAM


def language_of_image(start: tuple[str, ...], has_file: Callable[[str], bool]) -> Language:
    """An image's language by the program it starts; where that is AWS's own script, by what stands in /var/lang."""
    if start[0] != LAMBDA_ENTRY_POINT:
        name = start[0].rpartition("/")[2]
        return next(
            (language for prefix, language in _LANGUAGES.items() if name.startswith(prefix)), Language.PROGRAM
        )
    for program, language in _PROGRAMS.items():
        if has_file(f"/var/lang/bin/{program}"):
            return language
    return Language.PROGRAM


def debugging(function: FunctionSpec, options: DebugOptions, *, language: Language, network: str) -> Debugging:
    """How a function is debugged.

    Raises ConfigurationError where its runtime has no debugger, or needs one that ``options`` do not name.
    """
    wiring = Wiring.of(function, options, network=network)
    match language:
        case Language.PYTHON:
            from samlocal.sandbox.debug.python import python

            return python(wiring)
        case Language.NODE:
            from samlocal.sandbox.debug.node import node

            return node(wiring)
        case Language.JAVA:
            from samlocal.sandbox.debug.java import java

            return java(wiring)
        case Language.RUBY:
            from samlocal.sandbox.debug.ruby import ruby

            return ruby(wiring)
        case Language.DOTNET:
            from samlocal.sandbox.debug.dotnet import dotnet

            return dotnet(wiring)
        case Language.PROGRAM:
            from samlocal.sandbox.debug.program import program

            return program(wiring)


LAMBDA_ENTRY_POINT = "/lambda-entrypoint.sh"

_LANGUAGES = {
    "python": Language.PYTHON,
    "node": Language.NODE,
    "java": Language.JAVA,
    "ruby": Language.RUBY,
    "dotnet": Language.DOTNET,
}
_PROGRAMS = {"python3": Language.PYTHON} | {
    name: language for name, language in _LANGUAGES.items() if name != "python"
}
