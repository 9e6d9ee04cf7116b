"""A description and its values make an event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samlocal.events.encodings import encoded
from samlocal.events.examples import merged
from samlocal.events.kind import RECORDS
from samlocal.events.placeholder import Placeholder, all_of, alone, condition_of, each_of, pieces
from samlocal.events.values import Values


class _LeftOut:
    """Stands for a member that is not there."""


_LEFT_OUT = _LeftOut()


def filled(node: Any, values: Values) -> Any:
    """The document with each placeholder as what it stands for."""
    made = _filled(node, _Filling(values))
    return None if made is _LEFT_OUT else made


class _Filling:
    """``pair`` is the one of a flag's that is told now."""

    def __init__(self, values: Values, pair: tuple[str, Any] | None = None) -> None:
        self.values = values
        self.pair = pair

    def of_pair(self, pair: tuple[str, Any]) -> _Filling:
        return _Filling(self.values, pair)

    def of_record(self, index: int) -> _Filling:
        return _Filling(self.values.record(index))

    def stands_for(self, placeholder: Placeholder) -> Any:
        value = self._source(placeholder.source)
        if value is None or value is _LEFT_OUT:
            return _LEFT_OUT if placeholder.optional else None
        for encoding in placeholder.encodings:
            value = encoded(value, encoding)
        return value

    def _source(self, source: str) -> Any:
        word, _, rest = source.partition(" ")
        match word, rest:
            case "new", _ if rest:
                return self.values.new(rest)
            case "part", _ if rest:
                return _filled(self.values.kind.shape.parts[rest], self)
            case "index", "":
                return self.values.index
            case "pair.name", "" if self.pair is not None:
                return self.pair[0]
            case "pair.value", "" if self.pair is not None:
                return self.pair[1]
        return self.values.value(source)


def _filled(node: Any, filling: _Filling) -> Any:
    match node:
        case str():
            return _text(node, filling)
        case Mapping():
            return _object(node, filling)
        case list() | tuple():
            return list(_items(node, filling))
        case _:
            return node


def _object(node: Mapping[str, Any], filling: _Filling) -> Any:
    condition = condition_of(next(iter(node), None))
    if condition is None:
        return _joined(_members(node, filling))
    name, values = condition
    value = filling.values.value(name)
    there = value in values if values else value not in (None, False)
    return _filled(next(iter(node.values())), filling) if there else _LEFT_OUT


def _text(text: str, filling: _Filling) -> Any:
    placeholder = alone(text)
    if placeholder is not None:
        return filling.stands_for(placeholder)
    return "".join(
        piece if isinstance(piece, str) else _inside_text(filling.stands_for(piece)) for piece in pieces(text)
    )


def _inside_text(value: Any) -> str:
    return "" if value is None or value is _LEFT_OUT else str(value)


def _joined(members: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    """What is there a second time replaces the first, or follows it where both are lists."""
    joined: dict[str, Any] = {}
    for name, value in members:
        before = joined.get(name)
        joined[name] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return joined


def _members(node: Mapping[str, Any], filling: _Filling) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        flag = each_of(name)
        if flag is not None:
            for pair in _pairs(flag, filling):
                yield pair[0], _filled(value, filling.of_pair(pair))
            continue
        every = all_of(name)
        if every is not None:
            yield from filling.values.value(every).items()
            continue
        made = _filled(value, filling)
        if made is not _LEFT_OUT:
            yield str(_text(name, filling)), made


def _pairs(flag: str, filling: _Filling) -> Iterator[tuple[str, Any]]:
    """In their order; a name may be there again."""
    yield from filling.values.value(flag) or ()


def _items(node: list[Any] | tuple[Any, ...], filling: _Filling) -> Iterator[Any]:
    match node:
        case [str() as first, record] if first == RECORDS:
            for index in range(filling.values.count):
                made = _filled(record, filling.of_record(index))
                yield made if filling.values.over is None else merged(made, filling.values.over)
            return
    for item in node:
        name = next(iter(item), None) if isinstance(item, Mapping) else None
        flag = each_of(name)
        if flag is not None:
            yield from (_filled(item[name], filling.of_pair(pair)) for pair in _pairs(flag, filling))
        elif (made := _filled(item, filling)) is not _LEFT_OUT:
            yield made
