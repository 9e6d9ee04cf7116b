"""Public event-driven patterns in the local environment: their sources start their functions.

A few of different kinds run with the suite, ``make patterns`` runs all.
"""

from __future__ import annotations

from collections.abc import Callable

import kit
import pytest
from corpus import needs_corpus
from patterns import PATTERNS, Pattern
from up_kit import up

pytestmark = [pytest.mark.docker, needs_corpus]

MakeProject = Callable[..., kit.Project]

IN_EVERY_RUN = ("027", "058", "064", "071")


def _case(pattern: Pattern) -> object:
    marks = () if pattern.number in IN_EVERY_RUN else (pytest.mark.patterns,)
    return pytest.param(pattern, marks=marks, id=pattern.number)


@pytest.mark.parametrize("pattern", [_case(pattern) for pattern in PATTERNS])
def test_a_public_patterns_sources_start_its_functions(pattern: Pattern, local: MakeProject) -> None:
    with up(local(pattern.project_files()), *pattern.args) as own:
        pattern.runs(own)
        own.ended()
