"""How values are written inside events; the names are those of the placeholders."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from samlocal.deployed.place import Place, partition_of
from samlocal.dynamodb_json import is_typed, item_bytes, typed
from samlocal.events.moment import MOMENTS


def encoded(value: Any, encoding: str) -> Any:
    return ENCODINGS[encoding](value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _spaced(value: Any) -> str:
    """As SNS writes a notification."""
    return json.dumps(value, indent=2, separators=(",", " : "), ensure_ascii=False)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else _compact(value)).encode()


def _gzip(value: Any) -> bytes:
    # Without the time at which it was made: the same for the same value.
    return gzip.compress(_bytes(value), mtime=0)


def _image(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item in DynamoDB's own form, also of one that is in it already."""
    return dict(item) if is_typed(item) else {name: typed(value) for name, value in item.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _compact(value)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _attributes_md5(pairs: Iterable[tuple[str, str]]) -> str:
    """SQS developer guide, "Calculating the MD5 message digest for message attributes": all are strings here."""
    digest = hashlib.md5(usedforsecurity=False)
    for name, value in sorted(dict(pairs).items()):
        for text, transport in ((name, b""), ("String", b"\x01"), (value, b"")):
            data = text.encode()
            digest.update(len(data).to_bytes(4) + data + transport)
    return digest.hexdigest()


ENCODINGS: Mapping[str, Callable[[Any], Any]] = {
    "attributes-md5": _attributes_md5,
    "base64": lambda value: base64.b64encode(_bytes(value)).decode(),
    "bytes": lambda value: list(_bytes(value)),
    "crc32": lambda value: f"{zlib.crc32(_bytes(value)):08x}",
    "first-segment": lambda path: _segments(path)[0] if _segments(path) else "",
    "graphql": lambda fields: "{\n" + "".join(f"  {field}\n" for field in fields) + "}",
    "gzip": _gzip,
    "image": _image,
    "int": int,
    "item-bytes": lambda items: sum(item_bytes(item) for item in items),
    "json": _compact,
    "json-spaced": _spaced,
    "length": lambda value: len(_bytes(value)),
    "lower": lambda value: str(value).lower(),
    "md5": lambda value: hashlib.md5(_bytes(value), usedforsecurity=False).hexdigest(),
    "partition": partition_of,
    "url-suffix": lambda region: Place.in_region(region, account="").url_suffix,
    "pad": lambda value: f"{value:06}",
    "query-pairs": urlencode,
    "query-string": lambda pairs: f"?{urlencode(pairs)}",
    "relative": lambda value: str(value).removeprefix("/"),
    "segments": _segments,
    "text": _text,
    "url": lambda value: quote_plus(str(value), safe="/"),
    **MOMENTS,
}
