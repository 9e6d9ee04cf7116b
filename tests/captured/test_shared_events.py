"""Lambda's shareable test events, in a schema registry that behaves as documented."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kit import AwsEndpoint, Outcome, Project, python
from schemas_kit import REGISTRY, Schemas, schema_registry

from samlocal.errors import ExitStatus

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}

# As the console writes it: a version's number that is no Python float, and what stands beside an example's value.
CONSOLE = (
    '{"openapi":"3.0.0","info":{"version":"1.0.0","title":"Event"},"paths":{},"components":{"schemas":{"Event":{}},'
    '"examples":{"order":{"value":{"price":1.10,"big":123456789012345678901},"x-metadata":{"invocationType":"Event"}},'
    '"empty":{"value":{}}}}}'
)

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
DEPLOYED = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [TRUST]}},
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): pass"},
            },
        },
    }
}


@pytest.fixture
def schemas() -> Iterator[Schemas]:
    with schema_registry() as running:
        yield running


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    name = f"shared-{uuid.uuid4().hex[:8]}"
    return {"name": name, **aws_server.deploy(name, DEPLOYED)}


@pytest.fixture
def made(
    project: Callable[..., Project], aws_server: AwsEndpoint, schemas: Schemas, stack: dict[str, str]
) -> Project:
    config = f'[dev.deploy.parameters]\nstack_name = "{stack["name"]}"\n[closed.deploy.parameters]\n'
    config += f'stack_name = "{stack["name"]}"\n[closed.samlocal.parameters]\nprotected = true\n'
    template = python("def handler(e, c): return e\n")["template.json"]
    template = {**template, "Resources": {**template["Resources"], "New": template["Resources"]["Fn"]}}
    files = {
        "template.json": template,
        "code/app.py": "def handler(e, c): return e\n",
        "samconfig.toml": config,
        "events/saved.json": '{"id": 1}',
    }
    return project(files, **aws_server.environ, **schemas.environ, **NO_ENGINE)


def share(made: Project, *args: str, env: str = "dev", **more: Any) -> Outcome:
    return made.run("event", "share", *args, "-e", env, **more)


def test_what_the_console_shares_is_listed_and_printed_with_all_of_its_digits(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    schemas.share(stack["Fn"], CONSOLE)
    assert share(made, "list", "Fn").succeeded().stdout == b"order\nempty\n"
    printed = share(made, "get", "Fn", "order").succeeded()
    assert printed.stdout == b'{\n  "price": 1.10,\n  "big": 123456789012345678901\n}\n'
    assert printed.stderr == ""


def test_the_first_event_makes_the_registry_and_its_schema_and_the_last_takes_the_schema_away(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    assert share(made, "list", "Fn").succeeded().stdout == b""
    share(made, "put", "Fn", "saved").succeeded()
    assert list(schemas.registries[REGISTRY]) == [f"_{stack['Fn']}-schema"]
    document = json.loads(schemas.text(stack["Fn"]))
    assert document["components"]["schemas"] == {"Event": {"type": "object"}}
    assert document["components"]["examples"] == {"saved": {"value": {"id": 1}}}
    gone = share(made, "delete", "Fn", "saved", stdin=b"yes\n").succeeded()
    assert "Delete the test event saved of Fn in dev for everybody? [y/N]" in gone.stderr
    assert schemas.registries[REGISTRY] == {}


def test_what_stands_beside_an_event_stays_as_it_was_written(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    schemas.share(stack["Fn"], CONSOLE)
    share(made, "put", "Fn", "order", "--event", '{"price":2.50}', "--replace").succeeded()
    assert schemas.text(stack["Fn"]) == CONSOLE.replace(
        '{"price":1.10,"big":123456789012345678901}', '{"price":2.50}'
    )
    share(made, "delete", "Fn", "empty", "--yes").succeeded()
    assert schemas.text(stack["Fn"]).endswith('"examples":{"order":{"value":{"price":2.50},"x-metadata":'
        '{"invocationType":"Event"}}}}}')  # fmt: skip


def test_five_versions_of_a_schema_stay(made: Project, schemas: Schemas, stack: dict[str, str]) -> None:
    schemas.share(stack["Fn"], CONSOLE)
    versions = schemas.registries[REGISTRY][f"_{stack['Fn']}-schema"]
    versions |= dict.fromkeys(range(2, 12), CONSOLE)
    share(made, "put", "Fn", "saved").succeeded()
    assert sorted(versions) == [8, 9, 10, 11, 12]


def test_a_name_that_is_taken_or_unknown_is_said_and_nothing_is_changed(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    schemas.share(stack["Fn"], CONSOLE)
    taken = share(made, "put", "Fn", "order", "--event", "{}").ended(ExitStatus.EVENT)
    assert "replace it with --replace" in taken.stderr
    unknown = share(made, "get", "Fn", "oder").ended(ExitStatus.EVENT)
    assert "shares no test event of that name; did you mean order?" in unknown.stderr
    assert "It shares order, empty." in unknown.stderr
    share(made, "delete", "Fn", "order", stdin=b"no\n").succeeded()
    share(made, "delete", "Fn", "order").ended(ExitStatus.USAGE)
    assert schemas.text(stack["Fn"]) == CONSOLE


def test_permissions_that_are_missing_are_named(made: Project, schemas: Schemas) -> None:
    schemas.denies = True
    refused = share(made, "list", "Fn").ended(ExitStatus.AWS)
    assert "schemas:DescribeSchema: ForbiddenException: not authorized" in refused.stderr
    assert f"on the registry {REGISTRY}" in refused.lines[-1]
    assert "samlocal event save" in refused.lines[-1]


@pytest.mark.parametrize(
    ("args", "status", "said"),
    [
        (("list", "Fn"), ExitStatus.USAGE, "name it with -e ENV"),
        (("list", "Fn", "-e", "local"), ExitStatus.USAGE, "has no EventBridge schema registry"),
        (("put", "Fn", "saved", "-e", "closed"), ExitStatus.PROTECTED, "closed is protected"),
        (("delete", "Fn", "saved", "-y", "-e", "closed"), ExitStatus.PROTECTED, "closed is protected"),
        (("list", "New", "-e", "dev"), ExitStatus.FUNCTION_NOT_FOUND, "New is not deployed in dev."),
        (("put", "Fn", "none", "-e", "dev"), ExitStatus.EVENT, "none: there is no such event file"),
        (("put", "Fn", "-x", "-e", "dev"), ExitStatus.USAGE, "-x"),
    ],
)
def test_where_nothing_can_be_shared_it_is_said_why(
    made: Project, args: tuple[str, ...], status: ExitStatus, said: str
) -> None:
    assert said in made.run("event", "share", *args).ended(status).stderr


def test_an_event_that_is_shared_can_be_run_and_a_file_of_its_name_wins(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    schemas.share(stack["Fn"], CONSOLE.replace("empty", "saved"))
    # They get as far as the engine: the events are there.
    made.run("invoke", "Fn", "--event", "order", "-e", "dev", "--no-assume-role").ended(ExitStatus.DOCKER)
    unknown = made.run("invoke", "Fn", "--event", "oder", "-e", "dev").ended(ExitStatus.EVENT)
    assert "oder: there is no such event file, and no event is saved by that name." in unknown.stderr
    assert "shares no test event of that name; did you mean order?" in unknown.stderr
    schemas.denies = True
    made.run("invoke", "Fn", "--event", "saved", "-e", "dev", "--no-assume-role").ended(ExitStatus.DOCKER)


def test_what_is_secret_by_its_name_is_said_before_it_is_shared(
    made: Project, schemas: Schemas, stack: dict[str, str]
) -> None:
    event = '{"headers": {"Authorization": "Bearer x"}, "body": {"client_secret": "y", "token": ""}}'
    outcome = share(made, "put", "Fn", "login", "--event", event).succeeded()
    assert "--event holds headers.Authorization, body.client_secret, and everybody" in outcome.stderr
