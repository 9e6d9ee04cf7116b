"""Additions to a JSON file with comments, as editors keep them: everything that stands there stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from samlocal.errors import ConfigurationError

if TYPE_CHECKING:
    from json5.model import JSONArray, JSONObject, JSONText, Node, Value

Entry: TypeAlias = Mapping[str, object]


def with_entries(text: str, key: str, entries: Sequence[Entry], *, named_by: str, replace: bool, path: Path) -> str:
    """The text of a file with entries added to its list ``key``, which is made where it is missing.

    An entry whose ``named_by`` is there already is left as the user has it, unless ``replace``. ``path`` is for the
    message of the ConfigurationError that a file of another form raises.
    """
    from json5.dumper import ModelDumper, dumps
    from json5.loader import ModelLoader, loads
    from json5.model import JSONArray, JSONObject
    from json5.utils import JSON5DecodeError

    bom, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    try:
        document: JSONText = loads(text, loader=ModelLoader())
    except JSON5DecodeError as error:
        raise ConfigurationError(
            f"{path}: this is not JSON with comments: {str(error).splitlines()[0]}", tip="Mend the file first."
        ) from error
    root = document.value
    if not isinstance(root, JSONObject):
        raise ConfigurationError(f"{path}: an object is expected here.", tip="Mend the file first.")
    style = _Style(text)
    array = _member(root, key)
    if array is None:
        _append_member(root, key, style)
        array = _member(root, key)
    if not isinstance(array, JSONArray):
        raise ConfigurationError(f"{path}: {key} is to be a list.", tip="Mend the file first.")
    for entry in entries:
        there = next(
            (index for index, value in enumerate(array.values) if _name(value, named_by) == entry[named_by]), None
        )
        if there is None:
            _append(array, style.value(entry, depth=2), style)
        elif replace:
            before = array.values[there]
            after = style.value(entry, depth=2)
            after.wsc_before, after.wsc_after = before.wsc_before, before.wsc_after
            array.values[there] = after
    return bom + str(dumps(document, dumper=ModelDumper()))  # type: ignore[arg-type]


class _Style:
    """How a file is written: the end of its lines, and what it indents with."""

    def __init__(self, text: str) -> None:
        self.newline = "\r\n" if "\r\n" in text else "\n"
        found = re.search(r"^([ \t]+)\"", text, re.MULTILINE)
        self._unit = found[1] if found else "    "

    def line(self, depth: int) -> str:
        """The beginning of a new line."""
        return self.newline + self._unit * depth

    def value(self, entry: object, *, depth: int) -> Value:
        from json5.loader import ModelLoader, loads

        written = json.dumps(entry, indent=self._unit, ensure_ascii=False).replace("\n", self.line(depth))
        value: Value = loads(written, loader=ModelLoader()).value
        return value


def _member(root: JSONObject, key: str) -> Value | None:
    """The last one of that name, which is the one that counts."""
    found: Value | None = None
    for pair in root.key_value_pairs:
        if _text(pair.key) == key:
            found = pair.value
    return found


def _name(value: Node, named_by: str) -> str | None:
    from json5.model import JSONObject

    return _text(_member(value, named_by)) if isinstance(value, JSONObject) else None


def _text(node: Node | None) -> str | None:
    """The text of a string or of a name without quotes."""
    text: Any = getattr(node, "characters", getattr(node, "name", None))
    return text if isinstance(text, str) else None


def _append(array: JSONArray, value: Value, style: _Style) -> None:
    """Puts a value at the end, behind the comments that stand there, on a line of its own."""
    value.wsc_before = [*_end(array, array.values), style.line(2)]
    if array.trailing_comma is None:
        value.wsc_after = [style.line(1)]
    else:
        array.trailing_comma.wsc_before = []
        array.trailing_comma.wsc_after = [style.line(1)]
    array.values.append(value)


def _append_member(root: JSONObject, key: str, style: _Style) -> None:
    """Puts an empty list under a new key at the end of the file's object."""
    pair = style.value({key: []}, depth=0)
    from json5.model import JSONObject

    assert isinstance(pair, JSONObject)  # noqa: S101 - it was written as one
    name, value = pair.keys[0], pair.values[0]
    name.wsc_before = [*_end(root, root.values), style.line(1)]
    value.wsc_before = [" "]
    if root.trailing_comma is None:
        value.wsc_after = [style.line(0)]
    else:
        root.trailing_comma.wsc_before = []
        root.trailing_comma.wsc_after = [style.line(0)]
    root.keys.append(name)
    root.values.append(value)


def _end(holder: JSONArray | JSONObject, values: list[Value]) -> list[Any]:
    """What stands between the last value and the closing bracket, taken from there; the last blank left out."""
    if not values:
        spaces, holder.leading_wsc = holder.leading_wsc, []
    elif holder.trailing_comma is not None:
        # What stands before the comma stays with its value.
        values[-1].wsc_after = [*values[-1].wsc_after, *holder.trailing_comma.wsc_before]
        spaces = holder.trailing_comma.wsc_after
    else:
        spaces, values[-1].wsc_after = values[-1].wsc_after, []
    kept = list(spaces)
    while kept and isinstance(kept[-1], str) and not kept[-1].strip():
        kept.pop()
    return kept
