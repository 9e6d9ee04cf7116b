"""``ReservedConcurrentExecutions``: how many events of a function run at once.

Source: Lambda developer guide, "Configuring reserved concurrency for a function".
"""

from __future__ import annotations

from samlocal.function import limits
from samlocal.function.properties import Properties
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource
from samlocal.template.values import Unknown

_NAME = "ReservedConcurrentExecutions"


def reserved_concurrency(resource: Resource, properties: Properties, evaluator: Evaluator) -> int | None:
    """None where there is none, or it cannot be known: a single event runs without it.

    0 lets no event through. Raises TemplateError for what is no such number.
    """
    answer = evaluator.evaluate(resource.properties.get(_NAME))
    if answer is None or isinstance(answer, Unknown) or answer.placeholder or answer.value is None:
        return None
    return properties.number(_NAME, limits.RESERVED_CONCURRENCY, default=0, unit="executions")
