"""Engines that are named for functions which the template has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from samlocal.config import nearest
from samlocal.engine_choice import ARCHITECTURES, OTHERS, EngineChoice, NamedEngine

if TYPE_CHECKING:
    from samlocal.function.application import Application
    from samlocal.template.model import Resource


def names_of(owner: Application, resource: Resource) -> tuple[str, ...]:
    """What a function goes by where an engine is named for it."""
    return owner.path(resource), resource.logical_id, owner.name(resource)


def unknown_engines(choice: EngineChoice, application: Application) -> Iterator[tuple[NamedEngine, str]]:
    """Each with what is wrong with it."""
    for_functions = [each for each in choice.named if each.whose not in (*ARCHITECTURES, OTHERS)]
    if not for_functions:
        return
    known = {name for owner, resource in application.functions() for name in names_of(owner, resource)}
    for each in for_functions:
        if each.whose not in known:
            close = nearest(each.whose, sorted({*known, *ARCHITECTURES}))
            yield each, f"{each.origin}: the template has no function {each.whose}{close}"
