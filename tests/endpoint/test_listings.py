"""Reading functions and mappings through Lambda's API: the template's own facts, and nothing made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import kit
import pytest
from endpoint_kit import PLACE, directory_of, run

from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.directory import CurrentDirectory
from samlocal.endpoint.listings import Listings

MakeProject = Callable[..., kit.Project]

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"


def read(made: kit.Project, what: str, name: str = "", **query: str) -> dict[str, Any]:
    listings = Listings(CurrentDirectory(lambda: directory_of(made)))

    async def test() -> dict[str, Any]:
        answer = await getattr(listings, what)(name, query)
        assert answer.status == 200
        document: dict[str, Any] = json.loads(answer.body)
        return document

    return run(test)


def test_a_functions_configuration_is_what_the_template_says(project: MakeProject) -> None:
    made = project(
        kit.python(
            "",
            FunctionName="orders",
            MemorySize=512,
            Timeout=20,
            Environment={"Variables": {"TABLE": "orders"}},
            EphemeralStorage={"Size": 1024},
        )
    )
    document = read(made, "configuration", "orders")
    assert document["FunctionName"] == "orders"
    assert document["FunctionArn"] == f"{PLACE}:orders"
    assert (document["Runtime"], document["Handler"]) == ("python3.11", "app.handler")
    assert (document["MemorySize"], document["Timeout"]) == (512, 20)
    assert document["Environment"] == {"Variables": {"TABLE": "orders"}}
    assert document["EphemeralStorage"] == {"Size": 1024}
    assert (document["Version"], document["State"], document["PackageType"]) == ("$LATEST", "Active", "Zip")
    assert read(made, "function", "orders")["Configuration"] == document


@pytest.mark.parametrize("name", ["CodeSize", "CodeSha256", "LastModified", "RevisionId"])
def test_what_only_a_deployment_has_is_not_made_up(project: MakeProject, name: str) -> None:
    assert name not in read(project(kit.python("")), "configuration", "Fn")


def test_a_function_that_cannot_be_known_hides_no_other(project: MakeProject) -> None:
    made = project(
        {
            "template.json": kit.template(Bad=kit.function(Timeout="soon"), Good=kit.function()),
            "code/app.py": "",
        }
    )
    states = {each["FunctionName"]: each["State"] for each in read(made, "functions")["Functions"]}
    assert states == {"Bad": "Failed", "Good": "Active"}


def test_a_page_of_functions_names_the_next_one(project: MakeProject) -> None:
    functions = {f"Fn{number}": kit.function() for number in range(5)}
    made = project({"template.json": kit.template(**functions), "code/app.py": ""})
    first = read(made, "functions", MaxItems="3")
    second = read(made, "functions", MaxItems="3", Marker=first["NextMarker"])
    assert "NextMarker" not in second
    assert [each["FunctionName"] for each in first["Functions"] + second["Functions"]] == list(functions)


def test_a_function_that_is_not_there_is_not_found(project: MakeProject) -> None:
    with pytest.raises(ApiError) as refused:
        read(project(kit.python("")), "configuration", "Nope")
    assert refused.value.error_type == "ResourceNotFoundException"


def test_the_templates_event_source_mappings_are_listed(project: MakeProject) -> None:
    made = project(
        {
            "template.json": kit.template(
                Fn=kit.function(
                    Events={
                        "Orders": {"Type": "SQS", "Properties": {"Queue": QUEUE, "BatchSize": 5, "Enabled": False}},
                        "Web": {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}},
                    }
                ),
                Plain=kit.function(),
                Mapping={
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {"FunctionName": {"Ref": "Plain"}, "EventSourceArn": f"{QUEUE}-2"},
                },
            ),
            "code/app.py": "",
        }
    )
    orders, plain = read(made, "mappings")["EventSourceMappings"]
    assert (orders["EventSourceArn"], orders["BatchSize"], orders["State"]) == (QUEUE, 5, "Disabled")
    assert orders["FunctionArn"] == f"{PLACE}:Fn"
    assert (plain["EventSourceArn"], plain["FunctionArn"]) == (f"{QUEUE}-2", f"{PLACE}:Plain")
    assert read(made, "mappings", FunctionName="Plain")["EventSourceMappings"] == [plain]
    assert read(made, "mappings", EventSourceArn=QUEUE)["EventSourceMappings"] == [orders]
    assert orders["UUID"] != plain["UUID"]
    assert read(made, "mappings")["EventSourceMappings"][0]["UUID"] == orders["UUID"]
