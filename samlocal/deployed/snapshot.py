"""What AWS said, question by question: nothing is asked twice in a run, and little twice in five minutes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from samlocal.aws import AwsUnreachableError

T = TypeVar("T")

DEFAULT_MAX_AGE = 300.0
"""Seconds for which an answer on disk is used without asking again."""

_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[T]):
    """How an answer is written as JSON and read again."""

    encode: Callable[[T], object]
    decode: Callable[[Any], T]


def plain() -> Form[Any]:
    """For answers that are JSON already."""
    return Form(encode=lambda answer: answer, decode=lambda answer: answer)


class Snapshot:
    """The answers of one caller about one stack; ``file`` is None where they live for the run only.

    ``clock`` gives epoch seconds. Values that are secret are kept in memory only. With ``refresh`` the answers on
    disk count only where AWS cannot be reached. ``oldest`` is the age in seconds of the oldest answer that stood in
    for an AWS out of reach, None when there was none.
    """

    def __init__(
        self,
        file: Path | None,
        *,
        clock: Callable[[], float],
        max_age: float = DEFAULT_MAX_AGE,
        refresh: bool = False,
    ) -> None:
        self._file = file
        self._clock = clock
        self._max_age = max_age
        self._refresh = refresh
        self._fresh: dict[str, object] = {}
        self._kept: dict[str, tuple[float, object]] | None = None
        self._changed = False
        self.oldest: float | None = None

    def ask(self, question: tuple[str, ...], fetch: Callable[[], T], form: Form[T]) -> T:
        """The answer at hand, else what ``fetch`` brings, which is kept on disk."""
        key = json.dumps(question)
        if key in self._fresh:
            return cast("T", self._fresh[key])
        at, kept = self._on_disk().get(key, (0.0, None))
        age = self._clock() - at
        if kept is not None and not self._refresh and 0 <= age < self._max_age:
            return self._remember(key, form.decode(kept))
        try:
            answer = fetch()
        except AwsUnreachableError:
            if kept is None:
                raise
            self.oldest = max(self.oldest or 0.0, age)
            return self._remember(key, form.decode(kept))
        self._on_disk()[key] = (self._clock(), form.encode(answer))
        self._changed = True
        return self._remember(key, answer)

    def ask_secret(self, question: tuple[str, ...], fetch: Callable[[], T]) -> T:
        """The same for what must not be written anywhere: asked once in each run."""
        key = json.dumps(question)
        return cast("T", self._fresh[key]) if key in self._fresh else self._remember(key, fetch())

    def save(self) -> None:
        """Writes what is new to disk, readable by the user only. A disk that refuses is no reason to fail."""
        if self._file is not None and self._changed:
            answers = {key: [at, answer] for key, (at, answer) in self._on_disk().items()}
            write_private(self._file, json.dumps({"version": _VERSION, "answers": answers}))
            self._changed = False

    def _remember(self, key: str, answer: T) -> T:
        self._fresh[key] = answer
        return answer

    def _on_disk(self) -> dict[str, tuple[float, object]]:
        if self._kept is None:
            self._kept = {}
            for key, (at, answer) in read_private(self._file).get("answers", {}).items():
                self._kept[key] = (at, answer)
        return self._kept


def read_private(file: Path | None) -> Mapping[str, Any]:
    """A JSON file of this version, empty when it is absent, broken, or of another version."""
    if file is None:
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and content.get("version") == _VERSION else {}


def write_private(file: Path, text: str) -> None:
    """Replaces a file whole, readable by its owner only. A disk that refuses is no reason to fail."""
    with contextlib.suppress(OSError):
        put_private(file, text)


def put_private(file: Path, text: str) -> None:
    """The same for what has to be there afterwards. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as writing:
            writing.write(text)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
