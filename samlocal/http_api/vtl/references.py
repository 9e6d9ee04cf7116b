"""Velocity's references, literals and operators, in place of airspeed's.

Sources: Velocity's user guide and reference, "Variables" (names with hyphens), "Literals"; velocity-engine,
``Parser.jjt`` and ``ASTStringLiteral.java`` (a text's backslashes are itself; a quote in it is written twice).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

import airspeed

from samlocal.http_api.time_limit import time_left
from samlocal.http_api.vtl.members import at, called, member
from samlocal.http_api.vtl.operators import applied
from samlocal.http_api.vtl.values import TEXT_BYTES, Flag, Nothing, Text, shown, wrapped

WORD = r"[a-z_][\w-]*"
OPTIONS = re.IGNORECASE | re.ASCII


class Namespace(airspeed.LocalNamespace):  # type: ignore[misc]
    """What a template sets is as Java has it, literals too, and stays when its loop is over."""

    def __setitem__(self, name: str, value: object) -> None:
        if isinstance(value, str) and len(value) > TEXT_BYTES:
            raise ValueError(f"${name} would be larger than {TEXT_BYTES >> 20} MB")
        super().__setitem__(name, wrapped(value))

    def set_inherited(self, name: str, value: object) -> None:
        place = self.find_outermost(name)
        if place is None:
            place = self
            while isinstance(place.parent, Namespace):
                place = place.parent
        place[name] = value


def line(element: Any) -> int:
    return int(element.full_text().count("\n", 0, element.start)) + 1


def remarked(names: Any, element: Any, text: str) -> None:
    """The first remark on a line is kept: a loop would say it every time."""
    names.top().remarks.setdefault(line(element), text)


class StringLiteral(airspeed.StringLiteral):  # type: ignore[misc]
    STRING = re.compile(r"'((?:[^']|'')*)'")
    _QUOTE = "'"

    def parse(self) -> None:
        (written,) = self.identity_match(self.STRING)
        self.value = written.replace(self._QUOTE * 2, self._QUOTE)


class InterpolatedStringLiteral(StringLiteral):
    STRING = re.compile(r'"((?:[^"]|"")*)"')
    _QUOTE = '"'

    def parse(self) -> None:
        super().parse()
        self.block = airspeed.Block(self.filename, self.value, 0)
        if self.block.next_text():
            raise self.block.syntax_error("block element")

    def calculate(self, names: Any, loader: Any) -> Text:
        return Text(written(self.block, names, loader))


def written(block: Any, names: Any, loader: Any) -> str:
    stream = airspeed.StoppableStream()
    block.evaluate(stream, names, loader)
    return str(stream.getvalue())


class NameOrCall(airspeed.NameOrCall):  # type: ignore[misc]
    NAME = re.compile(rf"({WORD})", OPTIONS)

    def calculate(self, value: Any, loader: Any, names: Any) -> Any:
        if self.parameters is not None:
            return called(value, self.name, self.parameters.calculate(names, loader))
        return self._placed(member(value, self.name), loader, names)

    def _placed(self, found: Any, loader: Any, names: Any) -> Any:
        if type(found) is Nothing and self.name.endswith("-"):
            # A text with values between hyphens, as it looks.
            remarked(names, self, f"{self.name} is nothing: its name has the hyphen, but for ${{…{self.name[:-1]}}}-")
        return found if self.index is None else at(found, self.index.calculate(names, loader))


class Variable(NameOrCall):
    """The first name of a reference, which calls nothing: ``$price(net)`` is a price and a text."""

    def parse(self) -> None:
        (self.name,) = self.identity_match(self.NAME)
        with contextlib.suppress(airspeed.NoMatch):
            self.index = self.next_element(airspeed.ArrayIndex)

    def calculate(self, _: Any, loader: Any, names: Any) -> Any:
        found = names[self.name]
        if isinstance(found, airspeed.DefineDefinition):
            time_left()
            found = Text(written(found.block, Namespace(names), loader))
        return self._placed(found, loader, names)


class Reference(airspeed.VariableExpression):  # type: ignore[misc]
    def parse(self) -> None:
        self.part = self.next_element(Variable)
        with contextlib.suppress(airspeed.NoMatch):
            self.subexpression = self.next_element(airspeed.SubExpression)


class SubExpression(airspeed.SubExpression):  # type: ignore[misc]
    def calculate(self, value: Any, loader: Any, names: Any) -> Any:
        if not isinstance(self.expression, airspeed.ArrayIndex):
            return self.expression.calculate(value, loader, names)
        found = at(value, self.expression.calculate(names, loader))
        return found if self.subexpression is None else self.subexpression.calculate(found, loader, names)


class FormalReference(airspeed.FormalReference):  # type: ignore[misc]
    def parse(self) -> None:
        self.silent, braces = self.identity_match(self.START)
        self.expression: Any = None
        self.alternate: Any = None
        with contextlib.suppress(airspeed.NoMatch):
            self.expression = self.next_element(Reference)
        if braces:
            with contextlib.suppress(airspeed.NoMatch):
                self.alternate = self.next_element(airspeed.AlternateValue)
            self.require_match(self.CLOSING_BRACE, "}")

    def calculate(self, names: Any, loader: Any) -> Any:
        if self.expression is None:
            return Text(self.my_text())
        found = self.expression.calculate(names, loader)
        absent = isinstance(found, Nothing) and self.alternate is not None
        return self.alternate.calculate(names, loader) if absent else found

    def evaluate_raw(self, stream: Any, names: Any, loader: Any) -> None:
        stream.write(shown(self.calculate(names, loader)))


class Range(airspeed.Range):  # type: ignore[misc]
    def calculate(self, names: Any, loader: Any) -> Any:
        ends = (self.value1.calculate(names, loader), self.value2.calculate(names, loader))
        if all(isinstance(end, int) for end in ends):
            return super().calculate(names, loader)
        remarked(names, self, f"{self.my_text()} is nothing: a range is of whole numbers")
        return Nothing()


class BinaryOperator(airspeed.BinaryOperator):  # type: ignore[misc]
    def parse(self) -> None:
        super().parse()
        self.sign = self.my_text().strip()


class Expression(airspeed.Expression):  # type: ignore[misc]
    """Operators that have said enough with their left side leave the right one alone."""

    def calculate(self, names: Any, loader: Any) -> Any:
        return self._calculated(self.expression, names, loader)

    def _calculated(self, terms: Sequence[Any], names: Any, loader: Any) -> Any:
        if len(terms) == 1:
            return terms[0].calculate(names, loader)
        # What binds least, and of several the last: all bind to the left.
        middle = max(range(1, len(terms), 2), key=lambda each: (terms[each].precedence, each))
        sign = terms[middle].sign
        left = self._calculated(terms[:middle], names, loader)
        if sign in ("&&", "and", "||", "or"):
            if bool(left) is (sign in ("||", "or")):
                return Flag(left)
            return Flag(self._calculated(terms[middle + 1 :], names, loader))
        right = self._calculated(terms[middle + 1 :], names, loader)
        return applied(sign, left, right, lambda text: remarked(names, self, text))
