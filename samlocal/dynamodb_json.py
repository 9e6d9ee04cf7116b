"""Values in DynamoDB's own form (DynamoDB API reference, AttributeValue)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})


def typed(value: Any) -> dict[str, Any]:
    """``{"N": "5"}`` of 5; what is no value of JSON's, such as a date of YAML's, as its text."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [typed(item) for item in value]}
        case Mapping():
            return {"M": {str(key): typed(item) for key, item in value.items()}}
        case _:
            return {"S": str(value)}


def is_typed(item: Mapping[str, Any]) -> bool:
    """Whether an item is in that form already: each attribute an object with its type for its only name."""
    return bool(item) and all(
        isinstance(value, Mapping) and len(value) == 1 and TYPES.issuperset(value) for value in item.values()
    )


def item_bytes(item: Mapping[str, Any]) -> int:
    """An item's size as DynamoDB counts it (DynamoDB developer guide, "Item sizes and formats").

    A number has a byte for two of its digits, and one more.
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    match value:
        case {"N": number}:
            return (len(str(number).strip("-+").replace(".", "")) + 1) // 2 + 1
        case {"M": members}:
            return 3 + sum(1 + len(name.encode()) + _value_bytes(each) for name, each in members.items())
        case {"L": items}:
            return 3 + sum(1 + _value_bytes(each) for each in items)
        case {"NULL": _} | {"BOOL": _}:
            return 1
        case {"NS": numbers}:
            return sum(_value_bytes({"N": each}) for each in numbers)
        case {"SS": texts} | {"BS": texts}:
            return sum(len(str(each).encode()) for each in texts)
        case {"S": text} | {"B": text}:
            return len(str(text).encode())
    return 0
