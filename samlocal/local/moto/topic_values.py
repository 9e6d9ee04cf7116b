"""Values of the SQL of IoT's rules: its operators and functions.

Sources: AWS IoT Core developer guide, "AWS IoT SQL reference": "Operators", whose tables say what comes of each two
types, "Functions" and "Data types".
"""

from __future__ import annotations

import math
import operator
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct

from samlocal.event_template import as_json


class _Undefined:
    def __repr__(self) -> str:
        return "Undefined"


UNDEFINED: Final = _Undefined()
"""A value that there is not, which is another thing than null."""


class Message(Struct, frozen=True, kw_only=True):
    """``payload`` is its JSON as a value."""

    topic: str
    payload: Any
    account: str


def got(_: Message, value: Any, key: Any) -> Any:
    """A member of an object, or what stands at a place of a list or a text."""
    match value, key:
        case dict(), str():
            return value.get(key, UNDEFINED)
        case ((list() | str()), int()) if not isinstance(key, bool) and 0 <= key < len(value):
            return value[key]
    return UNDEFINED


# operators: what comes of two types is in their tables


def as_boolean(value: Any) -> bool | None:
    """Text that says so too; None of what is neither."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value if isinstance(value, bool) else None


def _logical(join: Callable[[bool, bool], bool]) -> Callable[[Any, Any], Any]:
    def joined(left: Any, right: Any) -> Any:
        first, second = as_boolean(left), as_boolean(right)
        return UNDEFINED if first is None or second is None else join(first, second)

    return joined


def negated(value: Any) -> Any:
    """NOT."""
    truth = as_boolean(value)
    return UNDEFINED if truth is None else not truth


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_decimal(value: Any) -> Decimal | None:
    if not _is_number(value) and not isinstance(value, str):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def compared(left: Any, right: Any) -> Any:
        first, second = _as_decimal(left), _as_decimal(right)
        return UNDEFINED if first is None or second is None else compare(first, second)

    return compared


def _equal(left: Any, right: Any) -> Any:
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    if _is_number(left) and _is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def _unequal(left: Any, right: Any) -> Any:
    equal = _equal(left, right)
    return equal if equal is UNDEFINED else not equal


def _numeric(join: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Of two whole numbers a whole one, else a decimal."""

    def joined(left: Any, right: Any) -> Any:
        first, second = _as_decimal(left), _as_decimal(right)
        if first is None or second is None:
            return UNDEFINED
        try:
            result = join(first, second)
        except (ArithmeticError, ValueError):
            return UNDEFINED
        return int(result) if isinstance(left, int) and isinstance(right, int) else _plain(result)

    return joined


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


minus = _numeric(operator.sub)


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return UNDEFINED if UNDEFINED in (left, right) else as_text(left) + as_text(right)
    return _numeric(operator.add)(left, right)


def as_text(value: Any) -> str:
    """Data types, "Conversions": JSON of what is no text."""
    return value if isinstance(value, str) else "Undefined" if value is UNDEFINED else as_json(value)


LEVELS: tuple[Mapping[str, Callable[[Any, Any], Any]], ...] = (
    {"OR": _logical(operator.or_)},
    {"AND": _logical(operator.and_)},
    {
        "=": _equal,
        "<>": _unequal,
        "<": _ordered(operator.lt),
        "<=": _ordered(operator.le),
        ">": _ordered(operator.gt),
        ">=": _ordered(operator.ge),
    },
    {"+": _plus, "-": minus},
    {"*": _numeric(operator.mul), "/": _numeric(operator.truediv), "%": _numeric(operator.mod)},
)
"""The operators of two values, those that bind least first."""

NOT_LEVEL = 2
"""NOT binds less than a comparison."""

CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
"""Names that are no members of a message."""


# functions


def _topic(message: Message, level: Any = None) -> Any:
    if level is None:
        return message.topic
    levels = message.topic.split("/")
    return levels[level - 1] if isinstance(level, int) and 1 <= level <= len(levels) else UNDEFINED


def _of_texts(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(_: Message, *arguments: Any) -> Any:
        return UNDEFINED if any(each is UNDEFINED for each in arguments) else function(*map(as_text, arguments))

    return called


def _of_number(function: Callable[[Decimal], Any]) -> Callable[..., Any]:
    def called(_: Message, value: Any) -> Any:
        number = _as_decimal(value)
        return UNDEFINED if number is None else _plain(Decimal(function(number)))

    return called


def _rounded(number: Decimal) -> int:
    return math.floor(number + Decimal("0.5"))


FUNCTIONS: Mapping[str, tuple[Callable[..., Any], Sequence[int]]] = {
    "topic": (_topic, (0, 1)),
    "timestamp": (lambda _: int(time.time() * 1000), (0,)),
    "newuuid": (lambda _: str(uuid.uuid4()), (0,)),
    "accountid": (lambda message: message.account, (0,)),
    # Of a message that has not come by MQTT.
    "clientid": (lambda _: "n/a", (0,)),
    "get": (got, (2,)),
    "isnull": (lambda _, value: value is None, (1,)),
    "isundefined": (lambda _, value: value is UNDEFINED, (1,)),
    "lower": (_of_texts(str.lower), (1,)),
    "upper": (_of_texts(str.upper), (1,)),
    "trim": (_of_texts(str.strip), (1,)),
    "length": (_of_texts(len), (1,)),
    "concat": (_of_texts(lambda *texts: "".join(texts)), range(1, 100)),
    "startswith": (_of_texts(str.startswith), (2,)),
    "endswith": (_of_texts(str.endswith), (2,)),
    "indexof": (_of_texts(str.find), (2,)),
    "abs": (_of_number(abs), (1,)),
    "ceil": (_of_number(math.ceil), (1,)),
    "floor": (_of_number(math.floor), (1,)),
    "round": (_of_number(_rounded), (1,)),
}
"""By name: what is called with a message and its arguments, and how many it takes."""
