"""CloudFormation's intrinsic functions.

``Evaluator.evaluate`` gives a value with its origins, or says what is missing. Conditions are decided first, only
the branch taken is looked at, and ``AWS::NoValue`` removes what it stands for. What the template alone does not
determine is asked of ``Names``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from samlocal.template.computed import COMPUTED, FunctionError, bounded, kind
from samlocal.template.model import Parameter, Template, is_intrinsic
from samlocal.template.reader import EXPANSION_LIMIT, Map, Node, Seq
from samlocal.template.values import (
    Answer,
    Json,
    Known,
    Names,
    Origin,
    ParameterValue,
    Reference,
    Unknown,
    size,
    text,
    written,
)


class _Missing(Exception):  # noqa: N818 - a signal inside this module, no error of samlocal's
    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown
        self.is_placed = False
        """Whether the expression that it arose in has been passed."""

    def place(self, node: Node, trace: _Trace) -> None:
        """Once, by the innermost expression: the words may quote what it is made of, which may be secret."""
        if not self.is_placed:
            self.is_placed = True
            if _has_secret(trace):
                self.unknown = Unknown(
                    expression=written(node), reason=_UNTOLD, tip="Give the value with --set NAME=VALUE.", secret=True
                )


class _NoValue:
    """What ``AWS::NoValue`` stands for while a value is put together."""


_UNTOLD = "it is made of a secret that does not do for it; the reason would tell the secret"

_NO_VALUE = _NoValue()
_Value: TypeAlias = "Json | _NoValue"

_PLACE = re.compile(r"\$\{([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:(ssm-secure|ssm|secretsmanager):([^{}]+)\}\}")


class Decided(Struct, frozen=True, kw_only=True):
    """What stands in a place once every ``Fn::If`` round it is decided; ``node`` is None for ``AWS::NoValue``.

    ``origins`` are the placeholders and the secrets that had a part in the decision.
    """

    node: Node
    origins: tuple[Origin, ...]


class Evaluator:
    """Evaluates the expressions of one template.

    ``pseudo`` holds the pseudo parameters (``AWS::Region`` and so on), known or not. What is under evaluation is of
    the call, so that threads can share an evaluator; what stays in it are values that hold for good.
    """

    def __init__(
        self,
        template: Template,
        *,
        parameters: Mapping[str, ParameterValue],
        pseudo: Mapping[str, Answer],
        names: Names,
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._pseudo = pseudo
        self._names = names
        self._conditions: dict[str, tuple[bool, tuple[Origin, ...]]] = {}
        self._references: dict[tuple[str, str | None], Known] = {}
        # By the node's identity. The node is held so that no other one can get its identity.
        self._memo: dict[int, tuple[Node, _Value, tuple[Origin, ...]]] = {}
        self._functions: dict[str, Callable[[Node, _Trace], _Value]] = {
            "Ref": self._ref,
            "Condition": self._condition_function,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Fn::Not": self._not,
            "Fn::Equals": self._equals,
            "Fn::ImportValue": self._import_value,
            "Fn::GetAZs": self._get_azs,
        }

    def evaluate(self, node: Node) -> Answer | None:
        """The node's value, or what is missing; None when it is ``AWS::NoValue``."""
        trace: _Trace = {}
        try:
            value = self._value(node, trace)
            if isinstance(value, (list, dict)) and size(value) > EXPANSION_LIMIT:
                raise _missing(node, f"it gives more than {EXPANSION_LIMIT:,} characters", "Make it smaller.")
        except _Missing as missing:
            return missing.unknown
        except RecursionError:
            return Unknown(expression=written(node), reason="it is nested too deeply", tip="Simplify the expression.")
        return None if isinstance(value, _NoValue) else Known(value=value, origins=tuple(trace.values()))

    def holds(self, condition: str | None) -> bool | Unknown:
        """Whether a condition of the template holds; a resource without one is always there."""
        decided = self.decision(condition)
        return decided if isinstance(decided, Unknown) else bool(decided.node)

    def decision(self, condition: str | None) -> Decided | Unknown:
        """The same with the placeholders that had a part in it."""
        if condition is None:
            return Decided(node=True, origins=())
        trace: _Trace = {}
        try:
            holds = self._holds(condition, trace)
        except _Missing as missing:
            return missing.unknown
        return Decided(node=holds, origins=tuple(_deciding(trace.values())))

    def branch(self, node: Node) -> Node | Unknown:
        """The node that stands there once every ``Fn::If`` round it is decided, not evaluated itself.

        None for ``AWS::NoValue``.
        """
        decided = self.decided(node)
        return decided if isinstance(decided, Unknown) else decided.node

    def decided(self, node: Node) -> Decided | Unknown:
        """The same with the placeholders that had a part in it."""
        trace: _Trace = {}
        while isinstance(node, Map) and "Fn::If" in node and is_intrinsic(node):
            try:
                node = self._chosen(node["Fn::If"], trace)
            except _Missing as missing:
                return missing.unknown
        nothing = isinstance(node, Map) and node == {"Ref": "AWS::NoValue"}
        return Decided(node=None if nothing else node, origins=tuple(trace.values()))

    # values

    def _value(self, node: Node, trace: _Trace) -> _Value:
        if not isinstance(node, (Map, Seq)) and (not isinstance(node, str) or "{{resolve:" not in node):
            return node
        # Aliases let one node stand in many places.
        known = self._memo.get(id(node))
        if known is None:
            own: _Trace = {}
            try:
                value = self._made(node, own)
            except _Missing as missing:
                missing.place(node, own)
                raise
            known = self._memo[id(node)] = (node, value, tuple(own.values()))
        for origin in known[2]:
            _note(trace, origin)
        return known[1]

    def _made(self, node: Map | Seq | str, trace: _Trace) -> _Value:
        match node:
            case str():
                return self._text_with_references(node, trace)
            case Map() if is_intrinsic(node):
                ((name, argument),) = node.items()
                if name in COMPUTED:
                    return self._computed(name, argument, trace)
                function = self._functions.get(name)
                if function is None:
                    raise _missing(node, f"samlocal does not know {name}", "Give the value with --set NAME=VALUE.")
                return function(argument, trace)
            case Map():
                pairs = ((key, self._value(item, trace)) for key, item in node.items())
                return {key: item for key, item in pairs if not isinstance(item, _NoValue)}
            case Seq():
                items = (self._value(item, trace) for item in node)
                return [item for item in items if not isinstance(item, _NoValue)]

    def _json(self, node: Node, trace: _Trace, whole: str) -> Json:
        value = self._value(node, trace)
        if isinstance(value, _NoValue):
            raise _missing(node, f"{whole} cannot hold AWS::NoValue", "Give it a value in the template.")
        return value

    def _text(self, node: Node, trace: _Trace, whole: str) -> str:
        value = self._json(node, trace, whole)
        if isinstance(value, (list, dict)) or value is None:
            raise _missing(node, f"{whole} needs text here, this is {kind(value)}", "Mend the template.")
        return text(value)

    def _arguments(self, node: Node, count: range, whole: str) -> Seq:
        if not isinstance(node, Seq) or len(node) not in count:
            many = str(count.start) if len(count) == 1 else f"{count.start} to {count.stop - 1}"
            raise _missing(node, f"{whole} needs a list of {many}", "Mend the template.")
        return node

    # references

    def _ref(self, node: Node, trace: _Trace) -> _Value:
        name = self._text(node, trace, "Ref")
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._pseudo:
            return self._answer(self._pseudo[name], trace)
        if name.startswith("AWS::"):
            raise _missing(
                Map({"Ref": name}),
                f"there is no pseudo parameter {name}",
                "Mend the name.",
            )
        if name in self._template.parameters:
            return self._parameter(self._template.parameters[name], trace)
        return self._resource(name, None, trace)

    def _parameter(self, parameter: Parameter, trace: _Trace) -> Json:
        given = self._parameters.get(parameter.name)
        if given is None and parameter.default is not None:
            place = f"{self._template.path.name}:{parameter.line}: default of {parameter.name}"
            given = ParameterValue(text=parameter.default, origin=place)
        if given is None:
            raise _missing(
                Map({"Ref": parameter.name}),
                f"the parameter {parameter.name} has no default and no value was given",
                f"Give it: --parameter-overrides {parameter.name}=VALUE",
            )
        if given.unknown is not None:
            raise _Missing(given.unknown)
        if given.hidden:
            raise _Missing(
                Unknown(
                    expression=written(Map({"Ref": parameter.name})),
                    reason=f"the {given.origin} is hidden (NoEcho)",
                    tip=f"Give it: --parameter-overrides {parameter.name}=VALUE",
                    secret=True,
                )
            )
        value = given.text
        if parameter.is_ssm:
            if given.resolved is None:
                value = text(self._answer(self._names.dynamic("ssm", given.text), trace))
            else:
                value = given.resolved
        secret = parameter.no_echo or given.secret
        _note(trace, Origin(text=given.origin, secret=secret, placeholder=given.placeholder))
        if not parameter.is_ssm:
            value = text(self._text_with_references(value, trace))
        return [item.strip() for item in value.split(",")] if parameter.is_list else value

    def _resource(self, logical_id: str, attribute: str | None, trace: _Trace) -> Json:
        resource = self._template.resources.get(logical_id)
        reference = Reference(logical_id=logical_id, attribute=attribute, resource=resource)
        known = self._references.get((logical_id, attribute))
        if known is not None:
            return _take(known, trace)
        with self._opened(reference.expression, _written_reference(reference)):
            answer = self._names.resource(reference, self._evaluate_property)
        if isinstance(answer, Known):
            self._references[logical_id, attribute] = answer
        return self._answer(answer, trace)

    @contextmanager
    def _opened(self, step: str, node: Node) -> Iterator[None]:
        """A step of the way to a value, which must not come again on that way."""
        way = _WAY.get()
        if (self, step) in way:
            circle = " → ".join([*(name for _, name in way[way.index((self, step)) :]), step])
            raise _Missing(
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

    def _evaluate_property(self, node: Node) -> Answer:
        answer = self.evaluate(node)
        if answer is None:
            return Unknown(
                expression=written(node), reason="it is AWS::NoValue", tip="Give it a value in the template."
            )
        return answer

    def _answer(self, answer: Answer, trace: _Trace) -> Json:
        match answer:
            case Known():
                return _take(answer, trace)
            case Unknown():
                raise _Missing(answer)

    def _outside(self, answer: Answer, trace: _Trace) -> Json:
        """What was asked for by a name, which its origin quotes; the name may be made of a secret."""
        if isinstance(answer, Known) and _has_secret(trace):
            origins = (replace(origin, text="a name made of a secret", secret=True) for origin in answer.origins)
            answer = replace(answer, origins=tuple(origins))
        return self._answer(answer, trace)

    def _get_att(self, node: Node, trace: _Trace) -> _Value:
        parts = node.split(".", 1) if isinstance(node, str) else self._arguments(node, range(2, 3), "Fn::GetAtt")
        if len(parts) != 2:
            raise _missing(
                Map({"Fn::GetAtt": node}),
                "Fn::GetAtt needs a resource and an attribute",
                "Write Resource.Attribute.",
            )
        logical_id, attribute = (self._text(part, trace, "Fn::GetAtt") for part in parts)
        return self._resource(logical_id, attribute, trace)

    def _import_value(self, node: Node, trace: _Trace) -> _Value:
        name = self._text(node, trace, "Fn::ImportValue")
        return self._outside(self._names.export(name), trace)

    def _text_with_references(self, value: str, trace: _Trace) -> Json:
        if "{{resolve:" not in value:
            return value

        def resolved(match: re.Match[str]) -> str:
            return text(self._outside(self._names.dynamic(match[1], match[2]), trace))

        return _DYNAMIC.sub(resolved, value)

    # text and lists

    def _sub(self, node: Node, trace: _Trace) -> _Value:
        if isinstance(node, Seq):
            pattern, own = self._arguments(node, range(2, 3), "Fn::Sub")
        else:
            pattern, own = node, Map()
        if not isinstance(pattern, str) or not isinstance(own, Map):
            raise _missing(
                Map({"Fn::Sub": node}), "Fn::Sub needs a text, or a text and a mapping", "Mend the template."
            )
        variables: Map = own
        # One node for each name, however often it stands there.
        nodes: dict[str, Node] = {}
        length = len(pattern)

        def put_in(match: re.Match[str]) -> str:
            nonlocal length
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name not in nodes:
                nodes[name] = variables[name] if name in variables else _reference(name)
            value = self._text(nodes[name], trace, "Fn::Sub")
            length += len(value)
            bounded(length)
            return value

        try:
            return self._text_with_references(_PLACE.sub(put_in, pattern), trace)
        except FunctionError as error:
            raise _missing(Map({"Fn::Sub": node}), f"Fn::Sub: {error}", "Make it smaller.") from error

    def _computed(self, name: str, node: Node, trace: _Trace) -> _Value:
        """A function whose arguments alone determine its value."""
        arguments = self._json(node, trace, name)
        try:
            value = COMPUTED[name](arguments)
        except FunctionError as error:
            raise _missing(Map({name: node}), f"{name}: {error}", "Mend the template.") from error
        # Joining can put a dynamic reference together.
        return self._text_with_references(value, trace) if isinstance(value, str) else value

    def _get_azs(self, node: Node, trace: _Trace) -> _Value:
        region = self._text(node, trace, "Fn::GetAZs")
        if not region:
            region = self._text(Map({"Ref": "AWS::Region"}), trace, "Fn::GetAZs")
        return self._outside(self._names.zones(region), trace)

    def _find_in_map(self, node: Node, trace: _Trace) -> _Value:
        name, first, second, *more = self._arguments(node, range(3, 5), "Fn::FindInMap")
        keys = [self._text(key, trace, "Fn::FindInMap") for key in (name, first, second)]
        found: Node = self._template.mappings
        for key in keys:
            found = found.get(key) if isinstance(found, Map) else None
        if found is not None:
            return self._value(found, trace)
        if more and isinstance(more[0], Map) and "DefaultValue" in more[0]:
            return self._value(more[0]["DefaultValue"], trace)
        raise _missing(
            Map({"Fn::FindInMap": node}),
            f"Mappings has no {'.'.join(keys)}",
            "Add it, or give the parameter another value.",
        )

    # conditions

    def _holds(self, name: str, trace: _Trace) -> bool:
        if name in self._conditions:
            decided, origins = self._conditions[name]
            for origin in origins:
                _note(trace, origin)
            return decided
        if name not in self._template.conditions:
            raise _missing(
                Map({"Condition": name}),
                f"the template has no condition {name}",
                "Declare it under Conditions.",
            )
        own: _Trace = {}
        with self._opened(f"condition {name}", Map({"Condition": name})):
            decided = self._truth(self._template.conditions[name], own)
        self._conditions[name] = decided, tuple(own.values())
        for origin in own.values():
            _note(trace, origin)
        return decided

    def _truth(self, node: Node, trace: _Trace) -> bool:
        value = self._json(node, trace, "a condition")
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        missing = _missing(node, f"a condition is true or false, this is {kind(value)}", "Mend the template.")
        missing.place(node, trace)
        raise missing

    def _condition_function(self, node: Node, trace: _Trace) -> _Value:
        return self._holds(self._text(node, trace, "Condition"), trace)

    def _if(self, node: Node, trace: _Trace) -> _Value:
        return self._value(self._chosen(node, trace), trace)

    def _chosen(self, node: Node, trace: _Trace) -> Node:
        condition, then, otherwise = self._arguments(node, range(3, 4), "Fn::If")
        # What decided the branch is no part of the value's origin, unless it was made up or is a secret: the branch
        # tells of it.
        own: _Trace = {}
        named = isinstance(condition, str) and condition not in ("true", "false")
        holds = self._holds(str(condition), own) if named else self._truth(condition, own)
        for origin in _deciding(own.values()):
            _note(trace, origin)
        return then if holds else otherwise

    def _and(self, node: Node, trace: _Trace) -> _Value:
        return all(self._truth(item, trace) for item in self._arguments(node, range(1, 11), "Fn::And"))

    def _or(self, node: Node, trace: _Trace) -> _Value:
        return any(self._truth(item, trace) for item in self._arguments(node, range(1, 11), "Fn::Or"))

    def _not(self, node: Node, trace: _Trace) -> _Value:
        (item,) = self._arguments(node, range(1, 2), "Fn::Not")
        return not self._truth(item, trace)

    def _equals(self, node: Node, trace: _Trace) -> _Value:
        first, second = (
            self._json(item, trace, "Fn::Equals") for item in self._arguments(node, range(2, 3), "Fn::Equals")
        )
        return _comparable(first) == _comparable(second)


_Trace: TypeAlias = dict[str, Origin]

_WAY: ContextVar[tuple[tuple[Evaluator, str], ...]] = ContextVar("samlocal.way", default=())
"""The references and conditions that are being evaluated, in their order, across nested templates' evaluators."""


def _reference(name: str) -> Node:
    return Map({"Fn::GetAtt": name}) if "." in name else Map({"Ref": name})


def _has_secret(trace: _Trace) -> bool:
    return any(origin.secret for origin in trace.values())


def _deciding(origins: Iterable[Origin]) -> Iterator[Origin]:
    return (origin for origin in origins if origin.placeholder or origin.secret)


def _written_reference(reference: Reference) -> Node:
    if reference.attribute:
        return Map({"Fn::GetAtt": Seq([reference.logical_id, reference.attribute])})
    return Map({"Ref": reference.logical_id})


def _missing(node: Node, reason: str, tip: str) -> _Missing:
    return _Missing(Unknown(expression=written(node), reason=reason, tip=tip))


def _take(known: Known, trace: _Trace) -> Json:
    for origin in known.origins:
        _note(trace, origin)
    return known.value


def _note(trace: _Trace, origin: Origin) -> None:
    there = trace.get(origin.text)
    if there is None or there == origin:
        trace[origin.text] = origin
    else:
        # One place, such as a flag, can give what is secret and what is not.
        secret, placeholder = there.secret or origin.secret, there.placeholder or origin.placeholder
        trace[origin.text] = replace(there, secret=secret, placeholder=placeholder)


def _comparable(value: Json) -> Json:
    return text(value) if isinstance(value, (bool, int, float)) else value
