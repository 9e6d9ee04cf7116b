"""What the functions of the local environment have written, for whoever follows it.

Lambda writes it to CloudWatch Logs; so it is here where the log group is there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from msgspec.structs import replace

from samlocal.local.invocation import WAIT_SECONDS
from samlocal.local.log_line import LogLine, LogLines
from samlocal.local.moto.log_groups import put_lines

MOST = 50_000
"""So many lines are kept, and so many characters of them."""
MOST_CHARACTERS = 32 * 1024 * 1024

_AT_ONCE = 1_000
_LOOK_SECONDS = 1.0


class FunctionLog:
    """Threads share it. ``put`` has the log groups have them, too."""

    def __init__(
        self,
        *,
        put: Callable[[Sequence[LogLine]], None] = put_lines,
        most: int = MOST,
        most_characters: int = MOST_CHARACTERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._put = put
        self._most = most
        self._most_characters = most_characters
        self._clock = clock
        self._changed = threading.Condition()
        self._writes = threading.Lock()
        self._lines: deque[LogLine] = deque()
        self._characters = 0
        self._last = 0

    def write(self, lines: Iterable[LogLine]) -> None:
        """In their order."""
        with self._writes:
            with self._changed:
                numbered = [replace(each, number=self._last + count) for count, each in enumerate(lines, 1)]
                self._last += len(numbered)
                self._lines += numbered
                self._characters += sum(len(each.text) for each in numbered)
                while len(self._lines) > self._most or self._characters > self._most_characters:
                    self._characters -= len(self._lines.popleft().text)
                self._changed.notify_all()
            # Subscribers hear of them one batch behind the other.
            self._put(numbered)

    def after(self, number: int, wait: float, *, is_there: Callable[[], bool] = lambda: True) -> LogLines:
        """Those behind that one, as soon as there are some; none behind so many seconds, or where nobody waits."""
        until = self._clock() + min(wait, WAIT_SECONDS)
        with self._changed:
            while self._last <= number and is_there() and (left := until - self._clock()) > 0:
                self._changed.wait(min(left, _LOOK_SECONDS))
            first = self._last - len(self._lines) + 1
            skipped = max(0, number + 1 - first)
            lines = tuple(islice(self._lines, skipped, skipped + _AT_ONCE))
            return LogLines(lines=lines, lost=max(0, first - number - 1) if number else 0)
