"""What AWS said, question by question: nothing is asked twice in a run, and little twice in five minutes.

An answer on disk that has another shape than it should counts as absent.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct

from samlocal.aws import AwsUnreachableError
from samlocal.deployed import shape
from samlocal.own_folder import own_folder

T = TypeVar("T")

DEFAULT_MAX_AGE = 300.0
"""Seconds for which an answer on disk is used without asking again."""

_VERSION = 1


class Form(Struct, Generic[T], frozen=True, kw_only=True):
    """How an answer is written as JSON and read again; ``decode`` raises one of MALFORMED for another shape."""

    encode: Callable[[T], object]
    decode: Callable[[Any], T]


def plain(decode: Callable[[object], T]) -> Form[T]:
    """For answers that are JSON already; ``decode`` makes sure of their shape."""
    return Form(encode=lambda answer: answer, decode=decode)


class Kept(Struct, Generic[T], frozen=True, kw_only=True):
    """An answer on disk, and its age in seconds."""

    answer: T
    age: float


class Snapshot:
    """The answers of one caller about one stack; ``file`` is None where they live for the run only.

    ``clock`` gives epoch seconds. Values that are secret are kept in memory only. With ``refresh`` the answers on
    disk count only where AWS cannot be reached. ``oldest`` is the age in seconds of the oldest answer that stood in
    for an AWS out of reach, None when there was none; ``kept_age`` that of the oldest one from disk for any reason.
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
        self._confirmed = 0.0
        self._changed = False
        self.oldest: float | None = None
        self.kept_age: float | None = None

    def ask(self, question: tuple[str, ...], fetch: Callable[[], T], form: Form[T]) -> T:
        """The answer at hand, else what ``fetch`` brings, which is kept on disk."""
        key = json.dumps(question)
        if key in self._fresh:
            return cast("T", self._fresh[key])
        kept = self._kept_answer(key, form)
        if kept is not None and not self._refresh and 0 <= kept.age < self._max_age:
            return self._from_disk(key, kept)
        try:
            answer = fetch()
        except AwsUnreachableError:
            if kept is None:
                raise
            self.oldest = max(self.oldest or 0.0, kept.age)
            return self._from_disk(key, kept)
        self._on_disk()[key] = (self._clock(), form.encode(answer))
        self._changed = True
        return self._remember(key, answer)

    def ask_secret(self, question: tuple[str, ...], fetch: Callable[[], T]) -> T:
        """The same for what must not be written anywhere: asked once in each run."""
        key = json.dumps(question)
        return cast("T", self._fresh[key]) if key in self._fresh else self._remember(key, fetch())

    def kept(self, question: tuple[str, ...], form: Form[T]) -> Kept[T] | None:
        """The answer on disk that ``ask`` would give, without asking; None where there is none."""
        answer = self._kept_answer(json.dumps(question), form)
        return answer if answer is not None and not self._refresh and 0 <= answer.age < self._max_age else None

    @property
    def confirmed_age(self) -> float:
        """Seconds since AWS said last that what is kept still holds."""
        self._on_disk()
        age = self._clock() - self._confirmed
        return age if age >= 0 else float("inf")

    def confirm(self) -> None:
        """Keeps that AWS has just said so."""
        self._on_disk()
        self._confirmed = self._clock()
        self._changed = True

    def save(self) -> None:
        """Writes what is new to disk, readable by the user only. A disk that refuses is no reason to fail."""
        if self._file is not None and self._changed:
            answers = {key: [at, answer] for key, (at, answer) in self._on_disk().items()}
            content = {"version": _VERSION, "confirmed": self._confirmed, "answers": answers}
            write_private(self._file, json.dumps(content))
            self._changed = False

    def _remember(self, key: str, answer: T) -> T:
        self._fresh[key] = answer
        return answer

    def _kept_answer(self, key: str, form: Form[T]) -> Kept[T] | None:
        if key not in self._on_disk():
            return None
        at, answer = self._on_disk()[key]
        try:
            return Kept(answer=form.decode(answer), age=self._clock() - at)
        except shape.MALFORMED:
            return None

    def _from_disk(self, key: str, kept: Kept[T]) -> T:
        self.kept_age = max(self.kept_age or 0.0, kept.age)
        return self._remember(key, kept.answer)

    def _on_disk(self) -> dict[str, tuple[float, object]]:
        if self._kept is None:
            content = read_private(self._file)
            self._kept = {}
            with contextlib.suppress(*shape.MALFORMED):
                self._confirmed = shape.number(content.get("confirmed", 0.0))
                for key, (at, answer) in shape.mapping(content.get("answers", {})).items():
                    self._kept[key] = (shape.number(at), answer)
        return self._kept


def read_private(file: Path | None) -> Mapping[str, Any]:
    """A JSON file of this version, empty when it is absent, broken, or of another version."""
    if file is None:
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, *shape.MALFORMED):
        return {}
    return content if isinstance(content, dict) and content.get("version") == _VERSION else {}


def write_private(file: Path, text: str) -> None:
    """Replaces a file whole, readable by its owner only. A disk that refuses is no reason to fail."""
    with contextlib.suppress(OSError):
        put_private(file, text)


def put_private(file: Path, text: str) -> None:
    """The same for what has to be there afterwards. Raises OSError."""
    own_folder(file.parent)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as writing:
            writing.write(text)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
