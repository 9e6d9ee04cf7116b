"""What Velocity's operators make of two values: of what they have no answer for, nothing, and they say so.

Sources: velocity-engine, ``ASTEQNode.java`` (values of different classes are equal if they are written alike),
``ASTComparisonNode.java`` (numbers alone), ``ASTAddNode.java`` (a text joins what it is added to),
``ASTDivNode.java`` (by zero), ``MathUtils.java``; the Java language specification, 15.17 (whole numbers are divided
towards zero).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from samlocal.http_api.vtl.values import Flag, Items, Members, Nothing, Text, shown, wrapped

Remark = Callable[[str], None]

_BITS = 4096

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys((">", "gt"), operator.gt),
    **dict.fromkeys((">=", "ge"), operator.ge),
    **dict.fromkeys(("<", "lt"), operator.lt),
    **dict.fromkeys(("<=", "le"), operator.le),
}


def _divided(one: Any, other: Any) -> Any:
    if isinstance(one, float) or isinstance(other, float):
        return one / other
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _rest(one: Any, other: Any) -> Any:
    if isinstance(one, float) or isinstance(other, float):
        return math.fmod(one, other)
    return one - other * _divided(one, other)


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _rest,
}


def applied(sign: str, left: object, right: object, remark: Remark) -> Any:
    """Of all operators but those that may leave their right side alone."""
    one, other = wrapped(left), wrapped(right)
    if sign in ("==", "eq"):
        return Flag(_equal(one, other))
    if sign in ("!=", "ne"):
        return Flag(not _equal(one, other))
    if sign in _COMPARISONS:
        if _is_number(one) and _is_number(other):
            return Flag(_COMPARISONS[sign](one, other))
        _said(sign, one, other, remark)
        return Flag(0)
    if sign == "+" and (isinstance(one, str) or isinstance(other, str)) and not _absent(one, other):
        return Text(shown(one) + shown(other))
    if not (_is_number(one) and _is_number(other)):
        _said(sign, one, other, remark)
        return Nothing()
    if sign in ("/", "%") and other == 0:
        remark(f"{shown(one)} {sign} 0 is nothing")
        return Nothing()
    made = _ARITHMETIC[sign](one, other)
    if isinstance(made, int) and made.bit_length() > _BITS:
        raise ValueError(f"{sign} makes a number of more than {_BITS:,} bits")
    return made


def _equal(one: object, other: object) -> bool:
    if _is_number(one) and _is_number(other):
        return one == other
    if isinstance(one, (Items, Members)) and isinstance(other, type(one)):
        return one == other
    return shown(one) == shown(other)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, Flag)


def _absent(one: object, other: object) -> bool:
    """One is not there, and the other no text that it could be joined to."""
    return (isinstance(one, Nothing) and not isinstance(other, str)) or (
        isinstance(other, Nothing) and not isinstance(one, str)
    )


def _said(sign: str, one: object, other: object, remark: Remark) -> None:
    # What is not there is asked for all the time.
    if not isinstance(one, Nothing) and not isinstance(other, Nothing):
        remark(f"{shown(one)!r} {sign} {shown(other)!r}: {sign} is for numbers alone, and has no answer for these")
