"""What an API asks of AWS services, without them: the requests, and what clients get where they cannot be asked.

Sources: API Gateway API reference, "Integration" (``uri``); developer guide, "Integration subtype reference"; each
service's API reference.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from api_kit import api_of, route_of
from front_kit import FakePool, Heard, ran
from routes_kit import request

from samlocal.errors import RoleDeniedError
from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.front import Front
from samlocal.http_api.integration import Integration, IntegrationResponse, MappedIntegration, ServiceIntegration
from samlocal.http_api.model import ApiKind
from samlocal.http_api.service_call import ServiceCall
from samlocal.http_api.targets import ServiceTarget

ROLE = "arn:aws:iam::123456789012:role/api"


class Asked:
    """Answers what a test says, and keeps what it is asked."""

    def __init__(self, answer: HttpAnswer | Exception | None = None, *, seconds: float = 0.0) -> None:
        self._answer = answer or HttpAnswer(status=200, body=b"{}")
        self._seconds = seconds
        self.calls: list[ServiceCall] = []
        self.under: list[tuple[str, str]] = []

    def ask(self, call: ServiceCall, *, role: str, region: str) -> HttpAnswer:
        self.calls.append(call)
        self.under.append((role, region))
        time.sleep(self._seconds)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def exchanged(
    kind: ApiKind, integration: Integration, asked: Asked, heard: Heard | None = None, **how: Any
) -> HttpAnswer:
    api = api_of(kind, route_of("POST", "/{thing}", integration=integration))

    async def main() -> HttpAnswer:
        front = Front(api, FakePool(), heard or Heard(), None, asked)
        answer = await front.answer(request("POST", "/a%20b", **how))
        await front.close()
        return answer

    return ran(main())


def target(place: str, service: str = "dynamodb", *, subdomain: str = "", method: str = "POST") -> ServiceTarget:
    kind, _, rest = place.partition("/")
    return ServiceTarget(
        service=service,
        subdomain=subdomain,
        region="eu-west-1",
        action=rest if kind == "action" else None,
        path="" if kind == "action" else rest,
        method=method,
        role=ROLE,
    )


def mapped(to: ServiceTarget, *, timeout: int = 29_000, **parameters: str) -> MappedIntegration:
    return MappedIntegration(
        target=to,
        parameters={f"integration.request.{name.replace('__', '.')}": value for name, value in parameters.items()},
        responses=(IntegrationResponse(status="200"),),
        timeout=timeout,
    )


@pytest.mark.parametrize(
    ("to", "service", "line", "action", "subdomain"),
    [
        (target("action/PutItem"), "dynamodb", "POST /?Action=PutItem&q=1", "PutItem", ""),
        (target("action/PutEvents", "events"), "events", "POST /?Action=PutEvents&q=1", None, ""),
        (target("action/Publish&TopicArn=t", "sns"), "sns", "POST /?Action=Publish&TopicArn=t&q=1", "Publish", ""),
        (target("action/SendMessage", "sqs"), "sqs", "POST /?Action=SendMessage&q=1", None, ""),
        (target("action/StartExecution", "states"), "stepfunctions", "POST /?Action=StartExecution&q=1",
         "StartExecution", ""),
        (target("path/1/{thing}", "sqs"), "sqs", "POST /1/a%20b?q=1", None, ""),
        (target("path/bucket/{thing}", "s3", method="PUT"), "s3", "PUT /bucket/a%20b?q=1", None, ""),
        (target("path/{thing}", "s3", subdomain="bucket", method="GET"), "s3", "GET /bucket/a%20b?q=1", None, ""),
        (target("path/x", "iot", subdomain="data"), "iot", "POST /x?q=1", None, "data."),
    ],
)  # fmt: skip
def test_a_rest_apis_uri_names_a_request(
    to: ServiceTarget, service: str, line: str, action: str | None, subdomain: str
) -> None:
    asked = Asked()
    answer = exchanged(ApiKind.REST, mapped(to, querystring__q="'1'"), asked, body=b"body")

    assert answer.status == 200
    (call,) = asked.calls
    assert (call.service, f"{call.method} {call.target}", call.action, call.subdomain) == (
        service, line, action, subdomain,
    )  # fmt: skip
    assert call.body == (b"" if call.method == "GET" else b"body")
    assert asked.under == [(ROLE, "eu-west-1")]


def subtype(name: str, **parameters: str) -> ServiceIntegration:
    return ServiceIntegration(subtype=name, parameters=parameters, region="eu-west-1", role=ROLE)


@pytest.mark.parametrize(
    ("integration", "service", "action", "body"),
    [
        (
            subtype("EventBridge-PutEvents", Detail="$request.body", DetailType="t", Source="s", Resources="a, b",
                    Time="1700000000"),
            "events", "PutEvents",
            {"Entries": [{"Detail": '{"n":1}', "DetailType": "t", "Source": "s", "Resources": ["a", "b"],
                          "Time": 1700000000.0}]},
        ),
        (subtype("Kinesis-PutRecord", StreamName="s", Data="eA==", PartitionKey="$context.stage"),
         "kinesis", "PutRecord", {"StreamName": "s", "Data": "eA==", "PartitionKey": "$default"}),
        (subtype("StepFunctions-StopExecution", ExecutionArn="e", Cause="c"),
         "stepfunctions", "StopExecution", {"executionArn": "e", "cause": "c"}),
    ],
)  # fmt: skip
def test_a_subtype_of_json_names_a_request(
    integration: ServiceIntegration, service: str, action: str, body: object
) -> None:
    asked = Asked()
    assert exchanged(ApiKind.HTTP, integration, asked, body=b'{"n":1}').status == 200

    (call,) = asked.calls
    assert (call.service, call.action, json.loads(call.body)) == (service, action, body)


@pytest.mark.parametrize(
    ("integration", "form"),
    [
        (
            subtype("SQS-ReceiveMessage", QueueUrl="q", AttributeNames="All", MaxNumberOfMessages="2"),
            b"Action=ReceiveMessage&Version=2012-11-05&QueueUrl=q&AttributeName.1=All&MaxNumberOfMessages=2",
        ),
        (
            subtype("SQS-DeleteMessage", QueueUrl="q", ReceiptHandle="r"),
            b"Action=DeleteMessage&Version=2012-11-05&QueueUrl=q&ReceiptHandle=r",
        ),
        (subtype("SQS-PurgeQueue", QueueUrl="q"), b"Action=PurgeQueue&Version=2012-11-05&QueueUrl=q"),
    ],
)
def test_sqs_is_asked_by_its_query_protocol(integration: ServiceIntegration, form: bytes) -> None:
    asked = Asked()
    exchanged(ApiKind.HTTP, integration, asked)

    assert [call.body for call in asked.calls] == [form]


def test_a_configuration_is_read_by_its_path_and_a_sync_execution_at_a_host_of_its_own() -> None:
    asked = Asked()
    place = {"Application": "a b", "Environment": "e", "Configuration": "c", "ClientId": "me"}
    exchanged(ApiKind.HTTP, subtype("AppConfig-GetConfiguration", **place), asked)
    exchanged(ApiKind.HTTP, subtype("StepFunctions-StartSyncExecution", StateMachineArn="m"), asked)

    read, run = asked.calls
    assert (read.method, read.target) == (
        "GET", "/applications/a%20b/environments/e/configurations/c?client_id=me",
    )  # fmt: skip
    assert (run.subdomain, run.service) == ("sync-", "stepfunctions")


@pytest.mark.parametrize(
    "integration",
    [
        subtype("SQS-SendMessage", QueueUrl="q", MessageBody="$request.header.absent"),
        subtype("SQS-SendMessage", QueueUrl="q"),
        subtype("SQS-SendMessage", QueueUrl="q", MessageBody="b", MessageAttributes="no JSON"),
    ],
)
def test_a_parameter_without_a_value_is_a_bad_request_and_is_named(integration: ServiceIntegration) -> None:
    heard, asked = Heard(), Asked()
    answer = exchanged(ApiKind.HTTP, integration, asked, heard)

    assert (answer.status, json.loads(answer.body), asked.calls) == (400, {"message": "Bad Request"}, [])
    assert heard.remarks[0].startswith("Api: POST /{thing}: SQS-SendMessage: ")


@pytest.mark.parametrize(
    ("kind", "integration"),
    [(ApiKind.REST, mapped(target("action/PutItem"))), (ApiKind.HTTP, subtype("SQS-PurgeQueue", QueueUrl="q"))],
)
def test_a_role_that_may_not_be_assumed_is_a_failure_which_is_said(kind: ApiKind, integration: Integration) -> None:
    heard = Heard()
    denied = RoleDeniedError(f"It cannot be assumed.\n  role:  {ROLE}", tip="Trust somebody.")
    answer = exchanged(kind, integration, Asked(denied), heard)

    assert answer.status >= 500
    assert heard.remarks == [f"Api: POST /{{thing}}: It cannot be assumed. role: {ROLE} Trust somebody."]


def test_a_service_that_takes_too_long_is_waited_for_no_longer() -> None:
    answer = exchanged(ApiKind.REST, mapped(target("action/PutItem"), timeout=50), Asked(seconds=0.5))

    assert (answer.status, json.loads(answer.body)) == (504, {"message": "Endpoint request timed out"})
