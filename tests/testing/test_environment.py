"""The environment of a test run: emptied, seeded, made anew, and nobody else's."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest
from kit import Project, make_project, template

from samlocal.cli.opened import Opened, opened
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


OPTIONS = ["-t", "template.json", "-e", "local"]


def world(project: Project, user: str) -> World:
    """What surrounds a project, for one of its users."""
    return World(
        environ={**os.environ, "SAMLOCAL_CACHE_DIR": str(project.cache)},
        cwd=project.folder,
        user=user,
        stdin=io.BytesIO(),
        stdout=io.BytesIO(),
        stderr=io.StringIO(),
    )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("environment"), FILES)


class First:
    """The environment of one user; ``changes`` counts how often its names have become others."""

    def __init__(self, project: Project, there: Opened) -> None:
        self.changes = 0
        self.environment = Environment(there.project, seed=project.folder / "seed.yaml", changed=self._changed)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture(scope="module")
def first(own: Project) -> Iterator[First]:
    with opened(world(own, "one"), OPTIONS) as there:
        made = First(own, there)
        try:
            yield made
        finally:
            made.environment.stop()


def test_cleared_it_holds_the_seed_alone_under_the_names_of_before(first: First) -> None:
    environment = first.environment
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
    assert not first.changes


def test_a_reset_gives_others_names_and_the_seed(first: First) -> None:
    environment = first.environment
    before, changes = environment.physical_id("Items"), first.changes
    environment.reset()
    assert first.changes == changes + 1
    table = environment.physical_id("Items")
    assert table != before
    assert environment.client("dynamodb").scan(TableName=table)["Count"] == 1
    with pytest.raises(LookupError, match="Nothing"):
        environment.physical_id("Nothing")


def test_two_users_have_two_and_the_command_line_a_third(own: Project, first: First) -> None:
    with opened(world(own, "two"), OPTIONS) as there:
        second = Environment(there.project, seed=None, changed=lambda: None)
        try:
            assert first.environment.url != second.url
            assert own.run("local", "status").ended(1).stdout == b"not running\n"
        finally:
            second.stop()


def test_without_one_that_is_said(own: Project) -> None:
    with opened(world(own, "one"), ["-t", "template.json"]) as there:
        environment = Environment(there.project, seed=None, changed=lambda: None)
        with pytest.raises(ConfigurationError, match="no environment on this machine"):
            environment.client("s3")
