"""What goes where about an asynchronous event, and what the template says of that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import kit
import pytest
from endpoint_kit import PLACE, callee, directory_of
from msgspec.structs import replace

from samlocal.endpoint.destinations import Sending, ToFunction, ToService, Undeliverable, sendings
from samlocal.endpoint.event_source_mappings import event_source_mappings
from samlocal.endpoint.invocation_record import Condition, InvocationRecord
from samlocal.function.async_invocation import AsyncInvocation
from samlocal.sandbox.invocation import Request
from samlocal.sandbox.result import FunctionError, Success
from samlocal.template.values import Json, Unknown

MakeProject = Callable[..., kit.Project]

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"
TOPIC = "arn:aws:sns:us-east-1:123456789012:failures"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/orders"
BUCKET = "arn:aws:s3:::failures"


def record(*, succeeded: bool = False, **config: Any) -> InvocationRecord:
    return InvocationRecord(
        callee=callee(asynchronous=AsyncInvocation(**config)),
        request=Request(payload=b'{"a":1}', request_id="the-request"),
        condition=Condition.SUCCESS if succeeded else Condition.RETRIES_EXHAUSTED,
        attempts=1 if succeeded else 3,
        timestamp="2026-11-26T03:16:05.568Z",
        result=Success(payload=b"[1]") if succeeded else FunctionError(payload=b'{"errorMessage":"no"}'),
    )


def only(given: InvocationRecord) -> Sending:
    (sending,) = sendings(given)
    return sending


def service(given: InvocationRecord) -> ToService:
    sending = only(given)
    assert isinstance(sending, ToService), sending
    return sending


def test_a_destination_gets_the_record_of_the_developer_guide() -> None:
    sending = service(record(on_failure=QUEUE))
    assert (sending.service, sending.operation) == ("sqs", "send_message")
    assert sending.queue == ("failures", "123456789012")
    assert json.loads(str(sending.parameters["MessageBody"])) == {
        "version": "1.0",
        "timestamp": "2026-11-26T03:16:05.568Z",
        "requestContext": {
            "requestId": "the-request",
            "functionArn": f"{PLACE}:Fn:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no"},
    }


def test_a_success_goes_to_the_destination_for_successes_without_a_function_error() -> None:
    sending = service(record(succeeded=True, on_success=TOPIC, on_failure=QUEUE, dead_letters=QUEUE))
    assert (sending.service, sending.operation, sending.parameters["TopicArn"]) == ("sns", "publish", TOPIC)
    document = json.loads(str(sending.parameters["Message"]))
    assert document["requestContext"]["condition"] == "Success"
    assert document["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert document["responsePayload"] == [1]


@pytest.mark.parametrize(
    "payload",
    [b'{"text":"\\ud800"}', b"1e999999", b"9" * 5000, '{ "a": "\u00e9" }'.encode(), b"1.0000000000000000001"],
)
def test_payloads_are_in_the_record_as_they_were_sent(payload: bytes) -> None:
    sent = replace(
        record(on_failure=QUEUE, dead_letters=QUEUE),
        request=Request(payload=payload, request_id="the-request"),
        result=FunctionError(payload=payload),
    )
    to_queue, dead_letter = sendings(sent)
    assert isinstance(to_queue, ToService)
    assert isinstance(dead_letter, ToService)
    body = str(to_queue.parameters["MessageBody"])
    assert f'"requestPayload":{payload.decode()},' in body
    assert body.endswith(f'"responsePayload":{payload.decode()}}}')
    assert dead_letter.parameters["MessageBody"] == payload.decode()


@pytest.mark.parametrize("payload", [b"NaN", b"\xff", b"{", b"", b"[" * 100_000 + b"]" * 100_000])
def test_a_response_that_is_no_json_is_a_string_of_the_record(payload: bytes) -> None:
    sent = replace(record(succeeded=True, on_success=QUEUE), result=Success(payload=payload))
    document = json.loads(str(service(sent).parameters["MessageBody"]))
    assert document["responsePayload"] == payload.decode(errors="replace")


def test_an_error_message_that_is_no_text_goes_with_the_dead_letter_all_the_same() -> None:
    sent = replace(record(dead_letters=QUEUE), result=FunctionError(payload=b'{"errorMessage":"no \\ud800"}'))
    attributes = service(sent).parameters["MessageAttributes"]
    assert isinstance(attributes, dict)
    assert attributes["ErrorMessage"]["StringValue"] == "no ?"


@pytest.mark.parametrize("succeeded", [True, False])
def test_a_bus_gets_an_event_of_lambdas(succeeded: bool) -> None:
    sending = service(record(succeeded=succeeded, on_success=BUS, on_failure=BUS))
    (entry,) = sending.parameters["Entries"]  # type: ignore[misc]
    assert entry["Source"] == "lambda"
    assert entry["DetailType"] == f"Lambda Function Invocation Result - {'Success' if succeeded else 'Failure'}"
    assert entry["Resources"] == [f"{PLACE}:Fn:$LATEST", BUS]


def test_a_bucket_gets_an_object_under_the_functions_day() -> None:
    key = str(service(record(on_failure=BUCKET)).parameters["Key"])
    assert re.fullmatch(r"aws/lambda/async/Fn/2026/11/26/2026-11-26T03\.16\.05-[0-9a-f-]{36}", key)


def test_a_function_gets_the_record_as_its_event() -> None:
    sending = only(record(on_failure=f"{PLACE}:Other"))
    assert isinstance(sending, ToFunction)
    assert json.loads(sending.payload)["requestPayload"] == {"a": 1}


def test_dead_letters_get_the_event_itself_and_what_went_wrong_beside_it() -> None:
    sending = service(record(dead_letters=QUEUE))
    assert sending.parameters["MessageBody"] == '{"a":1}'
    assert sending.parameters["MessageAttributes"] == {
        "RequestID": {"DataType": "String", "StringValue": "the-request"},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no"},
    }


def test_a_lost_event_goes_to_both_destination_and_dead_letters() -> None:
    assert len(list(sendings(record(on_failure=TOPIC, dead_letters=QUEUE)))) == 2


def test_a_destination_that_cannot_be_known_is_said() -> None:
    unknown = Unknown(expression="!GetAtt Queue.Arn", reason="it is not deployed", tip="Deploy it.")
    assert only(record(on_failure=unknown)) == Undeliverable(
        what="OnFailure", reason="!GetAtt Queue.Arn: it is not deployed"
    )


NAMES: tuple[Json, ...] = (
    {"Ref": "Fn"},
    {"Fn::GetAtt": ["Fn", "Arn"]},
    {"Fn::Sub": "${Fn.Arn}:$LATEST"},
    {"Fn::Sub": "${AWS::AccountId}:function:${Fn}"},
    {"Fn::Sub": "function:${Fn}:live"},
    "Fn",
)
"""What CloudFormation takes as a function's name."""


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_template_names_a_function_by_its_name_or_any_part_of_its_arn(project: MakeProject, name: Json) -> None:
    def resource(kind: str, **properties: Json) -> Json:
        return {"Type": f"AWS::Lambda::{kind}", "Properties": {"FunctionName": name, **properties}}

    resources = {
        "Other": kit.function(),
        "Fn": kit.function(),
        "Config": resource("EventInvokeConfig", Qualifier="$LATEST", MaximumRetryAttempts=1),
        "Alias": resource("Alias", Name="blue", FunctionVersion="1"),
        "Mapping": resource("EventSourceMapping", EventSourceArn=QUEUE),
    }
    directory = directory_of(project({"template.json": kit.template(**resources), "code/app.py": ""}))
    found, other = (directory.find(each, None)[0] for each in ("Fn", "Other"))
    assert (found.asynchronous.retries, other.asynchronous.retries) == (1, 2)
    assert (found.aliases, other.aliases) == ({"blue"}, frozenset())
    assert [each["FunctionArn"] for each in event_source_mappings(directory)] == [found.arn]


@pytest.mark.parametrize(
    "name", ["arn:aws:lambda:eu-west-1:123456789012:function:Fn", "210987654321:function:Fn", "Fn2", "no name"]
)
def test_a_function_elsewhere_is_another_one(project: MakeProject, name: str) -> None:
    config = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {"FunctionName": name, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1},
    }
    made = project({"template.json": kit.template(Fn=kit.function(), Config=config), "code/app.py": ""})
    assert directory_of(made).find("Fn", None)[0].asynchronous.retries == 2


@pytest.mark.parametrize("where", ["in SAM's property", "in a resource of its own"])
def test_the_template_says_what_becomes_of_events(project: MakeProject, where: str) -> None:
    destinations = {"OnFailure": {"Destination": QUEUE}, "OnSuccess": {"Destination": TOPIC}}
    config = {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 120, "DestinationConfig": destinations}
    if where == "in SAM's property":
        resources = {
            "Fn": kit.function(EventInvokeConfig=config, DeadLetterQueue={"Type": "SQS", "TargetArn": QUEUE})
        }
    else:
        resources = {
            "Fn": kit.function(DeadLetterQueue={"Type": "SQS", "TargetArn": QUEUE}),
            "Config": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {"FunctionName": {"Ref": "Fn"}, "Qualifier": "$LATEST", **config},
            },
        }
    directory = directory_of(project({"template.json": kit.template(**resources), "code/app.py": ""}))
    found, _ = directory.find("Fn", None)
    assert found.asynchronous == AsyncInvocation(
        retries=1, age=120, on_success=TOPIC, on_failure=QUEUE, dead_letters=QUEUE
    )


def test_with_a_published_alias_destinations_are_for_the_events_of_the_alias(project: MakeProject) -> None:
    config = {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": QUEUE}}}
    made = project(
        kit.python("", AutoPublishAlias="live", EventInvokeConfig=config, DeadLetterQueue={"TargetArn": TOPIC})
    )
    found, _ = directory_of(made).find("Fn", None)
    assert (found.asynchronous.of("live").retries, found.asynchronous.of("live").on_failure) == (0, QUEUE)
    assert found.asynchronous.of(None) == AsyncInvocation(dead_letters=TOPIC)


def test_an_event_is_tried_again_twice_within_six_hours_where_the_template_says_nothing(project: MakeProject) -> None:
    found, _ = directory_of(project(kit.python(""))).find("Fn", None)
    assert (found.asynchronous.retries, found.asynchronous.age) == (2, 6 * 3600)
