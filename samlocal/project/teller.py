"""Who tells the user what happens while a function is planned. The command line prints it, a test collects it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samlocal.engine import PullProgress


class Progress(Protocol):
    """Is told how pulls, fetches, builds and what else takes time go on, from several threads."""

    def pulled(self, image: str, step: PullProgress) -> None: ...

    def step(self, paths: Sequence[str], step: str) -> None:
        """``paths`` are the functions and layers of one build."""

    def done(self, paths: Sequence[str], seconds: float, *, failed: bool) -> None: ...

    def goes_on(self, what: str) -> None:
        """``what`` is said, and goes on until another one does, or all this has ended."""


class Teller(Protocol):
    """Each text is a sentence, in one line.

    What holds may be told twice, for values are asked for again, and is shown once; what has come about is shown
    ``each_time``.
    """

    def notice(self, text: str, *, once_for: str = "", each_time: bool = False) -> None:
        """With ``once_for`` it is shown once on this machine for what that names by its content."""

    def warning(self, text: str, *, each_time: bool = False) -> None: ...

    def facts(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table of what came of something."""

    def progress(self) -> AbstractContextManager[Progress]: ...
