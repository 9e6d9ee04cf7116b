"""Why something did not come about, in words, and with what to do where there is something."""

from __future__ import annotations

import asyncio

import click

from samlocal.cli.shown import said
from samlocal.errors import BuildError, SamlocalError
from samlocal.pool.pool import PoolClosedError


def why(failure: BaseException | None) -> tuple[str, str | None]:
    """The message and the tip."""
    if isinstance(failure, BuildError):
        return "\n".join(each.message for each in (*failure.others, failure)), failure.tip
    if isinstance(failure, SamlocalError):
        return failure.message, failure.tip
    if failure is None or isinstance(failure, asyncio.CancelledError | PoolClosedError):
        return "It was cut short.", None
    return f"{type(failure).__name__}: {failure}", None


def end_of(error: BaseException) -> said.Failed | None:
    """What has ended a command; None where that was no error."""
    if not isinstance(error, Exception):
        return None
    message, tip = (error.format_message(), None) if isinstance(error, click.ClickException) else why(error)
    return said.Failed(message=message, tip=tip, ends=True)
