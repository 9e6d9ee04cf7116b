"""The SQL of IoT's rules: which messages a rule is for, and what it makes of them.

What of it is not here is refused, never guessed. Sources: AWS IoT Core developer guide, "AWS IoT SQL reference":
"SELECT clause", "FROM clause", "WHERE clause", "Literals" and "JSON extensions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from samlocal.local.moto.topic_values import (
    CONSTANTS,
    FUNCTIONS,
    LEVELS,
    NOT_LEVEL,
    UNDEFINED,
    Message,
    as_boolean,
    as_text,
    got,
    minus,
    negated,
)


class TopicSqlError(Exception):
    """What of a rule's SQL is not understood here."""


Expression: TypeAlias = Callable[[Message], Any]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*'|"[^"]*")
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign><>|<=|>=|[-=<>+*/%(),.\[\]])
    )""",
    re.VERBOSE,
)

_WORDS = frozenset({"SELECT", "VALUE", "FROM", "WHERE", "AS", "AND", "OR", "NOT", "CASE", "IN", "EXISTS"})


class TopicSql(Struct, frozen=True, kw_only=True):
    """A rule's statement. ``items`` are the names and the values of what it selects; ``*`` has no name."""

    filter: str
    items: Sequence[tuple[str | None, Expression]]
    condition: Expression | None
    value_alone: bool

    def listens_to(self, topic: str) -> bool:
        return matches(self.filter, topic)

    def result(self, message: Message) -> Any:
        """What its actions get; UNDEFINED where its condition is not true, or there is nothing."""
        if self.condition is not None and as_boolean(self.condition(message)) is not True:
            return UNDEFINED
        if self.value_alone:
            return self.items[0][1](message)
        if len(self.items) == 1 and self.items[0][0] is None:
            return message.payload
        found: dict[str, Any] = {}
        for name, expression in self.items:
            value = expression(message)
            if name is None:
                found |= value if isinstance(value, dict) else {}
            elif value is not UNDEFINED:
                found[name] = value
        return found


def topic_sql(text: str) -> TopicSql:
    """Raises TopicSqlError."""
    return _Parser(text).statement()


def filled_in(text: str, message: Message) -> str:
    """A substitution template, ``device/${topic(2)}`` (developer guide, "Substitution templates").

    Raises TopicSqlError.
    """

    def value(place: re.Match[str]) -> str:
        parser = _Parser(place[1])
        found = parser.expression()
        parser.end()
        return as_text(found(message))

    return re.sub(r"\$\{([^}]*)\}", value, text)


def matches(topic_filter: str, topic: str) -> bool:
    """MQTT's wildcards; none of them stands for what begins with ``$`` (MQTT 3.1.1, 4.7)."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(given) or level not in ("+", given[number]):
            return False
    return len(wanted) == len(given)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def statement(self) -> TopicSql:
        self._expect("SELECT")
        value_alone = self._has("VALUE")
        items = [self._item(value_alone=value_alone)]
        while self._has(","):
            items.append(self._item(value_alone=value_alone))
        if value_alone and len(items) > 1:
            raise self._not_understood("VALUE with more than one item")
        self._expect("FROM")
        kind, topic_filter = self._next()
        if kind != "text":
            raise self._not_understood("a topic filter that is not in quotes")
        condition = self.expression() if self._has("WHERE") else None
        self.end()
        return TopicSql(filter=_unquoted(topic_filter), items=items, condition=condition, value_alone=value_alone)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._not_understood(self._tokens[self._at][1])

    def _item(self, *, value_alone: bool) -> tuple[str | None, Expression]:
        if self._has("*"):
            return None, lambda message: message.payload
        first = self._at
        expression = self.expression()
        if self._has("AS"):
            kind, name = self._next()
            if kind == "text":
                return _unquoted(name), expression
            if kind != "name" or self._peek() == ".":
                raise self._not_understood("what follows AS")
            return name, expression
        if value_alone:
            return "", expression
        if self._at - first == 1 and self._tokens[first][0] == "name":
            return self._tokens[first][1], expression
        raise self._not_understood("an expression without AS")

    def expression(self) -> Expression:
        return self._binary(0)

    def _binary(self, level: int) -> Expression:
        if level == len(LEVELS):
            return self._prefix()
        if level == NOT_LEVEL and self._has("NOT"):
            inner = self._binary(level)
            return lambda message: negated(inner(message))
        left = self._binary(level + 1)
        while (sign := self._peek().upper()) in LEVELS[level]:
            self._next()
            left = _joined(LEVELS[level][sign], left, self._binary(level + 1))
        return left

    def _prefix(self) -> Expression:
        if self._has("-"):
            inner = self._prefix()
            return lambda message: minus(0, inner(message))
        return self._member(self._primary())

    def _member(self, value: Expression) -> Expression:
        while self._has("."):
            kind, name = self._next()
            if kind != "name":
                raise self._not_understood("what follows a dot")
            value = _got(value, lambda _, name=name: name)  # type: ignore[misc]
        return value

    def _primary(self) -> Expression:
        if self._has("("):
            inner = self.expression()
            self._expect(")")
            return inner
        kind, token = self._next()
        if kind == "text":
            text = _unquoted(token)
            return lambda _: text
        if kind == "number":
            number = float(token) if "." in token else int(token)
            return lambda _: number
        if kind != "name" or token.upper() in _WORDS:
            raise self._not_understood(token or "its end")
        if token.lower() in CONSTANTS and self._peek() != "(":
            constant = CONSTANTS[token.lower()]
            return lambda _: constant
        if self._has("("):
            return self._call(token)
        return _got(lambda message: message.payload, lambda _: token)

    def _call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        while not self._has(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression())
        function, counts = FUNCTIONS.get(name.lower(), (None, ()))
        if function is None or len(arguments) not in counts:
            raise self._not_understood(f"{name}() of {len(arguments)}")
        return lambda message: function(message, *(each(message) for each in arguments))

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            return "", ""
        self._at += 1
        return self._tokens[self._at - 1]

    def _has(self, token: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at][0] != "text" and self._peek().upper() == token
        self._at += found
        return found

    def _expect(self, token: str) -> None:
        if not self._has(token):
            raise self._not_understood(f"{self._peek() or 'its end'} where {token} is expected")

    def _not_understood(self, what: str) -> TopicSqlError:
        return TopicSqlError(f"the local environment does not understand {what} in {self._text!r}")


def _tokens(text: str) -> Sequence[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise TopicSqlError(f"the local environment does not understand {text[at:].strip()[:20]!r} in {text!r}")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text[1:-1]


def _joined(join: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda message: join(left(message), right(message))


def _got(value: Expression, key: Expression) -> Expression:
    return lambda message: got(message, value(message), key(message))
