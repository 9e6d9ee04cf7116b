"""Velocity's directives, in place of airspeed's or beside them.

Sources: Velocity's user guide and reference, "Set", "Loops" (what is no list is left out), "Break", "Stop",
"Velocimacros", "Define"; velocity-engine, ``ForeachScope.java``, ``Scope.java``, ``Break.java``; API Gateway
developer guide, "Quotas for configuring and running a REST API" (1,000 turns of a loop).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import airspeed

from samlocal.http_api.time_limit import time_left
from samlocal.http_api.vtl.members import NoSuchMethodError, at, member
from samlocal.http_api.vtl.references import OPTIONS, WORD, Namespace, remarked
from samlocal.http_api.vtl.values import Flag, Items, Members, Nothing, wrapped

_TURNS = 1000


class Ended(airspeed.TemplateExecutionError):  # type: ignore[misc]
    """``#break``: of the loop that is named, else of what is innermost, a loop, a macro or the template."""

    def __init__(self, element: Any, loop: object) -> None:
        super().__init__(element)
        self._loop = loop

    def of(self, loop: object) -> bool:
        return self._loop is None or self._loop is loop


class Foreach:
    """``$foreach``, one turn of a loop."""

    def __init__(self, element: Any, index: int, length: int, parent: object) -> None:
        self._element, self._index, self._length = element, index, length
        self._parent = parent if isinstance(parent, Foreach) else None

    def getIndex(self) -> int:  # noqa: N802 - Java's
        return self._index

    def getCount(self) -> int:  # noqa: N802 - Java's
        return self._index + 1

    def getHasNext(self) -> Flag:  # noqa: N802 - Java's
        return Flag(self._index + 1 < self._length)

    def hasNext(self) -> Flag:  # noqa: N802 - Java's
        return self.getHasNext()

    def isFirst(self) -> Flag:  # noqa: N802 - Java's
        return Flag(self._index == 0)

    def isLast(self) -> Flag:  # noqa: N802 - Java's
        return Flag(not self.getHasNext())

    def getParent(self) -> object:  # noqa: N802 - Java's
        return self._parent

    def getTopmost(self) -> object:  # noqa: N802 - Java's
        return self if self._parent is None else self._parent.getTopmost()

    def stop(self) -> None:
        raise Ended(self._element, self)


class SetDirective(airspeed.SetDirective):  # type: ignore[misc]
    """``#set($a.b["c"][0] = 1)``, with braces or without."""

    _BEGIN = re.compile(rf"\s*\$!?(\{{?)({WORD})", OPTIONS)
    _MEMBER = re.compile(rf"\.({WORD})", OPTIONS)
    _CLOSED = re.compile(r"\}")

    def parse(self) -> None:
        self.identity_match(self.START)
        braces, self.name = self.require_match(self._BEGIN, "place")
        self.way: list[Any] = []
        while True:
            named = self.next_match(self._MEMBER)
            try:
                self.way.append(named[0] if named else self.next_element(airspeed.ArrayIndex))
            except airspeed.NoMatch:
                break
        if braces:
            self.require_match(self._CLOSED, "}")
        self.require_match(self.EQUALS, "=")
        self.value = self.require_next_element(airspeed.Expression, "expression")
        self.require_match(self.END, "closing paren")

    def evaluate_raw(self, _: Any, names: Any, loader: Any) -> None:
        value = self.value.calculate(names, loader)
        if not self.way:
            names.set_inherited(self.name, value)
            return
        place = names[self.name]
        *way, last = [step if isinstance(step, str) else step.calculate(names, loader) for step in self.way]
        for step, written in zip(way, self.way, strict=False):
            place = member(place, step) if isinstance(written, str) else at(place, step)
        match place:
            case Members():
                place.put(last, value)
            case Items() if isinstance(last, int):
                place.set(last + len(place) if last < 0 else last, value)
            case _:
                remarked(names, self, f"{' '.join(self.my_text().split())} sets nothing: it is no map and no list")


class ForeachDirective(airspeed.ForeachDirective):  # type: ignore[misc]
    LOOP_VAR_NAME = re.compile(rf"\$!?\{{?({WORD})\}}?", OPTIONS)

    def evaluate_raw(self, stream: Any, names: Any, loader: Any) -> None:
        items = _listed(self.value.calculate(names, loader))
        if items is None:
            remarked(names, self, f"the loop is left out: {self.value.my_text()} is no list")
            return
        if len(items) > _TURNS:
            text = f"the loop ends after {_TURNS:,} turns, as on AWS: {len(items):,} are there"
            remarked(names, self, text)
        parent = names["foreach"]
        for index, item in enumerate(self._turns(items)):
            turn = Foreach(self, index, len(items), parent)
            own = Namespace(names)
            own["velocityCount"], own["velocityHasNext"] = turn.getCount(), turn.getHasNext()
            own["foreach"], own[self.loop_var_name] = turn, item
            try:
                self.block.evaluate(stream, own, loader)
            except Ended as end:
                if not end.of(turn):
                    raise
                break

    def _turns(self, items: Any) -> Iterator[Any]:
        for item in islice(iter(items), _TURNS):
            time_left()
            yield item


def _listed(value: object) -> Any:
    """What a loop goes through; None for what is no list."""
    if isinstance(value, range):
        return value
    own = wrapped(value)
    return () if isinstance(own, Nothing) else own if isinstance(own, (Items, Members)) else None


class BreakDirective(airspeed.StopDirective):  # type: ignore[misc]
    STOP = re.compile(r"#(?:break\b|\{break\})", re.IGNORECASE)

    def parse(self) -> None:
        super().parse()
        self.scope = None
        with contextlib.suppress(airspeed.NoMatch):
            self.scope = self.next_element(airspeed.ParameterList)

    def evaluate_raw(self, _: Any, names: Any, loader: Any) -> None:
        scopes = [] if self.scope is None else self.scope.calculate(names, loader)
        raise Ended(self, next((each for each in scopes if isinstance(each, Foreach)), None))


class Unparsed(airspeed._Element):  # type: ignore[misc]
    """``#[[…]]#``, as it stands."""

    _WRITTEN = re.compile(r"#\[\[(.*?)\]\]#", re.DOTALL)

    def parse(self) -> None:
        (self.text,) = self.identity_match(self._WRITTEN)

    def evaluate_raw(self, stream: Any, *_: Any) -> None:
        stream.write(self.text)


class MacroWithBody(airspeed._Element):  # type: ignore[misc]
    """``#@macro()…#end``."""

    _CALL = re.compile(rf"#@\{{?({WORD})\}}?\s*\(", OPTIONS)

    def parse(self) -> None:
        (name,) = self.identity_match(self._CALL)
        raise self.syntax_error(f"another way to call it than #@{name}, with a body: that is not evaluated here")


class MacroCall(airspeed.MacroCall):  # type: ignore[misc]
    START = re.compile(rf"#({WORD})", OPTIONS)

    def evaluate_raw(self, stream: Any, names: Any, loader: Any) -> None:
        time_left()
        try:
            macro = names[f"#{self.macro_name}"]
        except KeyError as error:
            raise NoSuchMethodError(f"there is no macro and no directive #{self.macro_name} here") from error
        own = Namespace(names)
        given = [wrapped(each.calculate(names, loader)) for each in self.args]
        for position, name in enumerate(macro.arg_names):
            own[name] = given[position] if position < len(given) else None
        try:
            macro.block.evaluate(stream, own, loader)
        except Ended as end:
            if not end.of(macro):
                raise


class MacroDefinition(airspeed.MacroDefinition):  # type: ignore[misc]
    NAME = re.compile(rf"\s*({WORD})", OPTIONS)
    ARG_NAME = re.compile(rf"[,\s]+\$({WORD})", OPTIONS)


class DefineDefinition(airspeed.DefineDefinition):  # type: ignore[misc]
    NAME = re.compile(rf"\s*\$({WORD})", OPTIONS)


class NoFiles:
    """What ``#include`` and ``#parse`` ask."""

    def load_text(self, name: str) -> str:
        raise NoSuchMethodError(f"a template has no files beside it, so no {name}")

    load_template = load_text


class EvaluateDirective(airspeed.EvaluateDirective):  # type: ignore[misc]
    def evaluate_raw(self, stream: Any, names: Any, loader: Any) -> None:
        time_left()
        try:
            airspeed.Template(str(self.value.calculate(names, loader))).merge_to(names, stream, loader)
        except Ended as end:
            if not end.of(self):
                raise
