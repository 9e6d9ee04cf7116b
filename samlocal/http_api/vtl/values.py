"""JSON inside a mapping template: with the methods that Java gives it, and written as Java writes it.

A method is a template's to call if it stands in one of these classes without an underscore; ``members.py`` finds it.

Sources: API Gateway developer guide, "Variables for data transformations"; Velocity's user guide; the Java classes
that its methods are of (String, List, Map, Double). What is absent is an empty text, as API Gateway has it
(localstack/localstack, ``utils/aws/templating.py``, tried on AWS).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from samlocal.http_api.regular_expression import fits, parts, replaced

TEXT_BYTES = 10 * 1024 * 1024
"""No API takes more, in either direction."""

# A range that a template keeps is a list of its own.
_RANGE = 100_000


class Text(str):
    """A string."""

    __slots__ = ()

    def length(self) -> int:
        return len(self)

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self)

    def equals(self, other: object) -> Flag:
        return Flag(isinstance(other, str) and str(self) == other)

    def equalsIgnoreCase(self, other: object) -> Flag:  # noqa: N802 - Java's
        return Flag(isinstance(other, str) and self.lower() == other.lower())

    def compareTo(self, other: str) -> int:  # noqa: N802 - Java's
        """The difference of the first letters that differ, else of the lengths."""
        for one, another in zip(self, other, strict=False):
            if one != another:
                return ord(one) - ord(another)
        return len(self) - len(other)

    def compareToIgnoreCase(self, other: str) -> int:  # noqa: N802 - Java's
        return Text(self.lower()).compareTo(other.lower())

    def contains(self, part: str) -> Flag:
        return Flag(part in self)

    def startsWith(self, part: str, begin: int = 0) -> Flag:  # noqa: N802 - Java's
        return Flag(str.startswith(self, part, begin))

    def endsWith(self, part: str) -> Flag:  # noqa: N802 - Java's
        return Flag(str.endswith(self, part))

    def indexOf(self, part: str, begin: int = 0) -> int:  # noqa: N802 - Java's
        return self.find(part, max(begin, 0))

    def lastIndexOf(self, part: str) -> int:  # noqa: N802 - Java's
        return self.rfind(part)

    def charAt(self, index: int) -> Text:  # noqa: N802 - Java's
        return self.substring(index, index + 1)

    def substring(self, begin: int, end: int | None = None) -> Text:
        """Raises IndexError, as Java does."""
        if not 0 <= begin <= (len(self) if end is None else end) <= len(self):
            raise IndexError(f"a text of {len(self)} has no part from {begin} to {len(self) if end is None else end}")
        return Text(self[begin:end])

    def toLowerCase(self) -> Text:  # noqa: N802 - Java's
        return Text(self.lower())

    def toUpperCase(self) -> Text:  # noqa: N802 - Java's
        return Text(self.upper())

    def trim(self) -> Text:
        """Java's own: all up to the space."""
        return Text(self.strip("".join(map(chr, range(33)))))

    def toString(self) -> Text:  # noqa: N802 - Java's
        return self

    def concat(self, other: str) -> Text:
        return Text(self + other)

    def matches(self, pattern: str) -> Flag:
        return Flag(fits(pattern, self))

    def replaceAll(self, pattern: str, by: str) -> Text:  # noqa: N802 - Java's
        return Text(replaced(pattern, by, self))

    def replaceFirst(self, pattern: str, by: str) -> Text:  # noqa: N802 - Java's
        return Text(replaced(pattern, by, self, count=1))

    def split(self, pattern: str, limit: int = 0) -> Items:  # type: ignore[override]
        return Items(parts(pattern, self, limit))

    def replace(self, old: str, new: str) -> Text:  # type: ignore[override]
        return Text(str(self).replace(old, new))


class Nothing(Text):
    """What is not there, null too: an empty text, as all that is asked of it."""

    __slots__ = ()


class Flag(int):
    """True or false, which Java writes in small letters."""

    def __new__(cls, value: object) -> Flag:
        return super().__new__(cls, bool(value))

    def booleanValue(self) -> Flag:  # noqa: N802 - Java's
        return self

    def equals(self, other: object) -> Flag:
        return Flag(isinstance(other, Flag) and self == other)

    def toString(self) -> Text:  # noqa: N802 - Java's
        return Text(str(self))

    def __str__(self) -> str:
        return "true" if self else "false"


class Items(list[Any]):
    """A list, written as JSON (as json-smart's JSONArray writes itself)."""

    def __init__(self, values: Sequence[object] = ()) -> None:
        super().__init__(wrapped(value) for value in values)

    def size(self) -> int:
        return len(self)

    def get(self, index: int) -> Any:
        """Raises IndexError, as Java does."""
        return self[self._there(index)]

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self)

    def contains(self, value: object) -> Flag:
        return Flag(value in self)

    def containsAll(self, others: Sequence[object]) -> Flag:  # noqa: N802 - Java's
        return Flag(all(value in self for value in others))

    def indexOf(self, value: object) -> int:  # noqa: N802 - Java's
        return next((at for at, each in enumerate(self) if each == value), -1)

    def lastIndexOf(self, value: object) -> int:  # noqa: N802 - Java's
        return next((at for at in reversed(range(len(self))) if self[at] == value), -1)

    def add(self, *at_and_value: Any) -> Any:
        """True; nothing where the place is named."""
        *at, value = at_and_value
        self.insert(at[0] if at else len(self), wrapped(value))
        return Nothing() if at else Flag(1)

    def addAll(self, others: Sequence[object]) -> Flag:  # noqa: N802 - Java's
        self.extend(map(wrapped, tuple(others)))
        return Flag(others)

    def set(self, index: int, value: object) -> Any:
        before, self[index] = self.get(index), wrapped(value)
        return before

    def remove(self, what: Any) -> Any:
        """By its place, or the value itself."""
        if isinstance(what, int) and not isinstance(what, Flag):
            return self.pop(self._there(what))
        at = self.indexOf(what)
        if at >= 0:
            del self[at]
        return Flag(at >= 0)

    def subList(self, begin: int, end: int) -> Items:  # noqa: N802 - Java's
        return Items(self[begin:end])

    def toArray(self) -> Items:  # noqa: N802 - Java's
        return Items(self)

    def equals(self, other: object) -> Flag:
        return Flag(self == other)

    def toString(self) -> Text:  # noqa: N802 - Java's
        return Text(str(self))

    def _there(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"a list of {len(self)} has nothing at {index}")
        return index

    def __str__(self) -> str:
        return json_text(self)


class Members:
    """A map, written ``{name=value}``. A loop over it is over its values."""

    def __init__(self, members: Mapping[str, object] | None = None) -> None:
        self._members = {Text(shown(name)): wrapped(value) for name, value in (members or {}).items()}

    def keySet(self) -> Items:  # noqa: N802 - Java's
        return Items(list(self._members))

    def entrySet(self) -> Items:  # noqa: N802 - Java's
        return Items([Entry(name, value) for name, value in self._members.items()])

    def values(self) -> Items:
        return Items(list(self._members.values()))

    def get(self, name: object) -> Any:
        return self._members.get(Text(shown(name)), Nothing())

    def getOrDefault(self, name: object, default: object) -> Any:  # noqa: N802 - Java's
        return self._members.get(Text(shown(name)), wrapped(default))

    def put(self, name: object, value: object) -> Any:
        before = self.get(name)
        self._members[Text(shown(name))] = wrapped(value)
        return before

    def putIfAbsent(self, name: object, value: object) -> Any:  # noqa: N802 - Java's
        return self.get(name) if self.containsKey(name) else self.put(name, value)

    def putAll(self, other: Members) -> Nothing:  # noqa: N802 - Java's
        self._members.update(other._members)
        return Nothing()

    def remove(self, name: object) -> Any:
        return self._members.pop(Text(shown(name)), Nothing())

    def containsKey(self, name: object) -> Flag:  # noqa: N802 - Java's
        return Flag(shown(name) in self._members)

    def containsValue(self, value: object) -> Flag:  # noqa: N802 - Java's
        return Flag(value in self._members.values())

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self._members)

    def equals(self, other: object) -> Flag:
        return Flag(self == other)

    def toString(self) -> Text:  # noqa: N802 - Java's
        return Text(str(self))

    @property
    def plain(self) -> Mapping[Text, Any]:
        return self._members

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Members) and self._members == other._members

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}={shown(value)}" for name, value in self._members.items()) + "}"


class Entry:
    """A map's, written ``name=value``."""

    def __init__(self, key: Text, value: Any) -> None:
        self._key, self._value = key, value

    def getKey(self) -> Text:  # noqa: N802 - Java's
        return self._key

    def getValue(self) -> Any:  # noqa: N802 - Java's
        return self._value

    def __str__(self) -> str:
        return f"{self._key}={shown(self._value)}"


def wrapped(value: object) -> Any:
    """What a template sees of a value of JSON, or of one that it has written itself."""
    match value:
        case None:
            return Nothing()
        case bool():
            return Flag(value)
        case Text() | Items() | Members():
            return value
        case str():
            return Text(value)
        case Mapping():
            return Members(value)
        case range() if len(value) > _RANGE:
            raise ValueError(f"a range of {len(value):,} is too large to be kept")
        case list() | tuple() | range():
            return Items(value)
    return value


def shown(value: object) -> str:
    """A value as Java writes it: a Double from 10,000,000 on, and below 0.001, with an exponent (``1.25E7``)."""
    own = wrapped(value)
    if not isinstance(own, float) or own == 0 or 1e-3 <= abs(own) < 1e7:
        return str(own)
    sign, digits, exponent = Decimal(repr(own)).as_tuple()
    if not isinstance(exponent, int):
        return "NaN" if math.isnan(own) else f"{'-' if own < 0 else ''}Infinity"
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    places = len(digits) + exponent - 1
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{places}"


def json_text(value: object) -> str:
    """JSON without spaces, as json-smart writes it."""
    return json.dumps(_bare(value), separators=(",", ":"), ensure_ascii=False)


def _bare(value: object) -> Any:
    match value:
        case Nothing():
            return None
        case Flag():
            return bool(value)
        case Members():
            return {str(name): _bare(member) for name, member in value.plain.items()}
        case list():
            return [_bare(item) for item in value]
        case Mapping():
            return {name: _bare(member) for name, member in value.items()}
    return value
