"""Every way samlocal can stop, and the exit status each one has."""

from __future__ import annotations

import os
from enum import IntEnum


class ExitStatus(IntEnum):
    """What the shell sees. Each kind of error has a number of its own, so that scripts can tell them apart."""

    SUCCESS = 0
    FUNCTION_FAILED = 1
    USAGE = 2
    TEMPLATE = 3
    CONFIGURATION = 4
    UNRESOLVED = 5
    AWS = 6
    DOCKER = 7
    LAYER = 8
    BUILD = 9
    EVENT = 10
    FUNCTION_NOT_FOUND = 11
    CREDENTIALS = 12
    ROLE = 13
    IMAGE = 14
    STACK = 15
    CODE = 16
    PROTECTED = 17
    OUTPUT = 18
    KEPT = 19
    UNFORESEEN = 70
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


class SamlocalError(Exception):
    """An error that a user can act on.

    ``message`` says where and what, ``tip`` what to do. Both are whole sentences or, for the place, the
    ``file:line:`` form that editors follow.
    """

    exit_status: ExitStatus

    def __init__(self, message: str, *, tip: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.tip = tip

    @property
    def in_a_line(self) -> str:
        """The message and the tip, for what is no error of the command's own."""
        return f"{self.message} {self.tip}" if self.tip else self.message


class TemplateError(SamlocalError):
    """The template cannot be found, read or understood."""

    exit_status = ExitStatus.TEMPLATE


class ConfigurationError(SamlocalError):
    """samconfig.toml or an option's value is wrong."""

    exit_status = ExitStatus.CONFIGURATION


class UnresolvedError(SamlocalError):
    """A value that the function needs cannot be known."""

    exit_status = ExitStatus.UNRESOLVED


class AwsError(SamlocalError):
    """AWS answered with an error, or did not answer."""

    exit_status = ExitStatus.AWS


class StackNotFoundError(SamlocalError):
    """The environment's stack is not deployed in this account and region."""

    exit_status = ExitStatus.STACK


class CredentialsError(SamlocalError):
    """There are no AWS credentials, or they have expired."""

    exit_status = ExitStatus.CREDENTIALS


class RoleDeniedError(SamlocalError):
    """The function's execution role cannot be assumed."""

    exit_status = ExitStatus.ROLE


class ProtectedError(SamlocalError):
    """samconfig.toml protects the environment from what was asked for."""

    exit_status = ExitStatus.PROTECTED


class EngineError(SamlocalError):
    """The Docker engine is absent, refuses, or cannot be reached from a container."""

    exit_status = ExitStatus.DOCKER


class ImageError(SamlocalError):
    """The image a function runs in cannot be had."""

    exit_status = ExitStatus.IMAGE


class LayerError(SamlocalError):
    """A layer cannot be had or cannot be used."""

    exit_status = ExitStatus.LAYER


class CodeError(SamlocalError):
    """The function's code is not where the template says, or cannot be run from there."""

    exit_status = ExitStatus.CODE


class BuildError(SamlocalError):
    """A build failed. ``others`` are those that failed beside it, before it."""

    exit_status = ExitStatus.BUILD

    def __init__(self, message: str, *, tip: str | None = None, others: tuple[BuildError, ...] = ()) -> None:
        super().__init__(message, tip=tip)
        self.others = others


class EventError(SamlocalError):
    """The event is absent or is not JSON."""

    exit_status = ExitStatus.EVENT


class FunctionNotFoundError(SamlocalError):
    """The template has no function by that name."""

    exit_status = ExitStatus.FUNCTION_NOT_FOUND


class OutputError(SamlocalError):
    """Standard output is closed, or where it leads is full."""

    exit_status = ExitStatus.OUTPUT


class KeptError(SamlocalError):
    """The process that keeps sandboxes between commands cannot be had, or has gone."""

    exit_status = ExitStatus.KEPT


class ReaderGoneError(SamlocalError):
    """Whoever read standard output has ended, as ``head`` does: nobody is left to be told."""

    exit_status = ExitStatus.READER_GONE


class UnforeseenError(SamlocalError):
    """A fault of samlocal's own: an exception that nobody expected."""

    exit_status = ExitStatus.UNFORESEEN


def system_reason(error: OSError) -> str:
    """Why the system refuses, and which file, where it says so: its sentence without the number of the error."""
    if error.strerror is None:
        return str(error)
    named = isinstance(error.filename, (str, bytes))
    return f"{error.strerror}: {os.fsdecode(error.filename)}" if named else error.strerror
