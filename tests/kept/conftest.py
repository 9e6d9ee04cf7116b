"""Projects whose kept sandboxes end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kept_kit import sockets
from kit import Docker, Project, eventually


@pytest.fixture
def keeping(project: Callable[..., Project], docker: Docker) -> Iterator[Callable[..., Project]]:
    """Makes projects like ``project``. Nothing is kept of them afterwards, and nothing is left."""
    made: list[Project] = []

    def make(files: dict[str, Any], **environ: str) -> Project:
        made.append(project(files, **environ))
        return made[-1]

    yield make
    for each in made:
        each.run("kept", "--stop", "--all").succeeded()
        assert docker.nothing_left(each)
        eventually(lambda each=each: not sockets(each), told=lambda: "a keeper has not ended")  # type: ignore[misc]
