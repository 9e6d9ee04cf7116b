"""A front end that is no command: what a project tells is collected."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import kit

from samlocal.project.settings import Settings, project_settings
from samlocal.project.surroundings import Surroundings
from samlocal.project.teller import Progress


class Collected:
    """A Teller that keeps what it is told."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.warnings: list[str] = []

    def notice(self, text: str, *, once_for: str = "", each_time: bool = False) -> None:
        self.notices.append(text)

    def warning(self, text: str, *, each_time: bool = False) -> None:
        self.warnings.append(text)

    def facts(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self.notices += [": ".join(row) for row in rows]

    @contextlib.contextmanager
    def progress(self) -> Iterator[Progress]:
        yield Unseen(self.notice)


class Unseen:
    """Progress that nobody looks at, but for what is said of it."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice

    def goes_on(self, what: str) -> None:
        self._notice(f"{what} …")

    def pulled(self, image: str, step: object) -> None: ...

    def step(self, paths: Sequence[str], step: str) -> None: ...

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None: ...


def settings_of(project: kit.Project) -> Settings:
    world = Surroundings(environ=project.environment(), cwd=project.folder)
    return project_settings(world, template=project.folder / "template.json")
