"""The values of one event's placeholders: what was given, and what stands in where nothing was."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from samlocal.events.flags import FlagsError
from samlocal.events.fresh import fresh
from samlocal.events.kind import Flag, Kind
from samlocal.events.placeholder import Placeholder, alone, pieces

Given = Mapping[str, Sequence[Any]]
"""The values of the flags that were given: one, or one for each record."""


class Values:
    """Of an event with ``count`` records, or of one of these: ``index`` says which. ``over`` goes over each record.

    A record's are its own, but for those that are made once for its event. ``fill`` gives a flag's default, which may
    be made of other values, with these in it.
    """

    def __init__(
        self,
        kind: Kind,
        given: Given,
        random: Random,
        *,
        fill: Callable[[Any, Values], Any],
        count: int = 1,
        index: int = 0,
        event: Values | None = None,
        over: Any = None,
    ) -> None:
        self.kind = kind
        self.over = over
        self.count = count
        self.index = index
        self.random = random
        self._fill = fill
        self._event = event
        self._given = {name: each[index if len(each) > 1 else 0] for name, each in given.items()}
        self._all_given = given
        self._made: dict[str, Any] = {}
        self._take_apart()

    def record(self, index: int) -> Values:
        return Values(self.kind, self._all_given, self.random, fill=self._fill, index=index, event=self)

    def value(self, name: str) -> Any:
        """None where it is absent."""
        if name in self._given:
            return self._given[name]
        if name not in self._made:
            flag = self.kind.flags.get(name)
            if flag is None:
                # Another type's.
                return None
            if flag.once and self._event is not None:
                return self._event.value(name)
            self._made[name] = self._fill(flag.default, self)
        return self._made[name]

    def new(self, description: str) -> str:
        return fresh(description, self.random)

    def _take_apart(self) -> None:
        """What a given value says of those that it is composed of: an ARN of its region, account and name.

        Raises FlagsError where they were given and are others.
        """
        waiting = list(self._given)
        while waiting:
            name = waiting.pop()
            for part, value in _parts(self.kind.flags[name], self._given[name]):
                if part not in self.kind.flags:
                    continue
                if part not in self._given:
                    self._given[part] = value
                    waiting.append(part)
                elif str(self._given[part]) != value:
                    raise FlagsError(
                        f"--{name} {self._given[name]} and --{part} {self._given[part]} do not go together. "
                        f"Give one of them; --{part} {value} would be the same as the other says."
                    )


def with_flags(kind: Kind, known: Given, given: Given) -> Given:
    """What is known already, with the flags that were given over it.

    A given flag also goes over what is known of a value that it is a part of: a queue's name over its ARN.
    """
    kept = {
        name: values
        for name, values in known.items()
        if name in kind.flags and not (set(given) & set(_part_names(kind.flags[name], values)))
    }
    return {**kept, **given}


def _part_names(flag: Flag, values: Sequence[Any]) -> Iterator[str]:
    return (name for value in values for name, _ in _parts(flag, value))


def _parts(flag: Flag, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str):
        return
    for written in (flag.default, *flag.parts):
        found = _pattern(written).fullmatch(value) if _is_composed(written) else None
        if found is not None:
            yield from ((name.replace("_", "-"), part) for name, part in found.groupdict().items() if part)
            return
    match value.split(":", 5):
        case ["arn", partition, _, region, account, _]:
            for name, part in (("partition", partition), ("region", region), ("account-id", account)):
                if part:
                    yield name, part


def _is_composed(written: Any) -> bool:
    """Whether it is made of other values as they are, of two at least or of text beside one."""
    if not isinstance(written, str) or alone(written):
        return False
    found = [piece for piece in pieces(written) if isinstance(piece, Placeholder)]
    return bool(found) and all(not piece.encodings and " " not in piece.source for piece in found)


def _pattern(written: str) -> re.Pattern[str]:
    """The last one may be anything, the others end at the marks that ARNs have between their parts."""
    seen: set[str] = set()
    pattern = ""
    composed = list(pieces(written))
    for number, piece in enumerate(composed):
        if isinstance(piece, str):
            pattern += re.escape(piece)
            continue
        group = piece.source.replace("-", "_")
        if group in seen:
            pattern += f"(?P={group})"
            continue
        seen.add(group)
        pattern += f"(?P<{group}>{'.+' if number == len(composed) - 1 else '[^:/]*'})"
    return re.compile(pattern)
