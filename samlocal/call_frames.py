"""Room for the frames of the interpreter's calls.

CPython keeps them in chunks of 16 KB, each asked of the kernel, and gives one back as soon as nothing is left on it
(Python/pystate.c, push_chunk and _PyThreadState_PopFrame): a call at the edge of a chunk costs two system calls and a
page, every time. Where imports compile regular expressions at such a depth a cold call loses 50 ms of processor time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_SLOTS = 65_600
"""A little over 512 KB. A chunk is a power of two: as much again is left on it for what is called."""


def roomy(function: F) -> F:
    """Gives a function, and all that it calls in its thread, one chunk. Nothing of it is memory until it is used."""
    function.__code__ = function.__code__.replace(co_stacksize=_SLOTS)
    return function
