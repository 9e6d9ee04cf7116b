"""Resources that refer to each other in a circle, which CloudFormation refuses ("Circular dependency between …")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samlocal.template.references import references


def circle(resources: Mapping[str, Any]) -> list[str] | None:
    """The logical ids on a way round, the first one again at the end; None where there is no circle.

    Resources under a condition and the branches of ``Fn::If`` are left aside: which of them count is not known here.
    """
    return next(
        circles(
            {
                name: list(_needs(body))
                for name, body in resources.items()
                if isinstance(body, dict) and "Condition" not in body
            }
        ),
        None,
    )


def circles(needs: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Ways round among names of which each needs others, no two with a name in common.

    The first name of a way stands before the others in ``needs``, and again at its end.
    """
    from graphlib import CycleError, TopologicalSorter

    left = dict(needs)
    while True:
        try:
            TopologicalSorter({name: [each for each in needs[name] if each in left] for name in left}).prepare()
        except CycleError as error:
            # graphlib goes from what is needed to what needs it.
            way = error.args[1][:0:-1]
            first = next(way.index(name) for name in needs if name in way)
            yield [*way[first:], *way[:first], way[first]]
            for name in way:
                del left[name]
        else:
            return


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
