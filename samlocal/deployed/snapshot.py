"""What AWS said, question by question, so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Snapshot:
    """The answers of one run by question, such as ``("stack", "events-test")``."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, ...], object] = {}

    def ask(self, question: tuple[str, ...], fetch: Callable[[], T]) -> T:
        """The answer known already, else what ``fetch`` brings. An error is no answer: it is asked again."""
        if question not in self._answers:
            self._answers[question] = fetch()
        return cast('T', self._answers[question])
