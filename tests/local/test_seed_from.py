"""``samlocal local seed --from``: items of a deployed table are copied exactly, and nothing is written there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import kit
import pytest
from aws_front import Answer, Front, front_of
from kit import AwsEndpoint

MakeProject = Callable[..., kit.Project]


def table(*keys: tuple[str, str], streams: bool = False) -> dict[str, Any]:
    view = {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}} if streams else {}
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": type_} for name, type_ in keys],
            "KeySchema": [
                {"AttributeName": name, "KeyType": role}
                for (name, _), role in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            **view,
        },
    }


KEYS = ("id", "S"), ("at", "N")
TABLES = {"Events": table(*KEYS, streams=True), "Moved": table(*KEYS), "Gone": table(*KEYS)}

# Each type of DynamoDB's (API reference, AttributeValue); numbers have 38 digits.
EVERY_TYPE = {
    "id": {"S": "every"},
    "at": {"N": "1"},
    "number": {"N": "12345678901234567890123456789012345678"},
    "small": {"N": "0.00000000000000000000000000000012345678"},
    "binary": {"B": bytes(range(256))},
    "text": {"S": "é\u0000\U0001f600"},
    "empty": {"S": ""},
    "numbers": {"NS": ["1", "2.5"]},
    "binaries": {"BS": [b"\x00\xff", b"x"]},
    "texts": {"SS": ["a", "b"]},
    "list": {"L": [{"N": "1"}, {"NULL": True}, {"B": b"\xfe"}, {"L": []}]},
    "map": {"M": {"yes": {"BOOL": True}, "none": {"M": {}}}},
}
SECRET = "jane.doe@example.com"


class Deployed:
    """A stack of the account, and the front through which samlocal calls it."""

    def __init__(self, endpoint: AwsEndpoint, front: Front) -> None:
        self.front = front
        self.stack = f"app-{uuid.uuid4().hex[:8]}"
        self.ids = endpoint.deploy(self.stack, {"Resources": TABLES})
        with endpoint.client("dynamodb") as client:
            client.put_item(TableName=self.ids["Events"], Item=EVERY_TYPE)
            for number in range(250):
                item = {"id": {"S": f"{number:03}"}, "at": {"N": str(number)}, "mail": {"S": SECRET}}
                client.put_item(TableName=self.ids["Events"], Item=item)

    def refuse(self, name: str) -> None:
        said = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": f"not allowed: {name}"}
        self.front.rules[name] = lambda _: Answer(status=400, body=json.dumps(said).encode())

    def dynamodb_calls(self) -> list[str]:
        return [name for name in self.front.names() if name.startswith("dynamodb:")]


@pytest.fixture(scope="module")
def deployed(aws_server: AwsEndpoint) -> Iterator[Deployed]:
    with front_of(aws_server) as front:
        yield Deployed(aws_server, front)


@pytest.fixture(scope="module")
def made(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[kit.Project]:
    """One project for all: its local environment takes a while to start."""
    own = kit.template(**TABLES | {"Moved": table(("pk", "S"), ("at", "N"))})
    del own["Resources"]["Gone"]
    config = (
        f'[test.deploy.parameters]\nstack_name = "{deployed.stack}"\n[prod.samlocal.parameters]\nprotected = true\n'
    )
    config += f'[prod.deploy.parameters]\nstack_name = "{deployed.stack}"\n'
    files = {"template.json": own, "samconfig.toml": config}
    project = kit.make_project(tmp_path_factory.mktemp("seed"), files, **deployed.front.environ)
    yield project
    project.run("local", "stop")


@pytest.fixture(autouse=True)
def anew(deployed: Deployed) -> None:
    deployed.front.rules.clear()
    deployed.front.calls.clear()


def local_items(made: kit.Project) -> list[dict[str, Any]]:
    url = made.run("local", "status", "--output", "json").payload["url"]
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    cloudformation = boto3.client("cloudformation", endpoint_url=url, **keys)
    resource = cloudformation.describe_stack_resource(StackName="local", LogicalResourceId="Events")
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    pages = boto3.client("dynamodb", endpoint_url=url, **keys).get_paginator("scan").paginate(TableName=name)
    return [item for page in pages for item in page["Items"]]


def test_items_are_copied_exactly_and_the_deployed_table_is_only_described_and_scanned(
    made: kit.Project, deployed: Deployed
) -> None:
    copied = made.run("local", "seed", "--from", "test", "--table", "Events", "--limit", "1000").succeeded()
    assert set(deployed.dynamodb_calls()) == {"dynamodb:DescribeTable", "dynamodb:Scan"}
    items = local_items(made)
    assert len(items) == 251
    (every,) = (item for item in items if item["id"] == {"S": "every"})
    assert every == EVERY_TYPE
    said = " ".join(copied.stderr.split())
    assert f"at most 1000 items of {deployed.ids['Events']} (123456789012, eu-west-1)" in said
    assert "personal data and secrets included" in said
    assert "nothing is written to the deployed table" in said
    assert "Events: 251 items copied, for " in said
    assert "Events has a stream: functions that read it get each of them as a change." in said
    # What is in the items is nobody's business but the table's.
    assert SECRET not in copied.stderr + copied.stdout.decode()
    assert not [file for file in made.cache.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def test_no_more_is_read_than_is_wanted_and_in_pages(made: kit.Project, deployed: Deployed) -> None:
    copied = made.run("local", "seed", "--from-stack", deployed.stack, "--table", "Events", "--limit", "120")
    assert "Events: 120 items copied, for " in copied.succeeded().stderr
    assert "the table has more than --limit 120" in copied.stderr
    assert deployed.dynamodb_calls().count("dynamodb:Scan") == 2


@pytest.mark.parametrize("call", ["DescribeTable", "Scan"])
def test_what_the_caller_may_not_do_is_said_with_all_that_is_needed(
    made: kit.Project, deployed: Deployed, call: str
) -> None:
    deployed.refuse(f"dynamodb:{call}")
    refused = made.run("local", "seed", "--from", "test", "--table", "Events").ended(6)
    assert f"dynamodb:{call}: AccessDeniedException" in refused.stderr
    assert "dynamodb:DescribeTable and Scan of the table" in " ".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("--from", "test", "--table", "Moved"), 4, "Moved has other keys here: pk (S, HASH) and at (N, RANGE);"),
        (("--from", "test", "--table", "Evnts"), 4, "has no table Evnts; did you mean Events?"),
        (("--from", "test", "--table", "Gone"), 4, "The stack local has no table Gone"),
        (("--from", "prod", "--table", "Events"), 17, "--allow-protected copies its data all the same"),
        (("--from", "tset", "--table", "Events"), 4, "there is no environment 'tset'; did you mean test?"),
        (("--from-stack", "app-nowhere", "--table", "Events"), 15, "There is no stack app-nowhere"),
        (("--from", "local", "--table", "Events"), 2, "--from names a deployed environment"),
        (("--from", "test"), 2, "Name a FILE, or an environment with --from and its tables with --table."),
        (("seed.json", "--from", "test", "--table", "Events"), 2, "Name a FILE, or an environment"),
        ((), 2, "Name a FILE, or an environment"),
    ],
)
def test_what_cannot_be_copied_reads_no_item(
    made: kit.Project, deployed: Deployed, args: tuple[str, ...], status: int, says: str
) -> None:
    assert says in " ".join(made.run("local", "seed", *args).ended(status).stderr.split())
    assert "dynamodb:Scan" not in deployed.dynamodb_calls()
