"""Items of a deployed table, copied into the same table of the local environment.

The deployed table is described and scanned, and asked nothing else. A scan is what is read, whatever comes of it, so
it is bounded: so many items, in pages, read at half the price (eventually consistent), and no faster on average than
a small table has capacity for (DynamoDB developer guide, "Scanning tables" and "Read consistency").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.config import nearest
from samlocal.deployed.place import Place
from samlocal.deployed.stack import Stack
from samlocal.errors import ConfigurationError

_TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")

_PAGE = 100

# Read units: a table of 5 units, which is what a template says that says little, has saved up 1,500 (DynamoDB
# developer guide, "Burst capacity"); a page of 1 MB costs 128.
_UNITS_PER_SECOND = 25.0

_NEEDS = (
    "The caller needs cloudformation:DescribeStacks and ListStackResources of the stack, and dynamodb:DescribeTable "
    "and Scan of the table."
)


class Key(Struct, frozen=True, kw_only=True):
    """``role`` is HASH or RANGE, ``type`` S, N or B."""

    name: str
    role: str
    type: str

    def __str__(self) -> str:
        return f"{self.name} ({self.type}, {self.role})"


class Table(Struct, frozen=True, kw_only=True):
    """A stack's; ``streams`` says whether its changes are told to a stream."""

    logical_id: str
    name: str
    arn: str
    keys: tuple[Key, ...]
    streams: bool

    @property
    def place(self) -> Place:
        return Place.from_arn(self.arn)


class Copied(Struct, frozen=True, kw_only=True):
    """What came of it: ``units`` are the read units that the deployed table has given, ``more`` items it has."""

    items: int
    units: float
    more: bool


def described(aws: Aws, stack: Stack, logical_id: str) -> Table:
    """A table of a stack. Raises ConfigurationError where there is none, AwsCallError."""
    tables = [each.logical_id for each in stack.resources.values() if each.type in _TYPES]
    if logical_id not in tables:
        raise ConfigurationError(
            f"The stack {stack.name} has no table {logical_id}{nearest(logical_id, tables)}",
            tip=f"It has {', '.join(sorted(tables)) or 'none'}. Tables are named by their logical ids.",
        )
    name = stack.resources[logical_id].physical_id
    with _told_what_is_needed():
        table = aws.call("dynamodb", "describe_table", TableName=name)["Table"]
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return Table(
        logical_id=logical_id,
        name=name,
        arn=table["TableArn"],
        keys=tuple(
            Key(name=each["AttributeName"], role=each["KeyType"], type=types[each["AttributeName"]])
            for each in table["KeySchema"]
        ),
        streams=bool(table.get("StreamSpecification", {}).get("StreamEnabled")),
    )


def check_keys(deployed: Table, here: Table) -> None:
    """Raises ConfigurationError where items of the one are none of the other."""
    if deployed.keys != here.keys:
        raise ConfigurationError(
            f"{here.logical_id} has other keys here: {_listed(here.keys)}; deployed it has {_listed(deployed.keys)}.",
            tip="Nothing has been copied. Deploy the template, or go back to the one that is deployed.",
        )


def copy(
    aws: Aws, deployed: Table, to: Aws, here: Table, *, limit: int, sleep: Callable[[float], None] = time.sleep
) -> Copied:
    """Puts at most ``limit`` items there, as DynamoDB has said them. What is there under the same key is replaced.

    Raises ConfigurationError where the table here does not take one, AwsError.
    """
    items, units, more = 0, 0.0, False
    for page in _pages(aws, deployed.name, limit=limit, sleep=sleep):
        units += _units(page)
        more = "LastEvaluatedKey" in page
        for item in page["Items"]:
            try:
                to.call("dynamodb", "put_item", TableName=here.name, Item=item)
            except AwsCallError as error:
                raise ConfigurationError(
                    f"{here.logical_id} does not take an item of {deployed.name}: {error.message}",
                    tip=f"{items} have been copied before it. An index of the table here may have other keys.",
                ) from error
            items += 1
    return Copied(items=items, units=units, more=more)


def _pages(aws: Aws, name: str, *, limit: int, sleep: Callable[[float], None]) -> Iterator[dict[str, Any]]:
    start: dict[str, Any] = {}
    while limit:
        asked = {"TableName": name, "Limit": min(limit, _PAGE), "ReturnConsumedCapacity": "TOTAL", **start}
        with _told_what_is_needed():
            page = aws.call("dynamodb", "scan", **asked)
        yield page
        limit -= len(page["Items"])
        last = page.get("LastEvaluatedKey")
        if not last:
            return
        start = {"ExclusiveStartKey": last}
        if limit:
            sleep(_units(page) / _UNITS_PER_SECOND)


@contextmanager
def _told_what_is_needed() -> Iterator[None]:
    try:
        yield
    except AwsCallError as error:
        if not error.denied:
            raise
        raise AwsCallError(error.message, code=error.code, action=error.action, tip=_NEEDS) from error


def _units(page: dict[str, Any]) -> float:
    return float(page.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))


def _listed(keys: tuple[Key, ...]) -> str:
    return " and ".join(map(str, keys))
