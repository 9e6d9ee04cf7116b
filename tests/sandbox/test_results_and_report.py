"""Lambda's own words: payloads of failures and the REPORT line, as fidelity.md §3 has them."""

from __future__ import annotations

import json

import pytest

from samlocal.sandbox.report import Report, end_line, start_line
from samlocal.sandbox.result import (
    Crashed,
    FunctionError,
    InitFailed,
    Result,
    Success,
    crashed,
    outcome,
    timed_out,
    too_large,
)

ID = "8f507cfc-example"


def test_a_timeout_answers_as_lambda_does() -> None:
    assert json.loads(timed_out(ID, 3).payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {ID} Error: Task timed out after 3.00 seconds",
    }


@pytest.mark.parametrize(
    ("status", "out_of_memory", "error_type", "message"),
    [
        (1, False, "Runtime.ExitError", "Runtime exited with error: exit status 1"),
        (0, False, "Runtime.ExitError", "Runtime exited without providing a reason"),
        (137, False, "Runtime.ExitError", "Runtime exited with error: signal: killed"),
        (139, False, "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"),
        (255, False, "Runtime.ExitError", "Runtime exited with error: exit status 255"),
        (137, True, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ended_answers_as_lambda_does(
    status: int, out_of_memory: bool, error_type: str, message: str
) -> None:
    result = crashed(ID, status, out_of_memory=out_of_memory)
    answer = {"errorType": error_type, "errorMessage": f"RequestId: {ID} Error: {message}"}
    assert json.loads(result.payload) == answer
    assert outcome(result) == ("error", error_type)


def test_a_response_that_is_too_large_answers_as_lambda_does() -> None:
    assert json.loads(too_large().payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (Success(payload=b'{"errorType": "looks like an error"}'), (None, None)),
        (timed_out(ID, 3), ("timeout", None)),
        (Crashed(payload=b"{}", error_type="Runtime.ExitError"), ("error", "Runtime.ExitError")),
        (FunctionError(payload=b'{"errorType": "KeyError"}'), ("error", "KeyError")),
        (FunctionError(payload=b"no JSON"), ("error", None)),
        (FunctionError(payload=b"[1]"), ("error", None)),
        (InitFailed(payload=b'{"errorType": "Runtime.ImportModuleError"}'), ("error", "Runtime.ImportModuleError")),
    ],
)
def test_the_report_names_how_it_ended(result: Result, shown: tuple[str | None, str | None]) -> None:
    assert outcome(result) == shown


def test_the_lines_of_a_log_are_lambdas() -> None:
    assert start_line(ID) == f"START RequestId: {ID} Version: $LATEST"
    assert end_line(ID) == f"END RequestId: {ID}"
    report = Report(request_id=ID, duration=1.23, memory_size=128, max_memory_used=38, init_duration=91.0)
    assert report.line() == (
        f"REPORT RequestId: {ID}\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 38 MB\tInit Duration: 91.00 ms\t"
    )


def test_what_was_not_measured_is_not_in_the_report() -> None:
    report = Report(request_id=ID, duration=3000, memory_size=128, status="timeout")
    assert report.line() == (
        f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
        "Status: timeout\t"
    )


def test_a_failure_stands_at_the_end_of_the_report() -> None:
    report = Report(request_id=ID, duration=0, memory_size=128, status="error", error_type="Runtime.ExitError")
    assert report.line().endswith("\tStatus: error\tError Type: Runtime.ExitError\t")
    assert report.billed_duration == 1
