"""The environment of a test run: emptied, seeded, made anew, and nobody else's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, template

from samlocal.cli.opened import opened
from samlocal.cli.world import World
from samlocal.errors import ConfigurationError
from samlocal.testing.environment import Environment

FILES = {
    "template.json": template(
        Items={
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                # Words of DynamoDB's own, which an expression may not name as they are.
                "AttributeDefinitions": [
                    {"AttributeName": "name", "AttributeType": "S"},
                    {"AttributeName": "size", "AttributeType": "N"},
                ],
                "KeySchema": [
                    {"AttributeName": "name", "KeyType": "HASH"},
                    {"AttributeName": "size", "KeyType": "RANGE"},
                ],
            },
        },
        Files={"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
        Orders={"Type": "AWS::SQS::Queue"},
    ),
    "seed.yaml": "tables: {Items: [{name: first, size: 1}]}\n",
}


class _Changes:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def test_cleared_it_holds_the_seed_alone_under_the_names_of_before(
    project: Callable[..., Project], world: Callable[..., World]
) -> None:
    own = project(FILES)
    changes = _Changes()
    with opened(world(own, "one"), ["-t", "template.json", "-e", "local"]) as there:
        environment = Environment(there.project, seed=own.folder / "seed.yaml", changed=changes)
        try:
            table, bucket, queue = map(environment.physical_id, ("Items", "Files", "Orders"))
            dynamodb, s3, sqs = map(environment.client, ("dynamodb", "s3", "sqs"))
            # More than a batch, and twice: AWS empties a queue once a minute.
            for _ in range(2):
                for number in range(60):
                    dynamodb.put_item(TableName=table, Item={"name": {"S": "n"}, "size": {"N": str(number)}})
                s3.put_object(Bucket=bucket, Key="a", Body=b"1")
                s3.put_object(Bucket=bucket, Key="a", Body=b"2")
                s3.delete_object(Bucket=bucket, Key="a")
                sqs.send_message(QueueUrl=queue, MessageBody="one")
                sqs.send_message(QueueUrl=queue, MessageBody="two")
                # On its way to somebody.
                assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
                environment.clear()
                items = dynamodb.scan(TableName=table)["Items"]
                assert items == [{"name": {"S": "first"}, "size": {"N": "1"}}]
                versions = s3.list_object_versions(Bucket=bucket)
                assert not {"Versions", "DeleteMarkers"} & versions.keys()
                names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
                counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
                assert set(counts.values()) == {"0"}
            assert not changes.count

            environment.reset()
            assert changes.count == 1
            assert environment.physical_id("Items") != table
            table = environment.physical_id("Items")
            assert environment.client("dynamodb").scan(TableName=table)["Count"] == 1
            with pytest.raises(LookupError, match="Nothing"):
                environment.physical_id("Nothing")
        finally:
            environment.stop()


def test_two_users_have_two_and_the_command_line_a_third(
    project: Callable[..., Project], world: Callable[..., World]
) -> None:
    own = project(FILES)
    options = ["-t", "template.json", "-e", "local"]
    with opened(world(own, "one"), options) as first, opened(world(own, "two"), options) as second:
        environments = [Environment(each.project, seed=None, changed=lambda: None) for each in (first, second)]
        try:
            one, two = (each.url for each in environments)
            assert one != two
            assert own.run("local", "status").ended(1).stdout == b"not running\n"
        finally:
            for each in environments:
                each.stop()


def test_without_one_that_is_said(project: Callable[..., Project], world: Callable[..., World]) -> None:
    with opened(world(project(FILES), "one"), ["-t", "template.json"]) as there:
        environment = Environment(there.project, seed=None, changed=lambda: None)
        with pytest.raises(ConfigurationError, match="no environment on this machine"):
            environment.client("s3")


@pytest.fixture
def world() -> Callable[..., World]:
    """What surrounds a project, for one of its users."""
    import io

    def made(project: Project, user: str) -> World:
        environ = {**os.environ, "SAMLOCAL_CACHE_DIR": str(project.cache)}
        return World(
            environ=environ,
            cwd=Path(project.folder),
            user=user,
            stdin=io.BytesIO(),
            stdout=io.BytesIO(),
            stderr=io.StringIO(),
        )

    return made
