"""One expression on its way to its value, and what has had a part in that so far."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from samlocal.template.document import EXPANSION_LIMIT, Map, Node, Seq
from samlocal.template.intrinsics.computed import COMPUTED, FunctionError, kind
from samlocal.template.model import Template, is_intrinsic
from samlocal.template.values import Answer, Json, Known, Names, Origin, ParameterValue, Unknown, text
from samlocal.template.written import size, written

_UNTOLD = "it is made of a secret that does not do for it; the reason would tell the secret"

_DYNAMIC = re.compile(r"\{\{resolve:(ssm-secure|ssm|secretsmanager):([^{}]+)\}\}")


class Missing(Exception):  # noqa: N818 - a signal inside this folder, no error of samlocal's
    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown
        self._is_placed = False

    def place(self, node: Node, *, secret: bool) -> None:
        """Once, by the innermost expression: the words may quote what it is made of, which may be ``secret``."""
        if not self._is_placed:
            self._is_placed = True
            if secret:
                self.unknown = Unknown(
                    expression=written(node), reason=_UNTOLD, tip="Give the value with --set NAME=VALUE.", secret=True
                )


def missing(node: Node, reason: str, tip: str) -> Missing:
    return Missing(Unknown(expression=written(node), reason=reason, tip=tip))


class NoValue:
    """What ``AWS::NoValue`` stands for while a value is put together."""


NO_VALUE = NoValue()

Value: TypeAlias = "Json | NoValue"

Function: TypeAlias = "Callable[[Evaluation, Node], Value]"
"""An intrinsic function: what its argument comes to. Raises Missing."""


class Scope(Struct, kw_only=True, eq=False):
    """What the expressions of one template are evaluated in.

    What is kept in it are values that hold for good: threads can share it. The ``memo`` is by the node's identity,
    and holds the node so that no other one can get that identity.
    """

    template: Template
    parameters: Mapping[str, ParameterValue]
    pseudo: Mapping[str, Answer]
    names: Names
    functions: Mapping[str, Function]
    conditions: dict[str, tuple[bool, tuple[Origin, ...]]] = {}
    references: dict[tuple[str, str | None], Known] = {}
    memo: dict[int, tuple[Node, Value, tuple[Origin, ...]]] = {}

    @contextmanager
    def opened(self, step: str, node: Node) -> Iterator[None]:
        """A step of the way to a value, which must not come again on that way."""
        way = _WAY.get()
        if (self, step) in way:
            circle = " → ".join([*(name for _, name in way[way.index((self, step)) :]), step])
            raise Missing(
                Unknown(
                    expression=written(node),
                    reason=f"it refers to itself: {circle}",
                    tip="Break the circle in the template.",
                    circular=True,
                )
            )
        token = _WAY.set((*way, (self, step)))
        try:
            yield
        finally:
            _WAY.reset(token)


_WAY: ContextVar[tuple[tuple[Scope, str], ...]] = ContextVar("samlocal.way", default=())
"""The references and conditions that are being evaluated, in their order, across nested templates."""


class Evaluation:
    """Makes values, and notes the origins of what they are made of. Its methods raise Missing."""

    __slots__ = ("_origins", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._origins: dict[str, Origin] = {}

    # origins

    @property
    def origins(self) -> tuple[Origin, ...]:
        return tuple(self._origins.values())

    @property
    def deciding(self) -> tuple[Origin, ...]:
        """Those that count even where they only decided which way to go."""
        return tuple(origin for origin in self._origins.values() if origin.placeholder or origin.secret)

    @property
    def has_secret(self) -> bool:
        return any(origin.secret for origin in self._origins.values())

    def note(self, *origins: Origin) -> None:
        for origin in origins:
            if origin.secret:
                self.scope.template.document.files.may_be_recorded = False
            there = self._origins.get(origin.text)
            if there is not None and there != origin:
                # One place, such as a flag, can give what is secret and what is not.
                secret, placeholder = there.secret or origin.secret, there.placeholder or origin.placeholder
                origin = replace(there, secret=secret, placeholder=placeholder)
            self._origins[origin.text] = origin

    def take(self, answer: Answer) -> Json:
        match answer:
            case Known(value=value, origins=origins):
                self.note(*origins)
                return value
            case Unknown():
                raise Missing(answer)

    def take_named(self, answer: Answer) -> Json:
        """What was asked for by a name, which its origin quotes; the name may be made of a secret."""
        if isinstance(answer, Known) and self.has_secret:
            origins = (replace(origin, text="a name made of a secret", secret=True) for origin in answer.origins)
            answer = replace(answer, origins=tuple(origins))
        return self.take(answer)

    # values

    def value(self, node: Node) -> Value:
        if not isinstance(node, (Map, Seq)) and (not isinstance(node, str) or "{{resolve:" not in node):
            return node
        # Aliases let one node stand in many places.
        memo = self.scope.memo
        known = memo.get(id(node))
        if known is None:
            own = Evaluation(self.scope)
            try:
                value = own._made(node)
            except Missing as lacking:
                lacking.place(node, secret=own.has_secret)
                raise
            known = memo[id(node)] = (node, value, own.origins)
        self.note(*known[2])
        return known[1]

    def json(self, node: Node, whole: str) -> Json:
        """A part of ``whole``, such as ``Fn::Sub``, which cannot be without it."""
        value = self.value(node)
        if isinstance(value, NoValue):
            raise missing(node, f"{whole} cannot hold AWS::NoValue", "Give it a value in the template.")
        return value

    def text(self, node: Node, whole: str) -> str:
        value = self.json(node, whole)
        if isinstance(value, (list, dict)) or value is None:
            raise missing(node, f"{whole} needs text here, this is {kind(value)}", "Mend the template.")
        return text(value)

    def resolved(self, value: str) -> Json:
        """A text with its dynamic references resolved."""
        if "{{resolve:" not in value:
            return value

        def resolved(match: re.Match[str]) -> str:
            return text(self.take_named(self.scope.names.dynamic(match[1], match[2])))

        return _DYNAMIC.sub(resolved, value)

    def _made(self, node: Map | Seq | str) -> Value:
        match node:
            case str():
                return self.resolved(node)
            case Map() if is_intrinsic(node):
                ((name, argument),) = node.items()
                if name in COMPUTED:
                    return self._computed(name, argument)
                function = self.scope.functions.get(name)
                if function is None:
                    raise missing(node, f"samlocal does not know {name}", "Give the value with --set NAME=VALUE.")
                return function(self, argument)
            case Map():
                pairs = ((key, self.value(item)) for key, item in node.items())
                return {key: item for key, item in pairs if not isinstance(item, NoValue)}
            case Seq():
                items = (self.value(item) for item in node)
                return [item for item in items if not isinstance(item, NoValue)]

    def _computed(self, name: str, node: Node) -> Value:
        """A function whose arguments alone determine its value."""
        arguments = self.json(node, name)
        try:
            value = COMPUTED[name](arguments)
        except FunctionError as error:
            raise missing(Map({name: node}), f"{name}: {error}", "Mend the template.") from error
        # Joining can put a dynamic reference together.
        return self.resolved(value) if isinstance(value, str) else value


def evaluate(scope: Scope, node: Node) -> Answer | None:
    """The node's value, or what is missing; None when it is ``AWS::NoValue``."""
    evaluation = Evaluation(scope)
    try:
        value = evaluation.value(node)
        if isinstance(value, (list, dict)) and size(value) > EXPANSION_LIMIT:
            raise missing(node, f"it gives more than {EXPANSION_LIMIT:,} characters", "Make it smaller.")
    except Missing as lacking:
        return lacking.unknown
    except RecursionError:
        return Unknown(expression=written(node), reason="it is nested too deeply", tip="Simplify the expression.")
    return None if isinstance(value, NoValue) else Known(value=value, origins=evaluation.origins)


def list_of(node: Node, count: range, whole: str) -> Seq:
    """The arguments of ``whole``. Raises Missing for another number of them."""
    if not isinstance(node, Seq) or len(node) not in count:
        many = str(count.start) if len(count) == 1 else f"{count.start} to {count.stop - 1}"
        raise missing(node, f"{whole} needs a list of {many}", "Mend the template.")
    return node
