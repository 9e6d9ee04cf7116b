"""What AWS said, question by question: nothing is asked twice in a minute, and little twice in five.

An answer on disk that has another shape than it should counts as absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from samlocal.aws import AwsUnreachableError
from samlocal.errors import SamlocalError
from samlocal.records import MALFORMED, decoded, encoded, read_record, write_record

T = TypeVar("T")

DEFAULT_MAX_AGE = 300.0
"""Seconds for which an answer on disk is used without asking again."""

_ONE_RUN = 60.0
"""Seconds for which an answer is used by the process that got it, whatever its age: one run asks nothing twice."""


class _File(Struct, kw_only=True, tag_field="version", tag=1):
    """When each answer was given, and the answer as JSON; all times are epoch seconds."""

    confirmed: float = 0.0
    answers: dict[str, tuple[float, msgspec.Raw]] = {}


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
        self._fresh: dict[str, tuple[float, float, object]] = {}
        """Since when each answer is in memory, for how many seconds it is believed there, and the answer."""
        self._on_disk: _File | None = None
        self._changed = False
        self._may_be_recorded = True
        self.oldest: float | None = None
        self.kept_age: float | None = None

    def ask(self, question: tuple[str, ...], fetch: Callable[[], T], kind: Any) -> T:
        """The answer at hand, else what ``fetch`` brings, which is kept on disk.

        ``kind`` is the answer's type, which may be a union.
        """
        key = _key(question)
        if self._is_fresh(key):
            return cast("T", self._fresh[key][-1])
        kept: Kept[T] | None = self._kept_answer(key, kind)
        if kept is not None and not self._refresh and 0 <= kept.age < self._max_age:
            return self._from_disk(key, kept)
        try:
            answer = fetch()
        except AwsUnreachableError:
            if kept is None:
                self._may_be_recorded = False
                raise
            self.oldest = max(self.oldest or 0.0, kept.age)
            return self._from_disk(key, kept)
        except SamlocalError:
            self._may_be_recorded = False
            raise
        self._file_content.answers[key] = (self._clock(), msgspec.Raw(encoded(answer)))
        self._changed = True
        return self._remember(key, answer)

    def ask_secret(self, question: tuple[str, ...], fetch: Callable[[], T]) -> T:
        """The same for what must not be written anywhere."""
        self._may_be_recorded = False
        key = _key(question)
        return cast("T", self._fresh[key][-1]) if self._is_fresh(key) else self._remember(key, fetch())

    def kept(self, question: tuple[str, ...], kind: type[T]) -> Kept[T] | None:
        """The answer on disk that ``ask`` would give, without asking; None where there is none."""
        answer: Kept[T] | None = self._kept_answer(_key(question), kind)
        return answer if answer is not None and not self._refresh and 0 <= answer.age < self._max_age else None

    @property
    def answers(self) -> dict[str, str] | None:
        """What was asked, each with a digest of its answer; None where one was secret, late or none."""
        if not self._may_be_recorded or self.oldest is not None:
            return None
        return {key: _digest(self._file_content.answers[key][1]) for key in self._fresh}

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Whether ``ask`` would give these without asking; then they count as given."""
        now, oldest = self._clock(), 0.0
        for key, digest in answers.items():
            at, answer = self._file_content.answers.get(key, (0.0, None))
            if self._refresh or answer is None or not 0 <= now - at < self._max_age or _digest(answer) != digest:
                return False
            oldest = max(oldest, now - at)
        if answers:
            self.kept_age = max(self.kept_age or 0.0, oldest)
        return True

    @property
    def confirmed_age(self) -> float:
        """Seconds since AWS said last that what is kept still holds."""
        age = self._clock() - self._file_content.confirmed
        return age if age >= 0 else float("inf")

    def confirm(self) -> None:
        """Keeps that AWS has just said so."""
        self._file_content.confirmed = self._clock()
        self._changed = True

    def save(self) -> None:
        """Writes what is new to disk, readable by the user only. A disk that refuses is no reason to fail."""
        if self._file is not None and self._changed:
            write_record(self._file, self._file_content)
            self._changed = False

    def _is_fresh(self, key: str) -> bool:
        if key not in self._fresh:
            return False
        since, seconds, _ = self._fresh[key]
        return 0 <= self._clock() - since < seconds

    def _remember(self, key: str, answer: T, *, age: float = 0.0) -> T:
        self._fresh[key] = self._clock(), max(self._max_age - age, _ONE_RUN), answer
        return answer

    def _kept_answer(self, key: str, kind: Any) -> Kept[T] | None:
        if key not in self._file_content.answers:
            return None
        at, answer = self._file_content.answers[key]
        try:
            return Kept(answer=decoded(bytes(answer), kind), age=self._clock() - at)
        except MALFORMED:
            return None

    def _from_disk(self, key: str, kept: Kept[T]) -> T:
        self.kept_age = max(self.kept_age or 0.0, kept.age)
        return self._remember(key, kept.answer, age=kept.age)

    @property
    def _file_content(self) -> _File:
        if self._on_disk is None:
            self._on_disk = (read_record(self._file, _File) if self._file is not None else None) or _File()
        return self._on_disk


def _digest(answer: msgspec.Raw) -> str:
    return hashlib.sha256(bytes(answer)).hexdigest()


def _key(question: tuple[str, ...]) -> str:
    return json.dumps(question)
