"""Resources that refer to each other in a circle, which CloudFormation refuses ("Circular dependency between …")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samlocal.template.references import references


def circle(resources: Mapping[str, Any]) -> list[str] | None:
    """The logical ids on the way round, the first one again at the end; None where there is no circle.

    Resources under a condition and the branches of ``Fn::If`` are left aside: which of them count is not known here.
    """
    needs = {
        name: [needed for needed in _needs(body) if needed in resources]
        for name, body in resources.items()
        if isinstance(body, dict) and "Condition" not in body
    }
    done: set[str] = set()
    for start in needs:
        # Depth first, without recursion: templates hold hundreds of resources in a row.
        way: list[tuple[str, Iterator[str]]] = [(start, iter(needs[start]))]
        while way and start not in done:
            name, rest = way[-1]
            following = next(rest, None)
            names = [each for each, _ in way]
            if following is None:
                done.add(name)
                way.pop()
            elif following in names:
                return [*names[names.index(following) :], following]
            elif following in needs and following not in done:
                way.append((following, iter(needs[following])))
    return None


def _needs(body: Mapping[str, Any]) -> Iterator[str]:
    yield from references(_certain(body.get("Properties")))
    depends = body.get("DependsOn")
    yield from [depends] if isinstance(depends, str) else depends or ()


def _certain(node: Any) -> Any:
    match node:
        case dict():
            return {name: _certain(value) for name, value in node.items() if name != "Fn::If"}
        case list():
            return [_certain(item) for item in node]
    return node
