"""The init phase of a sandbox, from the container's start to the readiness of the runtime and all extensions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias, assert_never

from samlocal.sandbox.journal import Journal
from samlocal.sandbox.mailbox import Mailbox
from samlocal.sandbox.messages import Exited, ExtensionFailed, Idle, InitError, Ready
from samlocal.sandbox.result import InitFailed, crashed, outcome

InitOutcome: TypeAlias = Idle | InitError | Exited | ExtensionFailed | None
"""How an init phase ended, None when its time was up."""

# How often a sandbox that does not answer is looked at for a firewall in its way.
_FIREWALL_CHECK_SECONDS = 0.2


async def await_init(
    mailbox: Mailbox, journal: Journal, *, began: float, deadline: float, check_way: Callable[[], None]
) -> InitOutcome:
    """Waits for the end of the phase and writes it down. ``check_way`` is called now and then, and may raise."""
    ended = await _end(mailbox, journal, deadline, check_way)
    now = ended.at if isinstance(ended, Idle) else time.monotonic()
    journal.init_report(duration=(now - began) * 1000, error_type=_error_type(ended))
    return ended


async def _end(mailbox: Mailbox, journal: Journal, deadline: float, check_way: Callable[[], None]) -> InitOutcome:
    failed: InitError | None = None
    while True:
        try:
            message = await mailbox.take(min(deadline, time.monotonic() + _FIREWALL_CHECK_SECONDS))
        except TimeoutError:
            check_way()
            if time.monotonic() >= deadline:
                return failed
            continue
        match message:
            case Ready(at=at):
                journal.init_runtime_done(at=at)
            case Idle() | ExtensionFailed():
                return message
            case InitError():
                failed = message
            case Exited():
                ended = failed or message
                journal.init_runtime_done(at=time.monotonic(), error_type=_error_type(ended))
                return ended
            case _:
                # Answers to no event: the Runtime API has refused them.
                continue


def _error_type(ended: InitOutcome) -> str | None:
    """Lambda's word for an init that failed, None for one that did not."""
    match ended:
        case Idle():
            return None
        case InitError(payload=payload):
            return outcome(InitFailed(payload=payload))[1]
        case Exited(status=status, out_of_memory=out_of_memory):
            return crashed("", status, out_of_memory=out_of_memory).error_type
        case ExtensionFailed(error_type=error_type):
            return error_type
        case None:
            return "Sandbox.Timedout"
        case _:
            assert_never(ended)
