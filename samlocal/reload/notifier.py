"""One look-out of watchfiles': a thread that hears of what changes in some places, from the system or by looking."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

_STEP_MS = 10
"""A save is told when so long no other change has come. A look-out wakes as often, which costs 0.25 % of a core."""

_LONGEST_MS = 500
"""What goes on for longer is told in parts."""

_LAST_STEPS = 5
"""In so many the system's own thread has brought what changed before."""

_POLL_MS = 400

_SAME_SECOND_MS = 1200
"""Who looks by themselves compares dates of whole seconds, so that a second save within one is not seen."""


_NUMBERED = re.compile(r"\(os error (\d+)\)")
"""The system's number for an error, in Rust's text of it (std::io::Error)."""


class UnwatchedError(Exception):
    """The system does not watch. Its text is a clause with the reason, and the remedy where there is one."""


class _Ends:
    """What a look-out asks at each of its steps: it forgets what it has seen and not told yet where it is to end."""

    def __init__(self) -> None:
        self._steps: int | None = None

    def after(self, steps: int) -> None:
        """So many more, in which it tells."""
        self._steps = steps

    def is_set(self) -> bool:
        if self._steps is None:
            return False
        self._steps -= 1
        return self._steps < 0


class Notifier:
    """From its making, which goes through all folders, to ``stop``. ``hear`` is called in its thread.

    One that ``polls`` tells of each change again a second later. Where it breaks down it tells of its own places, as
    of something that has changed, and ``works`` no more.
    """

    def __init__(
        self, places: Collection[Path], *, recursive: bool, polls: bool, hear: Callable[[frozenset[Path]], None]
    ) -> None:
        """Raises UnwatchedError, and FileNotFoundError where a place has just gone."""
        self.works = True
        self._places = frozenset(places)
        self._polls = polls
        self._hear = hear
        self._ends = _Ends()
        self._gone: frozenset[Path] = frozenset()
        self._watcher = _watcher([str(place) for place in places], recursive=recursive, polls=polls)
        self._thread = threading.Thread(target=self._run, name="samlocal-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tells of nothing more. Takes a moment."""
        self._end(steps=0)

    def retire(self, *, but: Collection[Path]) -> None:
        """Tells of what has changed until now, ``but`` of what has gone from there, and of nothing more.

        Takes a moment.
        """
        self._gone = frozenset(but)
        self._end(steps=_LAST_STEPS)

    def _end(self, *, steps: int) -> None:
        self._ends.after(steps)
        self._thread.join()
        self._watcher.close()

    def _run(self) -> None:
        again: frozenset[Path] = frozenset()
        while True:
            try:
                timeout = _SAME_SECOND_MS if again else 0
                heard = self._watcher.watch(_LONGEST_MS, _STEP_MS, timeout, self._ends)
            except WatchfilesRustInternalError:
                # It has met a name that is no text, or too much at once: nobody knows what has changed.
                self.works = False
                self._hear(self._places)
                return
            if heard == "timeout":
                self._hear(again)
                again = frozenset()
                continue
            if isinstance(heard, str):
                return
            paths = frozenset(path for _, text in heard if not self._has_gone(path := Path(text)))
            if paths:
                self._hear(paths)
            again = again | paths if self._polls else again

    def _has_gone(self, path: Path) -> bool:
        return any(above in self._gone for above in (path, *path.parents)) if self._gone else False


def _watcher(places: list[str], *, recursive: bool, polls: bool) -> RustNotify:
    try:
        try:
            return RustNotify(places, False, polls, _POLL_MS, recursive, False)
        except PermissionError:
            # Only then: it is as tolerant of the system's limit, and would watch half of it in silence.
            return RustNotify(places, False, polls, _POLL_MS, recursive, True)
    except FileNotFoundError:
        raise
    except WatchfilesRustInternalError as error:
        # inotify(7), EMFILE.
        raise UnwatchedError(
            f"this user has no more look-outs of the system's: raise fs.inotify.max_user_instances ({error})"
        ) from error
    except OSError as error:
        if "watch limit" in str(error):
            # inotify(7), ENOSPC.
            raise UnwatchedError(
                "the system watches no more folders for this user: raise fs.inotify.max_user_watches, as in "
                "`sudo sysctl fs.inotify.max_user_watches=524288`"
            ) from error
        number = _NUMBERED.search(str(error))
        if number is not None and int(number[1]) in (errno.ENOENT, errno.ENOTDIR):
            raise FileNotFoundError(str(error)) from error
        raise UnwatchedError(f"the system does not tell of them ({error})") from error
