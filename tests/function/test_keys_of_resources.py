"""Attributes that are found only with the resource's own properties, and those that are keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samlocal.deployed.environment import Environment
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.snapshot import Snapshot
from samlocal.function.application import application
from samlocal.function.variables import Variable
from samlocal.template.reader import parse

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/people/1"
POOL, CLIENT, SECRET = "eu-west-1_Pool12345", "1h57kf5cpq17m0eml12EXAMPLE", "the-client-s-secret"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Pool": {"Type": "AWS::Cognito::UserPool"},
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "GenerateSecret": True},
        },
        "Fn": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Environment": {
                    "Variables": {
                        "SECRET": {"Fn::GetAtt": ["Client", "ClientSecret"]},
                        "URL": {"Fn::Sub": "x?${Client.ClientSecret}"},
                        "NAME": {"Fn::GetAtt": ["Client", "Name"]},
                    }
                }
            },
        },
    }
}


class Cognito:
    """AWS, as DescribeUserPoolClient and the stack's calls answer (API references)."""

    region = "eu-west-1"

    def endpoint_of(self, _: str) -> str:
        return ""

    def call(self, service: str, operation: str, **parameters: str) -> dict[str, Any]:
        if operation == "describe_stacks":
            return {"Stacks": [{"StackName": "people", "StackId": STACK, "StackStatus": "CREATE_COMPLETE"}]}
        assert (service, operation) == ("cognito-idp", "describe_user_pool_client")
        assert parameters == {"UserPoolId": POOL, "ClientId": CLIENT}
        return {"UserPoolClient": {"ClientSecret": SECRET, "ClientName": "web"}}

    def pages(self, *_: str, **__: str) -> Iterator[dict[str, Any]]:
        ids = {"Pool": POOL, "Client": CLIENT}
        yield {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": physical_id,
                    "ResourceType": TEMPLATE["Resources"][name]["Type"],
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for name, physical_id in ids.items()
            ]
        }


def test_a_clients_secret_is_asked_with_its_pool_and_is_masked_and_written_nowhere(tmp_path: Path) -> None:
    aws: Any = Cognito()
    file = tmp_path / "snapshots" / "people.json"
    environment = Environment(
        aws,
        stack_name="people",
        snapshot=Snapshot(file, clock=lambda: 0.0),
        credentials=CredentialCache(tmp_path, caller="c", clock=lambda: 0.0, refresh=False),
    )
    app = application(
        parse(json.dumps(TEMPLATE), path=Path("template.json")),
        environment=environment,
        region="eu-west-1",
        flags={},
        configured={},
    )

    found = app.variables(app.template.resources["Fn"])
    environment.save()

    assert {entry.name: (entry.value, entry.secret) for entry in found if isinstance(entry, Variable)} == {
        "SECRET": (SECRET, True),
        "URL": (f"x?{SECRET}", True),
        "NAME": ("web", False),
    }
    kept = file.read_text()
    assert "web" in kept
    assert SECRET not in kept
