"""How a request names a function: a name, a part of an ARN or all of it, with a qualifier or without.

Sources: Lambda API reference, Invoke, ``FunctionName`` and ``Qualifier``; botocore's model of Lambda, for the
patterns.
"""

from __future__ import annotations

import re

from msgspec import Struct

from samlocal.deployed.place import Place
from samlocal.endpoint import api_error
from samlocal.function.function_name import FunctionName

_DOCUMENTED = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER = re.compile(r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+")
_LONGEST = 256
_LONGEST_QUALIFIER = 128


class FunctionReference(Struct, frozen=True, kw_only=True):
    """``qualifier`` is None where the request names none."""

    name: str
    qualifier: str | None = None

    def arn(self, place: Place) -> str:
        """What AWS calls what is named, whether it is there or not."""
        qualified = self.name if self.qualifier is None else f"{self.name}:{self.qualifier}"
        return f"arn:{place.partition}:lambda:{place.region}:{place.account}:function:{qualified}"


def function_reference(text: str, *, qualifier: str | None, place: Place) -> FunctionReference:
    """What ``FunctionName`` and ``Qualifier`` name together. Raises ApiError.

    Another account's function is not found: nobody here could say more of it.
    """
    if len(text) > _LONGEST:
        raise api_error.constraint("functionName", text, f"have length less than or equal to {_LONGEST}")
    named = FunctionName.of(text)
    if named is None:
        raise api_error.constraint("functionName", text, f"satisfy regular expression pattern: {_DOCUMENTED}")
    qualifier = qualifier or None
    if qualifier is not None:
        _check_qualifier(qualifier)
    if named.qualifier is not None and qualifier is not None and named.qualifier != qualifier:
        raise api_error.invalid_parameter(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    if named.region is not None and named.region != place.region:
        raise api_error.resource_not_found(
            f"Functions from '{named.region}' are not reachable in this region ('{place.region}')"
        )
    if named.account is not None and named.account != place.account:
        raise api_error.function_not_found(text)
    return FunctionReference(name=named.name, qualifier=named.qualifier or qualifier)


def _check_qualifier(qualifier: str) -> None:
    """Raises ApiError."""
    if len(qualifier) > _LONGEST_QUALIFIER:
        rule = f"have length less than or equal to {_LONGEST_QUALIFIER}"
    elif not _QUALIFIER.fullmatch(qualifier):
        rule = f"satisfy regular expression pattern: {_QUALIFIER.pattern}"
    else:
        return
    raise api_error.constraint("qualifier", qualifier, rule)
