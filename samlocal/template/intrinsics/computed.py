"""The intrinsic functions whose arguments alone determine their value.

Source of each: CloudFormation template reference, "Intrinsic functions".
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import json
from collections.abc import Callable, Mapping

from samlocal.template.document import EXPANSION_LIMIT
from samlocal.template.values import Json, text, whole_number
from samlocal.template.written import size

# CloudFormation template reference, "Fn::Cidr", count.
_CIDR_BLOCKS = range(1, 257)


class FunctionError(ValueError):
    """The arguments are of the wrong kind or number."""


def join(arguments: Json) -> Json:
    delimiter, items = _arguments(arguments, 2, 2)
    between, texts = _text(delimiter), [_text(item) for item in _list(items)]
    bounded(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def select(arguments: Json) -> Json:
    index, items = _arguments(arguments, 2, 2)
    number, values = _number(index), _list(items)
    if number >= len(values):
        raise FunctionError(f"it asks for item {number} of {len(values)}; items count from 0")
    return values[number]


def split(arguments: Json) -> Json:
    delimiter, source = _arguments(arguments, 2, 2)
    if not _text(delimiter):
        raise FunctionError("it needs a delimiter")
    return list(_text(source).split(_text(delimiter)))


def base64_text(argument: Json) -> Json:
    return base64.b64encode(_text(argument).encode()).decode()


def length(argument: Json) -> Json:
    return len(_list(argument))


def to_json_string(argument: Json) -> Json:
    bounded(size(argument))
    return json.dumps(argument, separators=(",", ":"), ensure_ascii=False)


def cidr(arguments: Json) -> Json:
    """``[block, count, bits]``: ``count`` blocks whose host part is ``bits`` long."""
    block, count, *bits = _arguments(arguments, 2, 3)
    source, wanted, host_bits = _text(block), _number(count), _number(bits[0]) if bits else 0
    if wanted not in _CIDR_BLOCKS:
        raise FunctionError(f"it gives 1 to {_CIDR_BLOCKS.stop - 1} blocks, not {wanted}")
    try:
        network = ipaddress.ip_network(source, strict=False)
        prefix = network.max_prefixlen - host_bits if bits else network.prefixlen
        blocks = [str(subnet) for subnet in itertools.islice(network.subnets(new_prefix=prefix), wanted)]
    except ValueError as error:
        raise FunctionError(str(error)) from error
    if len(blocks) < wanted:
        raise FunctionError(f"{source} holds {len(blocks)} such blocks, not {wanted}")
    return list(blocks)


def bounded(characters: int) -> None:
    """Raises FunctionError for more than an expression may give."""
    if characters > EXPANSION_LIMIT:
        raise FunctionError(f"it gives more than {EXPANSION_LIMIT:,} characters")


COMPUTED: Mapping[str, Callable[[Json], Json]] = {
    "Fn::Join": join,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::Base64": base64_text,
    "Fn::Length": length,
    "Fn::ToJsonString": to_json_string,
    "Fn::Cidr": cidr,
}


def kind(value: Json) -> str:
    """What a value is, for a message about its being the wrong thing."""
    match value:
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case None:
            return "nothing"
    return repr(text(value))


def _arguments(value: Json, least: int, most: int) -> list[Json]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise FunctionError(f"it needs a list of {least if least == most else f'{least} to {most}'}")
    return value


def _text(value: Json) -> str:
    if isinstance(value, (list, dict)) or value is None:
        raise FunctionError(f"it needs text, this is {kind(value)}")
    return text(value)


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise FunctionError(f"it needs a list, this is {kind(value)}")
    return value


def _number(value: Json) -> int:
    written = _text(value)
    number = whole_number(written)
    if number is None:
        raise FunctionError(f"it needs a number, this is {written[:40]!r}")
    return number
