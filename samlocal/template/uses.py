"""What an expression takes from other parts of its template, directly and by what it uses."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from samlocal.template.document import Map, Node, Seq
from samlocal.template.model import Template, is_intrinsic
from samlocal.template.references import places


class Uses(Struct, frozen=True, kw_only=True):
    """Names by the section they stand in; ``references`` are of resources, and of what the template does not have."""

    parameters: set[str] = field(default_factory=set)
    mappings: set[str] = field(default_factory=set)
    conditions: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)


def uses(template: Template, *nodes: Node) -> Uses:
    """Everything that the values of these nodes depend on in the template's own text."""
    found = Uses()
    seen: set[int] = set()
    waiting: list[Node] = list(nodes)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (Map, Seq)) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Map) and is_intrinsic(node):
            waiting += _of_function(template, node, found)
        waiting += node.values() if isinstance(node, Map) else node
    return found


def _of_function(template: Template, node: Map, found: Uses) -> Iterator[Node]:
    """Notes what one function names, and gives the declarations that have to be looked at in turn."""
    ((name, argument),) = node.items()
    match name, argument:
        case "Ref", str():
            _reference(template, argument, found)
        case "Fn::GetAtt", str():
            _reference(template, argument.partition(".")[0], found)
        case "Fn::GetAtt", [str() as logical_id, *_]:
            _reference(template, logical_id, found)
        case "Fn::Sub", str() | [str(), *_]:
            pattern = argument if isinstance(argument, str) else str(argument[0])
            own = argument[1] if isinstance(argument, Seq) and len(argument) > 1 else None
            for inside in map(str.strip, places(pattern)):
                if not (isinstance(own, Map) and inside in own):
                    _reference(template, inside.partition(".")[0], found)
        case "Fn::FindInMap", [first, *_]:
            # A map whose name has to be computed may be any of them.
            names = [first] if isinstance(first, str) else list(template.mappings)
            found.mappings.update(names)
            yield from (template.mappings.get(mapping) for mapping in names)
        case "Condition", str():
            yield from _condition(template, argument, found)
        case "Fn::If", [str() as condition, *_]:
            yield from _condition(template, condition, found)


def _reference(template: Template, name: str, found: Uses) -> None:
    if name in template.parameters:
        found.parameters.add(name)
    elif not name.startswith("AWS::"):
        found.references.add(name)


def _condition(template: Template, name: str, found: Uses) -> Iterator[Node]:
    if name in template.conditions:
        found.conditions.add(name)
        yield template.conditions[name]
