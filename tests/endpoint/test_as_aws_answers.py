"""boto3 against a served project, row by row: what AWS documents or has been recorded to answer, and what comes here.

Sources by their short names. API: Lambda API reference (and botocore's model of it, for types and statuses). Guide:
Lambda developer guide. Recorded: AWS's own answers that localstack/localstack keeps, tests/aws/services/lambda_/
test_lambda.snapshot.json. Seen: AWS's answers as others quote them (named in the docstring of endpoint/ that needs
them).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit import function, make_project, template
from msgspec import Struct, field
from served_kit import Served, refused, served

pytestmark = pytest.mark.docker

SOURCE = """\
import os, time
def handler(event, context):
    match event:
        case {"raise": message}:
            raise ValueError(message)
        case {"exit": status}:
            os._exit(status)
        case {"sleep": seconds}:
            time.sleep(seconds)
        case {"size": size}:
            return "x" * size
        case {"nothing": _}:
            return None
        case _:
            client = context.client_context
            return {
                "event": event,
                "arn": context.invoked_function_arn,
                "id": context.aws_request_id,
                "custom": client.custom if client else None,
            }
"""
STREAMS = """\
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("one");
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (event.raise) throw new Error(event.raise);
  stream.write("two");
  stream.end();
});
"""

HERE = "arn:aws:lambda:eu-west-1:123456789012:function"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TRACE = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01](;Lineage=1:[0-9a-f]{8}:\d+)?"

ANSWERED = {
    "content-type": "application/json",
    "x-amz-executed-version": r"\$LATEST",
    "x-amzn-remapped-content-length": "0",
    "x-amzn-trace-id": TRACE,
}


class Row(Struct, frozen=True, kw_only=True):
    """``headers`` and ``payload`` are regular expressions; ``absent`` are headers that AWS does not send."""

    what: str
    given: dict[str, Any]
    status: int
    source: str
    payload: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


class Refusal(Struct, frozen=True, kw_only=True):
    """A call that boto3 raises for. ``members`` are what the body has beside the message."""

    what: str
    given: dict[str, Any]
    status: int
    code: str
    message: str
    source: str
    members: dict[str, str | None] = field(default_factory=lambda: {"Type": "User"})
    operation: str = "invoke"


FAILED = {**ANSWERED, "x-amz-function-error": "Unhandled"}

ROWS = [
    Row(
        what="RequestResponse",
        given={"InvocationType": "RequestResponse", "Payload": b'{"a": 1}'},
        status=200,
        headers=ANSWERED,
        absent=("x-amz-function-error", "x-amz-log-result"),
        payload=r'\{"event": \{"a": 1\}, .*',
        source="API; Recorded; Seen (headers)",
    ),
    Row(
        what="no type, no payload",
        given={},
        status=200,
        headers=ANSWERED,
        payload=rf'\{{"event": \{{\}}, "arn": "{HERE}:Fn", .*',
        source="API; Recorded",
    ),
    Row(
        what="a handler that returns nothing",
        given={"Payload": b'{"nothing": 1}'},
        status=200,
        headers=ANSWERED,
        payload="null",
        source="Recorded",
    ),
    Row(
        what="LogType Tail",
        given={"LogType": "Tail"},
        status=200,
        headers={**ANSWERED, "x-amz-log-result": "[A-Za-z0-9+/]+=*"},
        payload=".*",
        source="API",
    ),
    Row(
        what="ClientContext",
        given={"ClientContext": base64.b64encode(b'{"custom": {"k": "v"}}').decode()},
        status=200,
        headers=ANSWERED,
        payload=r'.*"custom": \{"k": "v"\}\}',
        source="API; Recorded",
    ),
    Row(
        what="an exception",
        given={"Payload": b'{"raise": "no"}'},
        status=200,
        headers=FAILED,
        payload=rf'\{{"errorMessage": "no", "errorType": "ValueError", "requestId": "{UUID}", "stackTrace": \[.*',
        source="API; Recorded",
    ),
    Row(
        what="a runtime that exits",
        given={"Payload": b'{"exit": 3}'},
        status=200,
        headers=FAILED,
        payload=rf'\{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {UUID} Error: '
        r'Runtime exited with error: exit status 3"\}',
        source="Seen",
    ),
    Row(
        what="a timeout",
        given={"Payload": b'{"sleep": 30}'},
        status=200,
        headers=FAILED,
        payload=rf'\{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {UUID} Error: '
        r'Task timed out after 5.00 seconds"\}',
        source="Recorded",
    ),
    Row(
        what="a response over 6 MB",
        given={"Payload": b'{"size": 6300000}'},
        status=200,
        headers=FAILED,
        payload=r'\{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded '
        r'maximum allowed payload size \(6291556 bytes\)."\}',
        source="Guide (quotas); Seen",
    ),
    Row(
        what="Event",
        given={"InvocationType": "Event", "Payload": b"{}"},
        status=202,
        headers={"x-amzn-remapped-content-length": "0", "x-amzn-trace-id": TRACE, "content-length": "0"},
        absent=("content-type", "x-amz-executed-version"),
        source="API; Recorded; Seen (headers)",
    ),
    Row(
        what="DryRun",
        given={"InvocationType": "DryRun"},
        status=204,
        absent=("x-amz-executed-version", "x-amz-function-error"),
        source="API; Recorded",
    ),
    Row(
        what="an alias",
        given={"FunctionName": "Fn", "Qualifier": "live"},
        status=200,
        headers=ANSWERED,
        payload=rf'.*"arn": "{HERE}:Fn:live".*',
        source="Recorded (there the version is the alias's number; here the working copy, $LATEST)",
    ),
    Row(
        what="an alias in the name",
        given={"FunctionName": "Fn:live"},
        status=200,
        headers=ANSWERED,
        payload=rf'.*"arn": "{HERE}:Fn:live".*',
        source="API; Recorded",
    ),
    Row(
        what="a partial ARN",
        given={"FunctionName": "123456789012:function:Fn"},
        status=200,
        headers=ANSWERED,
        payload=rf'.*"arn": "{HERE}:Fn".*',
        source="API",
    ),
    Row(
        what="an ARN",
        given={"FunctionName": f"{HERE}:Fn"},
        status=200,
        headers=ANSWERED,
        payload=rf'.*"arn": "{HERE}:Fn".*',
        source="API",
    ),
    Row(
        what="a tenant of a function that keeps them apart",
        given={"FunctionName": "Apart", "TenantId": "blue"},
        status=200,
        headers=ANSWERED,
        payload=".*",
        source="API",
    ),
]

_JSON = "Could not parse request body into json: Could not parse payload into json: .*"
_CONTEXT = "Client context must be a valid Base64-encoded JSON object."

REFUSALS = [
    Refusal(
        what="no such function",
        given={"FunctionName": "Nope"},
        status=404,
        code="ResourceNotFoundException",
        message=f"Function not found: {HERE}:Nope",
        members={"Type": "User"},
        source="API; Recorded",
    ),
    Refusal(
        what="no such alias",
        given={"FunctionName": "Fn", "Qualifier": "nope"},
        status=404,
        code="ResourceNotFoundException",
        message=f"Function not found: {HERE}:Fn:nope",
        source="API",
    ),
    Refusal(
        what="two qualifiers",
        given={"FunctionName": "Fn:live", "Qualifier": "other"},
        status=400,
        code="InvalidParameterValueException",
        message="The derived qualifier from the function name does not match the specified qualifier.",
        source="Seen",
    ),
    Refusal(
        what="another region's function",
        given={"FunctionName": HERE.replace("eu-west-1", "us-east-2") + ":Fn"},
        status=404,
        code="ResourceNotFoundException",
        message=r"Functions from 'us-east-2' are not reachable in this region \('eu-west-1'\)",
        source="Seen",
    ),
    Refusal(
        what="no JSON",
        given={"Payload": b"{x"},
        status=400,
        code="InvalidRequestContentException",
        message=_JSON,
        source="API; Seen (behind the colon AWS has its parser's words, samlocal its own)",
    ),
    Refusal(
        what="a client context that is no JSON object",
        given={"ClientContext": "!"},
        status=400,
        code="InvalidRequestContentException",
        message=_CONTEXT,
        members={"Type": None},
        source="Seen",
    ),
    Refusal(
        what="no such invocation type",
        given={"InvocationType": "Later"},
        status=400,
        code="ValidationException",
        message=r"1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: "
        r"Member must satisfy enum value set: \[Event, RequestResponse, DryRun\]",
        members={},
        source="API (its values and their order)",
    ),
    Refusal(
        what="a payload over 6 MB",
        given={"Payload": b'"' + b"x" * 6_291_456 + b'"'},
        status=413,
        code="RequestEntityTooLargeException",
        message="Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        members={},
        source="Guide (quotas); Seen",
    ),
    Refusal(
        what="an event over 1 MB",
        given={"InvocationType": "Event", "Payload": b'"' + b"x" * 1_048_576 + b'"'},
        status=413,
        code="RequestEntityTooLargeException",
        message=r"1048578 byte payload is too large for the Event invocation type \(limit 1048576 bytes\)",
        members={},
        source="Guide (quotas); Seen",
    ),
    Refusal(
        what="a reserved concurrency of 0",
        given={"FunctionName": "Off"},
        status=429,
        code="TooManyRequestsException",
        message="Rate Exceeded.",
        members={"Type": "User", "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"},
        source="API; Recorded",
    ),
    Refusal(
        what="no tenant where there has to be one",
        given={"FunctionName": "Apart"},
        status=400,
        code="InvalidParameterValueException",
        message="The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request "
        "and try again.",
        source="Guide (tenant isolation)",
    ),
    Refusal(
        what="a stream of no such function",
        given={"FunctionName": "Nope"},
        status=404,
        code="ResourceNotFoundException",
        message=f"Function not found: {HERE}:Nope",
        operation="invoke_with_response_stream",
        source="API",
    ),
    Refusal(
        what="GetFunction of no such function",
        given={"FunctionName": "Nope"},
        status=404,
        code="ResourceNotFoundException",
        message=f"Function not found: {HERE}:Nope",
        operation="get_function",
        source="API",
    ),
    Refusal(
        what="an operation that changes something",
        given={"FunctionName": "Fn"},
        status=404,
        code="UnknownOperationException",
        message=r"samlocal has no DELETE /2015-03-31/functions/Fn\.",
        members={},
        operation="delete_function",
        source="(samlocal's own: AWS would do it)",
    ),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    files = {
        "template.json": template(
            Fn=function(AutoPublishAlias="live", Timeout=5, MemorySize=256),
            Off=function(ReservedConcurrentExecutions=0),
            Apart=function(TenancyConfig={"TenantIsolationMode": "PER_TENANT"}),
            Streams=function("nodejs20.x", CodeUri="streams/"),
        ),
        "code/app.py": SOURCE,
        "streams/app.js": STREAMS,
    }
    root: Path = tmp_path_factory.mktemp("served")
    with served(make_project(root, files)) as running:
        yield running


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_a_call_is_answered_as_aws_answers_it(own: Served, row: Row) -> None:
    answer = own.client.invoke(**{"FunctionName": "Fn"} | row.given)
    metadata = answer["ResponseMetadata"]
    headers = metadata["HTTPHeaders"]
    payload = answer["Payload"].read().decode()
    assert (metadata["HTTPStatusCode"], answer["StatusCode"]) == (row.status, row.status)
    assert re.fullmatch(UUID, metadata["RequestId"])
    for name, value in row.headers.items():
        assert re.fullmatch(value, headers[name]), (name, headers)
    assert not set(row.absent) & set(headers)
    assert re.fullmatch(row.payload, payload, re.DOTALL), payload[:500]
    if "id" in payload and payload.startswith('{"event"'):
        # The handler's context has the id that the caller has.
        assert json.loads(payload)["id"] == metadata["RequestId"]


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.what)
def test_a_call_is_refused_as_aws_refuses_it(own: Served, row: Refusal) -> None:
    response = refused(lambda: getattr(own.client, row.operation)(**{"FunctionName": "Fn"} | row.given))
    metadata, error = response["ResponseMetadata"], response["Error"]
    assert (metadata["HTTPStatusCode"], error["Code"]) == (row.status, row.code)
    assert re.fullmatch(row.message, error["Message"], re.DOTALL), error["Message"]
    assert metadata["HTTPHeaders"]["x-amzn-errortype"] == row.code
    assert metadata["HTTPHeaders"]["content-type"] == "application/json"
    assert re.fullmatch(UUID, metadata["RequestId"])
    for name, value in row.members.items():
        assert response.get(name) == value


@pytest.mark.parametrize(
    ("event", "parts", "complete"),
    [
        ({}, b"onetwo", {}),
        ({"raise": "no"}, b"one", {"ErrorCode": "Unhandled"}),
    ],
)
def test_a_stream_is_a_stream_of_aws_events(
    own: Served, event: dict[str, str], parts: bytes, complete: dict[str, str]
) -> None:
    answer = own.client.invoke_with_response_stream(FunctionName="Streams", Payload=json.dumps(event), LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    *chunks, end = answer["EventStream"]
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == parts
    assert b"REPORT RequestId: " in base64.b64decode(end["InvokeComplete"].pop("LogResult"))
    assert end["InvokeComplete"].pop("ErrorDetails", None) is None or complete
    assert end["InvokeComplete"] == complete


def test_a_dry_run_of_a_stream_is_empty(own: Served) -> None:
    answer = own.client.invoke_with_response_stream(FunctionName="Streams", InvocationType="DryRun")
    answer["EventStream"].close()
    assert answer["StatusCode"] == 204


def test_what_is_read_is_the_templates(own: Served) -> None:
    functions = own.client.list_functions()["Functions"]
    assert [each["FunctionName"] for each in functions] == ["Fn", "Off", "Apart", "Streams"]
    configuration = own.client.get_function_configuration(FunctionName="Fn")
    assert (configuration["Timeout"], configuration["MemorySize"], configuration["State"]) == (5, 256, "Active")
    assert own.client.get_function(FunctionName="Off")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    assert own.client.list_event_source_mappings()["EventSourceMappings"] == []
    own.client.get_waiter("function_active_v2").wait(FunctionName="Fn")


def test_an_sdks_waiter_and_its_pages_work(own: Served) -> None:
    pages = own.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["Functions"]) for page in pages] == [3, 1]
