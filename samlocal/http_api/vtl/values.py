"""JSON inside a mapping template: with the methods that Java gives it, and written as Java writes it.

Sources: API Gateway developer guide, "Variables for data transformations"; Velocity's user guide; the Java classes
that its methods are of (String, List, Map). What is absent is an empty text, as API Gateway has it
(localstack/localstack, ``utils/aws/templating.py``, tried on AWS).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samlocal.http_api.regular_expression import fits, parts, replaced


class NoSuchMethodError(Exception):
    """A template asks for what its value does not have here."""


class Text(str):
    """A string. Methods have Java's names."""

    __slots__ = ()

    def length(self) -> int:
        return len(self)

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self)

    def equals(self, other: object) -> Flag:
        return Flag(self == other)

    def equalsIgnoreCase(self, other: object) -> Flag:  # noqa: N802 - Java's
        return Flag(self.lower() == str(other).lower())

    def contains(self, part: str) -> Flag:
        return Flag(part in self)

    def startsWith(self, part: str) -> Flag:  # noqa: N802 - Java's
        return Flag(str.startswith(self, part))

    def endsWith(self, part: str) -> Flag:  # noqa: N802 - Java's
        return Flag(str.endswith(self, part))

    def indexOf(self, part: str) -> int:  # noqa: N802 - Java's
        return self.find(part)

    def lastIndexOf(self, part: str) -> int:  # noqa: N802 - Java's
        return self.rfind(part)

    def substring(self, begin: int, end: int | None = None) -> Text:
        return Text(self[begin:end])

    def toLowerCase(self) -> Text:  # noqa: N802 - Java's
        return Text(self.lower())

    def toUpperCase(self) -> Text:  # noqa: N802 - Java's
        return Text(self.upper())

    def trim(self) -> Text:
        return Text(self.strip())

    def toString(self) -> Text:  # noqa: N802 - Java's
        return self

    def concat(self, other: str) -> Text:
        return Text(self + other)

    def matches(self, pattern: str) -> Flag:
        return Flag(fits(pattern, self))

    def replaceAll(self, pattern: str, by: str) -> Text:  # noqa: N802 - Java's
        # The guide's ``replaceAll("\\'", "'")`` takes off a backslash: Velocity keeps both of those that are written.
        return Text(replaced(r"\\'" if pattern == r"\'" else pattern, by, self))

    def split(self, pattern: str) -> Items:  # type: ignore[override]
        """As Java does, without empty texts at the end."""
        return Items(parts(pattern, self))

    def replace(self, old: str, new: str) -> Text:  # type: ignore[override]
        return Text(str(self).replace(old, new))

    def __getattr__(self, name: str) -> Any:
        return _missing(name, Unknown(f"texts have no {name} here"))


class Nothing(Text):
    """What is not there, null too: an empty text, as all that is asked of it."""

    def __getattr__(self, name: str) -> Any:
        return _missing(name, Nothing())

    def __call__(self, *_: object) -> Nothing:
        return Nothing()


class Unknown(Nothing):
    """What a value does not have. As a member it is nothing; as a method it cannot be evaluated."""

    def __new__(cls, said: str) -> Unknown:
        made = super().__new__(cls)
        made.__dict__["_said"] = said
        return made

    def __call__(self, *_: object) -> Nothing:
        raise NoSuchMethodError(self.__dict__["_said"])


def _missing(name: str, value: Nothing) -> Nothing:
    """Python itself, and airspeed's loops, ask for names that are no template's."""
    if name.startswith("_") or name == "keys":
        raise AttributeError(name)
    return value


class Flag(int):
    """True or false, which Java writes in small letters."""

    def __new__(cls, value: object) -> Flag:
        return super().__new__(cls, bool(value))

    def __str__(self) -> str:
        return "true" if self else "false"


class Items(list[Any]):
    """A list, written as JSON (as json-smart's JSONArray writes itself)."""

    def __init__(self, values: Sequence[object] = ()) -> None:
        super().__init__(wrapped(value) for value in values)

    def size(self) -> int:
        return len(self)

    def get(self, index: int) -> Any:
        return self[index]

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self)

    def contains(self, value: object) -> Flag:
        return Flag(value in self)

    def add(self, value: object) -> Flag:
        self.append(wrapped(value))
        return Flag(1)

    def __getattr__(self, name: str) -> Any:
        return _missing(name, Unknown(f"lists have no {name} here"))

    def __str__(self) -> str:
        return json_text(self)


class Members:
    """A map, written ``{name=value}``. A loop over it is over its values."""

    def __init__(self, members: Mapping[str, object] | None = None) -> None:
        self._members = {Text(name): wrapped(value) for name, value in (members or {}).items()}

    @property
    def plain(self) -> Mapping[Text, Any]:
        return self._members

    def keySet(self) -> Items:  # noqa: N802 - Java's
        return Items(list(self._members))

    def entrySet(self) -> Items:  # noqa: N802 - Java's
        return Items([Members({"key": name, "value": value}) for name, value in self._members.items()])

    def values(self) -> Items:
        return Items(list(self._members.values()))

    def get(self, name: str) -> Any:
        return self._members.get(Text(name), Nothing())

    def put(self, name: str, value: object) -> Text:
        self[name] = value
        return Text()

    def putAll(self, other: Members) -> Text:  # noqa: N802 - Java's
        self._members.update(other.plain)
        return Text()

    def containsKey(self, name: str) -> Flag:  # noqa: N802 - Java's
        return Flag(name in self._members)

    def size(self) -> int:
        return len(self)

    def isEmpty(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self._members)

    def toString(self) -> Text:  # noqa: N802 - Java's
        return Text(str(self))

    def __getitem__(self, name: object) -> Any:
        """A member; None for airspeed to find a method where there is no such member; else nothing."""
        found = self._members.get(name)  # type: ignore[call-overload]
        if found is None and isinstance(name, str) and not hasattr(Members, name):
            return Unknown(f"maps have no {name} here")
        return found

    def __setitem__(self, name: str, value: object) -> None:
        self._members[Text(name)] = wrapped(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members.values())

    def __len__(self) -> int:
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "{" + ", ".join(f"{name}={value}" for name, value in self._members.items()) + "}"


def wrapped(value: object) -> Any:
    """What a template sees of a value of JSON."""
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
        case list() | tuple():
            return Items(value)
    return value


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
