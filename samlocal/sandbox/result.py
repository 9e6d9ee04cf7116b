"""What comes of an event. A failing function is a result, not an exception."""

from __future__ import annotations

import json
import signal
from typing import TypeAlias, assert_never

from msgspec import Struct

from samlocal.function.limits import RESPONSE_BYTES
from samlocal.sandbox.messages import Exited, ExtensionFailed


class Success(Struct, frozen=True, kw_only=True, tag=True):
    """``payload`` is the function's response; empty when it was streamed."""

    payload: bytes
    streamed: bool = False


class FunctionError(Struct, frozen=True, kw_only=True, tag=True):
    """The handler raised, or its response was refused; ``payload`` is the error as Lambda answers it."""

    payload: bytes


class TimedOut(Struct, frozen=True, kw_only=True, tag=True):
    """The function did not answer within its timeout."""

    payload: bytes


class Crashed(Struct, frozen=True, kw_only=True, tag=True):
    """The process ended before it answered; ``error_type`` is Lambda's."""

    payload: bytes
    error_type: str
    message: str = ""


class InitFailed(Struct, frozen=True, kw_only=True, tag=True):
    """The runtime did not come as far as the handler."""

    payload: bytes


Result: TypeAlias = Success | FunctionError | TimedOut | Crashed | InitFailed


def timed_out(request_id: str, timeout: int) -> TimedOut:
    """As Lambda answers; ``timeout`` in seconds."""
    return TimedOut(payload=_error("Sandbox.Timedout", f"RequestId: {request_id} Error: {timeout_text(timeout)}"))


def timeout_text(timeout: int) -> str:
    return f"Task timed out after {timeout:.2f} seconds"


def too_large() -> FunctionError:
    """As Lambda answers a response over 6 MB."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    return FunctionError(payload=_error("Function.ResponseSizeTooLarge", message))


def truncated(request_id: str) -> FunctionError:
    """As Lambda calls a response that broke off (aws-lambda-runtime-interface-emulator, ``fatalerror/errors.go``)."""
    return FunctionError(
        payload=_error("Runtime.TruncatedResponse", f"RequestId: {request_id} Error: The response broke off.")
    )


def died(request_id: str, end: Exited | ExtensionFailed) -> Crashed:
    """As Lambda answers when the runtime ends before its answer, or an extension does or cannot be started.

    For an extension's words: elastic/apm-aws-lambda pull request 145 and issue 92, which show AWS's own payloads.
    """
    match end:
        case Exited(status=status, out_of_memory=out_of_memory):
            return crashed(request_id, status, out_of_memory=out_of_memory)
        case ExtensionFailed(error_type=error_type, cause=cause):
            return _crashed(request_id, error_type, cause)
        case _:
            assert_never(end)


NO_BOOTSTRAP = 199
"""entry.sh's exit status when a ``provided`` function has no program."""


def crashed(request_id: str, status: int, *, out_of_memory: bool) -> Crashed:
    """As Lambda answers when the process ends: by its exit status, its signal, or its hunger for memory."""
    if status == NO_BOOTSTRAP:
        error_type = "Runtime.InvalidEntrypoint"
        cause = "Couldn't find valid bootstrap(s): [/var/runtime/bootstrap /var/task/bootstrap /opt/bootstrap]"
    else:
        error_type = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
        cause = exit_text(status, out_of_memory=out_of_memory)
    return _crashed(request_id, error_type, cause)


def exit_text(status: int, *, out_of_memory: bool) -> str:
    """``Runtime exited with error: exit status 1``, in Lambda's words."""
    if out_of_memory:
        return "Runtime exited with error: signal: killed"
    if status == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: {ending(status)}"


def ending(status: int) -> str:
    """How a process ended, by its exit status as a shell has it: ``exit status 1``, ``signal: killed``."""
    if status == 0:
        return "exit code 0"
    if status > 128:
        try:
            name = (signal.strsignal(status - 128) or "").lower()
        except ValueError:
            name = ""
        if name:
            return f"signal: {name}"
    return f"exit status {status}"


def outcome(result: Result) -> tuple[str | None, str | None]:
    """The status and error type that Lambda's REPORT line gives a failure; both None after a success."""
    match result:
        case Success():
            return None, None
        case TimedOut():
            return "timeout", None
        case Crashed(error_type=error_type):
            return "error", error_type
        case FunctionError(payload=payload) | InitFailed(payload=payload):
            return "error", _of_error(payload, "errorType")
        case _:
            assert_never(result)


def error_message(payload: bytes) -> str | None:
    """What a failure says of itself; None where it says nothing."""
    return _of_error(payload, "errorMessage")


def _crashed(request_id: str, error_type: str, cause: str) -> Crashed:
    message = f"RequestId: {request_id} Error: {cause}"
    return Crashed(payload=_error(error_type, message), error_type=error_type, message=message)


def _of_error(payload: bytes, member: str) -> str | None:
    try:
        value = json.loads(payload).get(member)
    except (ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) and value else None


def _error(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
