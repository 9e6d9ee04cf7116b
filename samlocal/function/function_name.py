"""How a function is named: by its name, a part of its ARN or all of it, with a qualifier or without.

Sources: Lambda API reference, Invoke, ``FunctionName``; CloudFormation, where ``AWS::Lambda::EventInvokeConfig``,
``AWS::Lambda::EventSourceMapping`` and ``AWS::Lambda::Alias`` take the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from samlocal.deployed.place import Place

# What the API's own patterns allow; `/` besides, by which samlocal's users name functions of nested stacks.
_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_./]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class FunctionName(Struct, frozen=True, kw_only=True):
    """What a text says of a function; None is what it does not say."""

    name: str
    region: str | None = None
    account: str | None = None
    qualifier: str | None = None

    @classmethod
    def of(cls, text: str) -> FunctionName | None:
        """None where the text names no function."""
        matched = _NAME.fullmatch(text)
        return None if matched is None else cls(**matched.groupdict())


def names_function(text: str, names: Collection[str], *, place: Place) -> bool:
    """Whether a text names the function there that has one of these names, or a version or an alias of it."""
    named = FunctionName.of(text)
    return (
        named is not None
        and named.name in names
        and named.region in (None, place.region)
        and named.account in (None, place.account)
    )
