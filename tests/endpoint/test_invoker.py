"""From a request to its answer, with a pool that answers what the test says."""

from __future__ import annotations

import asyncio
import base64
import datetime
import json
from collections.abc import Callable

import kit
import pytest
from botocore.eventstream import EventStreamBuffer
from endpoint_kit import PLACE, Endpoint, directory_of, run, unforeseen
from fake_pool import FakePool

from samlocal.aws import AwsUnreachableError
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.directory import Callee, CurrentDirectory, Directory
from samlocal.endpoint.event_queue import EventQueue
from samlocal.endpoint.invocation_record import InvocationRecord
from samlocal.errors import CodeError, EngineError, RoleDeniedError, SamlocalError
from samlocal.function.logging_config import LoggingConfig
from samlocal.pool.throttle import Throttled, ThrottleReason
from samlocal.sandbox.apis.telemetry import Category
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.journal import Record
from samlocal.sandbox.result import FunctionError, Result, Success, timed_out

MakeProject = Callable[..., kit.Project]


class Nowhere:
    """Delivers nothing."""

    async def deliver(self, record: InvocationRecord, *, again: Callable[[Callee, Request], None]) -> None: ...


IDENTITY = SandboxIdentity(
    function_name="Fn",
    handler="app.handler",
    account="123456789012",
    instance="",
    memory=128,
    logging=LoggingConfig(group="/g"),
)


@pytest.fixture
def made(project: MakeProject) -> kit.Project:
    return project(
        {
            "template.json": kit.template(
                Fn=kit.function(AutoPublishAlias="live"),
                Named=kit.function(FunctionName="orders"),
                Apart=kit.function(TenancyConfig={"TenantIsolationMode": "PER_TENANT"}),
            ),
            "code/app.py": "",
        }
    )


def line(text: str, *, request_id: str | None = "the-request", type_: str = "function") -> Record:
    return Record(
        sandbox=IDENTITY,
        request_id=request_id,
        stream=Category.FUNCTION,
        time=datetime.datetime.now(datetime.UTC),
        level=None,
        type=type_,
        text=text,
    )


def test_an_answer_is_the_payload_with_the_version_that_ran(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool(Success(payload=b"[1]")))
        answer = await own.invoke(body=b'{"a": 1}')
        assert (answer.status, answer.body) == (200, b"[1]")
        assert answer.headers["X-Amz-Executed-Version"] == "$LATEST"
        assert "X-Amz-Function-Error" not in answer.headers
        assert "X-Amz-Log-Result" not in answer.headers
        ((function_id, request),) = own.pool.asked
        assert (function_id, request.payload, request.request_id) == ("Fn", b'{"a": 1}', "the-request")

    run(test)


@pytest.mark.parametrize("result", [FunctionError(payload=b'{"errorType":"E"}'), timed_out("r", 3)])
def test_a_function_that_fails_is_answered_200_with_unhandled(made: kit.Project, result: Result) -> None:
    async def test() -> None:
        answer = await Endpoint(directory_of(made), FakePool(result)).invoke()
        assert (answer.status, answer.body) == (200, result.payload)
        assert answer.headers["X-Amz-Function-Error"] == "Unhandled"

    run(test)


def test_an_event_is_taken_and_not_waited_for(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool())
        answer = await own.invoke(x_amz_invocation_type="Event")
        assert (answer.status, answer.body) == (202, b"")
        assert own.pool.asked == []
        assert [(callee.path, request.request_id) for callee, request in own.queued] == [("Fn", "the-request")]

    run(test)


def test_a_caller_in_a_loop_is_refused_as_aws_refuses_it_and_a_function_that_may_loop_is_not(
    project: MakeProject,
) -> None:
    functions = kit.template(Fn=kit.function(), Endless=kit.function(RecursiveLoop="Allow"))
    directory = directory_of(project({"template.json": functions, "code/app.py": ""}))

    async def test() -> None:
        own = Endpoint(directory, FakePool(Success(payload=b"1")))
        for name, refused in (("Fn", True), ("Endless", False)):
            trace = ""
            for _ in range(16):
                trace = (await own.invoke(name, x_amzn_trace_id=trace)).headers["X-Amzn-Trace-Id"]
            if refused:
                error = await own.refused(name, x_amzn_trace_id=trace)
                assert (error.status, error.error_type) == (400, "RecursiveInvocationException")
            else:
                assert (await own.invoke(name, x_amzn_trace_id=trace)).status == 200

    run(test)


def test_a_dry_run_runs_nothing(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool())
        assert (await own.invoke(x_amz_invocation_type="DryRun")).status == 204
        assert (own.pool.asked, own.queued) == ([], [])

    run(test)


@pytest.mark.parametrize(
    ("name", "qualifier", "path"),
    [
        ("Named", None, "Named"),
        ("orders", None, "Named"),
        (f"{PLACE}:orders:$LATEST", None, "Named"),
        ("Fn", "live", "Fn"),
        ("Fn:live", None, "Fn"),
    ],
)
def test_a_function_is_found_by_every_name_it_has(
    made: kit.Project, name: str, qualifier: str | None, path: str
) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool())
        await own.invoke(name, qualifier=qualifier)
        assert own.pool.asked[0][0] == path

    run(test)


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [("Nope", None, f"{PLACE}:Nope"), ("Fn", "dead", f"{PLACE}:Fn:dead"), ("orders:7", None, f"{PLACE}:orders:7")],
)
def test_what_is_not_there_is_not_found_by_its_arn(
    made: kit.Project, name: str, qualifier: str | None, arn: str
) -> None:
    async def test() -> None:
        error = await Endpoint(directory_of(made), FakePool()).refused(name, qualifier=qualifier)
        assert (error.status, error.error_type) == (404, "ResourceNotFoundException")
        assert error.body == {"Type": "User", "Message": f"Function not found: {arn}"}

    run(test)


def test_a_function_is_looked_for_in_the_template_as_it_is_after_a_change(made: kit.Project) -> None:
    async def test() -> None:
        reads, changes = [], 0

        def read() -> Directory:
            reads.append(changes)
            return directory_of(made)

        functions = CurrentDirectory(read, changes=lambda: changes)
        for _ in range(3):
            await functions.find("Fn", None)
        assert reads == [0]
        changes = 1
        await functions.find("Fn", None)
        assert reads == [0, 1]
        # Nobody says so of a new one: it may be there since.
        with pytest.raises(ApiError):
            await functions.find("Later", None)
        assert reads == [0, 1, 1]

    run(test)


@pytest.mark.parametrize("reason", list(ThrottleReason))
def test_a_throttled_request_is_429_with_the_reason(made: kit.Project, reason: ThrottleReason) -> None:
    async def test() -> None:
        error = await Endpoint(directory_of(made), FakePool(Throttled(reason=reason))).refused()
        assert (error.status, error.error_type) == (429, "TooManyRequestsException")
        assert error.body == {"Reason": reason.value, "Type": "User", "message": "Rate Exceeded."}

    run(test)


@pytest.mark.parametrize(
    ("failure", "status", "error_type"),
    [
        (CodeError("app.py is not there."), 409, "ResourceConflictException"),
        (RoleDeniedError("The role cannot be assumed."), 403, "AccessDeniedException"),
        (EngineError("The engine has gone."), 500, "ServiceException"),
        (AwsUnreachableError("AWS cannot be reached."), 500, "ServiceException"),
    ],
)
def test_what_samlocal_cannot_run_is_an_error_of_lambdas_with_samlocals_words(
    made: kit.Project, failure: SamlocalError, status: int, error_type: str
) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool(failure))
        error = await own.refused()
        assert (error.status, error.error_type) == (status, error_type)
        assert failure.message in str(error.body)
        assert own.ended[0].failure is failure

    run(test)


@pytest.mark.parametrize(("name", "tenant"), [("Apart", None), ("Fn", "blue"), ("Apart", "no|tenant")])
def test_a_tenant_that_is_missing_or_one_too_many_is_an_invalid_parameter(
    made: kit.Project, name: str, tenant: str | None
) -> None:
    async def test() -> None:
        headers = {} if tenant is None else {"x_amz_tenant_id": tenant}
        error = await Endpoint(directory_of(made), FakePool()).refused(name, **headers)
        assert (error.status, error.error_type) == (400, "InvalidParameterValueException")

    run(test)


def test_the_tail_is_the_last_4_kb_of_the_invocations_own_log(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool())
        own.pool.ready.clear()
        asking = asyncio.create_task(own.invoke(x_amz_log_type="Tail"))
        while not own.pool.asked:
            await asyncio.sleep(0)
        own.tails.put(line("another's", request_id="another"))
        for number in range(1000):
            own.tails.put(line(f"line {number}"))
        own.pool.ready.set()
        await asyncio.sleep(0.05)
        own.tails.put(line("REPORT", type_="platform.report"))
        log = base64.b64decode((await asking).headers["X-Amz-Log-Result"])
        assert len(log) == 4096
        assert log.endswith(b"line 998\nline 999\nREPORT\n")

    run(test)


def test_extensions_that_take_their_time_hold_up_no_answer(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool(Success(payload=b"1")))
        own.pool.ready.clear()
        assert (await own.invoke()).body == b"1"
        assert own.ended == []
        own.pool.ready.set()
        await own.invoker.close()
        assert len(own.ended) == 1

    run(test)


def test_a_streamed_response_comes_whole_to_who_wants_it_whole(made: kit.Project) -> None:
    async def test() -> None:
        pool = FakePool(Success(payload=b"", streamed=True), parts=(b"he", b"llo"))
        assert (await Endpoint(directory_of(made), pool).invoke()).body == b"hello"

    run(test)


def test_a_streamed_response_that_is_too_large_to_come_whole_is_a_function_error(made: kit.Project) -> None:
    async def test() -> None:
        pool = FakePool(Success(payload=b"", streamed=True), parts=(b"x" * 1_000_000,) * 7)
        answer = await Endpoint(directory_of(made), pool).invoke()
        assert answer.headers["X-Amz-Function-Error"] == "Unhandled"
        assert json.loads(answer.body)["errorType"] == "Function.ResponseSizeTooLarge"

    run(test)


async def frames(answer: Answer) -> list[tuple[str, bytes]]:
    """What botocore reads of the answer."""
    assert answer.stream is not None
    buffer = EventStreamBuffer()
    read = []
    async for part in answer.stream:
        buffer.add_data(part)
        read += [(event.headers[":event-type"], event.payload) for event in buffer]
    return read


def test_the_parts_of_a_streamed_response_are_frames_with_an_end(made: kit.Project) -> None:
    async def test() -> None:
        pool = FakePool(Success(payload=b"", streamed=True), parts=(b"he", b"llo"))
        own = Endpoint(directory_of(made), pool)
        answer = await own.invoker.stream("Fn", None, {}, b"", request_id="r")
        assert answer.headers["Content-Type"] == "application/vnd.amazon.eventstream"
        assert await frames(answer) == [
            ("PayloadChunk", b"he"),
            ("PayloadChunk", b"llo"),
            ("InvokeComplete", b"{}"),
        ]

    run(test)


def test_a_function_that_does_not_stream_has_one_part(made: kit.Project) -> None:
    async def test() -> None:
        own = Endpoint(directory_of(made), FakePool(Success(payload=b"[1]")))
        answer = await own.invoker.stream("Fn", None, {}, b"", request_id="r")
        assert await frames(answer) == [("PayloadChunk", b"[1]"), ("InvokeComplete", b"{}")]

    run(test)


def test_a_stream_that_fails_says_so_in_its_last_frame(made: kit.Project) -> None:
    async def test() -> None:
        pool = FakePool(FunctionError(payload=b'{"errorType":"E"}'), parts=(b"he",))
        answer = await Endpoint(directory_of(made), pool).invoker.stream("Fn", None, {}, b"", request_id="r")
        (first, last) = await frames(answer)
        assert first == ("PayloadChunk", b"he")
        assert last[0] == "InvokeComplete"
        assert b'"ErrorCode": "Unhandled"' in last[1]

    run(test)


@pytest.mark.parametrize("reads", [0, 1])
def test_a_reader_who_leaves_a_stream_holds_up_nobody(made: kit.Project, reads: int) -> None:
    async def test() -> None:
        pool = FakePool(Success(payload=b"", streamed=True), parts=(b"x",) * 500)
        own = Endpoint(directory_of(made), pool)
        answer = await own.invoker.stream("Fn", None, {}, b"", request_id="r")
        assert answer.stream is not None
        for _ in range(reads):
            await anext(answer.stream)
        await answer.stream.aclose()  # type: ignore[attr-defined]
        answer.left()
        await own.invoker.close()
        assert len(own.ended) == 1

    run(test)


def test_an_event_whose_configuration_is_wrong_is_refused_with_its_place_and_the_function_keeps_its_tenants_apart(
    project: MakeProject,
) -> None:
    fn = kit.function(
        EventInvokeConfig={"MaximumRetryAttempts": 7}, TenancyConfig={"TenantIsolationMode": "PER_TENANT"}
    )
    directory = directory_of(project({"template.json": kit.template(Fn=fn), "code/app.py": ""}))

    async def test() -> None:
        queue = EventQueue(FakePool(), Nowhere(), told=lambda _: None, failed=unforeseen)
        endpoint = Endpoint(directory, FakePool(), queue=queue.put)
        error = await endpoint.refused(x_amz_invocation_type="Event", x_amz_tenant_id="one")
        assert (error.status, error.error_type) == (409, "ResourceConflictException")
        assert "MaximumRetryAttempts" in error.message
        assert "template.json:" in error.message
        # Others wait for their events' answers, of which it says nothing.
        assert (await endpoint.invoke(x_amz_tenant_id="one")).status == 200
        assert (await endpoint.refused()).error_type == "InvalidParameterValueException"
        assert queue.is_empty

    run(test)
