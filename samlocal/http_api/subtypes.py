"""What an HTTP API's integration with an AWS service asks of it, by the integration's subtype.

Sources: API Gateway developer guide, "Integration subtype reference"; each service's API reference. SQS is asked by
its query protocol, and answers in XML; Kinesis takes the data in base64 as it comes (localstack/localstack,
``test_apigateway_v2_kinesis``, tried on AWS).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from samlocal.http_api.service_call import ServiceCall

_VERSION = "2012-11-05"
"""Of SQS's API."""


class Subtype(Struct, frozen=True, kw_only=True):
    """``call`` makes the request of parameters that have values, those that it needs among them."""

    needs: tuple[str, ...]
    call: Callable[[Mapping[str, str]], ServiceCall]


def _json(service: str, action: str, *, subdomain: str = "") -> Callable[[Mapping[str, Any]], ServiceCall]:
    def call(parameters: Mapping[str, Any]) -> ServiceCall:
        body = json.dumps(dict(parameters)).encode()
        return ServiceCall(service=service, subdomain=subdomain, action=action, method="POST", body=body)

    return call


def _states(action: str, *, subdomain: str = "") -> Callable[[Mapping[str, str]], ServiceCall]:
    """Whose own names begin with a small letter."""
    call = _json("stepfunctions", action, subdomain=subdomain)
    return lambda parameters: call({f"{name[:1].lower()}{name[1:]}": value for name, value in parameters.items()})


def _events(parameters: Mapping[str, str]) -> ServiceCall:
    entry: dict[str, Any] = dict(parameters)
    if "Resources" in entry:
        entry["Resources"] = _list(parameters["Resources"])
    if "Time" in entry and parameters["Time"].replace(".", "", 1).isdigit():
        entry["Time"] = float(parameters["Time"])
    return _json("events", "PutEvents")({"Entries": [entry]})


def _queue(action: str) -> Callable[[Mapping[str, str]], ServiceCall]:
    def call(parameters: Mapping[str, str]) -> ServiceCall:
        form = {"Action": action, "Version": _VERSION}
        for name, value in parameters.items():
            form |= _FLAT[name](value) if name in _FLAT else {name: value}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return ServiceCall(service="sqs", method="POST", headers=headers, body=urlencode(form).encode())

    return call


def _configuration(parameters: Mapping[str, str]) -> ServiceCall:
    place = "/".join(
        f"{part}s/{quote(parameters[name], safe='')}"
        for part, name in (("application", "Application"), ("environment", "Environment"))
    )
    asked = {"client_id": parameters["ClientId"]}
    if "ClientConfigurationVersion" in parameters:
        asked["client_configuration_version"] = parameters["ClientConfigurationVersion"]
    configuration = quote(parameters["Configuration"], safe="")
    return ServiceCall(
        service="appconfig", method="GET", target=f"/{place}/configurations/{configuration}?{urlencode(asked)}"
    )


def _list(text: str) -> list[Any]:
    """As JSON, or with commas between the items."""
    if text.lstrip().startswith("["):
        found = json.loads(text)
        return found if isinstance(found, list) else [found]
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbered(name: str) -> Callable[[str], dict[str, str]]:
    return lambda text: {f"{name}.{number}": str(each) for number, each in enumerate(_list(text), 1)}


def _attributes(name: str) -> Callable[[str], dict[str, str]]:
    """A mapping of ``{"DataType": …, "StringValue": …}``, numbered as the query protocol does it."""

    def flat(text: str) -> dict[str, str]:
        form = {}
        for number, (key, value) in enumerate(json.loads(text).items(), 1):
            form[f"{name}.{number}.Name"] = key
            form |= {f"{name}.{number}.Value.{part}": str(each) for part, each in value.items()}
        return form

    return flat


_FLAT: dict[str, Callable[[str], dict[str, str]]] = {
    "AttributeNames": _numbered("AttributeName"),
    "MessageAttributeNames": _numbered("MessageAttributeName"),
    "MessageAttributes": _attributes("MessageAttribute"),
    "MessageSystemAttributes": _attributes("MessageSystemAttribute"),
}

_CONFIGURATION = ("Application", "Environment", "Configuration", "ClientId")

SUBTYPES: dict[str, Subtype] = {
    "EventBridge-PutEvents": Subtype(needs=("Detail", "DetailType", "Source"), call=_events),
    "SQS-SendMessage": Subtype(needs=("QueueUrl", "MessageBody"), call=_queue("SendMessage")),
    "SQS-ReceiveMessage": Subtype(needs=("QueueUrl",), call=_queue("ReceiveMessage")),
    "SQS-DeleteMessage": Subtype(needs=("QueueUrl", "ReceiptHandle"), call=_queue("DeleteMessage")),
    "SQS-PurgeQueue": Subtype(needs=("QueueUrl",), call=_queue("PurgeQueue")),
    "AppConfig-GetConfiguration": Subtype(needs=_CONFIGURATION, call=_configuration),
    "Kinesis-PutRecord": Subtype(needs=("StreamName", "Data", "PartitionKey"), call=_json("kinesis", "PutRecord")),
    "StepFunctions-StartExecution": Subtype(needs=("StateMachineArn",), call=_states("StartExecution")),
    "StepFunctions-StartSyncExecution": Subtype(
        needs=("StateMachineArn",), call=_states("StartSyncExecution", subdomain="sync-")
    ),
    "StepFunctions-StopExecution": Subtype(needs=("ExecutionArn",), call=_states("StopExecution")),
}
