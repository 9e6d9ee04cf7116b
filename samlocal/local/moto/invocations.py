"""The invocations that the local endpoint has for functions, until somebody runs them.

One that nobody waits for stays until it is over: who has fetched it and is gone without a word has not run it, and
the next one gets it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from samlocal.local.invocation import WAIT_SECONDS, Answered, Fetched, Invocation

MOST = 10_000
"""So many events wait at most, and so many bytes of them."""
MOST_BYTES = 256 * 1024 * 1024

# Whoever runs functions asks again at once: one who has not asked for so long is gone. Whether one who waits for an
# answer is still there is looked at as often as the second says.
_GONE_SECONDS = 10.0
_LOOK_SECONDS = 1.0

# Lambda quotas: a function runs for 15 minutes at most. It may have to wait for its turn, and be built.
_ANSWER_SECONDS = 1_200.0

_AT_ONCE = 100

# Of one kind or another; whoever runs functions next reads the first of them.
_REMARKS = 100


class NobodyRunsError(Exception):
    """Nobody runs functions here now."""


class FullError(Exception):
    """No more events have room."""


class Invocations:
    """Threads share it. One runner has them at a time: the last one who has come."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._changed = threading.Condition()
        self._waiting: dict[str, Invocation] = {}
        self._fetched: dict[str, Invocation] = {}
        self._answers: dict[str, Answered | None] = {}
        self._count = self._bytes = 0
        self._remarks: dict[str, int] = {}
        self._runner: str | None = None
        self._replaced: set[str] = set()
        self._seen = 0.0
        # Of the runner's question that waits: whether it is still there.
        self._asks: Callable[[], bool] | None = None

    # the endpoint's side

    def put(self, invocation: Invocation) -> None:
        """One that nobody waits for. Raises FullError."""
        with self._changed:
            if self._count >= self._most or self._bytes + len(invocation.payload) > MOST_BYTES:
                raise FullError
            self._count += 1
            self._bytes += len(invocation.payload)
            self._waiting[invocation.id] = invocation
            self._changed.notify_all()

    def answer(self, invocation: Invocation) -> Answered:
        """Waits for its answer. Raises NobodyRunsError, also where the one who ran it is gone."""
        until = self._clock() + _ANSWER_SECONDS
        with self._changed:
            if not self._is_run:
                raise NobodyRunsError
            self._waiting[invocation.id] = msgspec.structs.replace(invocation, waits=True)
            self._answers[invocation.id] = None
            self._changed.notify_all()
            try:
                while (answered := self._answers[invocation.id]) is None:
                    if not self._is_run or self._clock() >= until:
                        raise NobodyRunsError
                    self._changed.wait(1.0)
            finally:
                del self._answers[invocation.id]
                self._waiting.pop(invocation.id, None)
                self._fetched.pop(invocation.id, None)
            return answered

    def remark(self, text: str) -> None:
        """For whoever runs functions to tell; the same again is counted, and no more than ``_REMARKS`` are kept."""
        with self._changed:
            if text in self._remarks or len(self._remarks) < _REMARKS:
                self._remarks[text] = self._remarks.get(text, 0) + 1
                self._changed.notify_all()

    @property
    def count(self) -> int:
        """How many events are not over that nobody waits for."""
        return self._count

    @property
    def is_run(self) -> bool:
        """Whether somebody runs functions now."""
        with self._changed:
            return self._is_run

    @property
    def _is_run(self) -> bool:
        if self._runner is None:
            return False
        return self._asks() if self._asks is not None else self._clock() - self._seen < _GONE_SECONDS

    # the side of who runs them

    def fetch(self, runner: str, wait: float, *, is_there: Callable[[], bool] = lambda: True) -> Fetched:
        """The next ones, as soon as there are some; none behind so many seconds.

        ``is_there`` says whether the runner still waits for them: one that has been killed gets none.
        """
        until = self._clock() + min(wait, WAIT_SECONDS)
        with self._changed:
            if runner in self._replaced:
                return Fetched(invocations=(), replaced=True)
            if runner != self._runner:
                if self._runner is not None:
                    self._replaced.add(self._runner)
                self._take_back()
                self._runner = runner
            self._asks = is_there
            try:
                while not (self._waiting or self._remarks) and runner == self._runner and is_there():
                    left = until - self._clock()
                    if left <= 0:
                        break
                    self._changed.wait(min(left, _LOOK_SECONDS))
            finally:
                if self._asks is is_there:
                    self._asks, self._seen = None, self._clock()
            if runner != self._runner:
                return Fetched(invocations=(), replaced=runner in self._replaced)
            if not is_there():
                self._runner = None
                self._take_back()
                return Fetched(invocations=())
            some = list(self._waiting)[:_AT_ONCE]
            for each in some:
                self._fetched[each] = self._waiting.pop(each)
            remarks, self._remarks = self._remarks, {}
            return Fetched(
                invocations=tuple(self._fetched[each] for each in some),
                remarks=tuple(text if times == 1 else f"{text} ({times} times)" for text, times in remarks.items()),
            )

    def _take_back(self) -> None:
        """What the last one had has not come to its end."""
        self._waiting = {**self._fetched, **self._waiting}
        self._fetched = {}
        self._changed.notify_all()

    def over(self, invocation_id: str, answered: Answered) -> None:
        """What came of one; of one that is not known any more nobody wants to know it."""
        with self._changed:
            invocation = self._fetched.pop(invocation_id, None) or self._waiting.pop(invocation_id, None)
            if invocation is not None and not invocation.waits:
                self._count -= 1
                self._bytes -= len(invocation.payload)
            if invocation_id in self._answers:
                self._answers[invocation_id] = answered
            self._changed.notify_all()

    def leave(self, runner: str) -> None:
        """It runs no more of them: what it has fetched and not brought to an end is the next one's."""
        with self._changed:
            if runner == self._runner:
                self._runner = None
                self._take_back()
