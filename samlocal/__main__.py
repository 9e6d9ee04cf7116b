"""The program itself: what must hold before anything else is imported. Nobody but the program imports this file."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # typeshed has none of CPython's own halves
import os


def _leave(number: int, _: object) -> None:
    os._exit(128 + number)


# Ctrl-C while samlocal is still being imported: there is nothing to clean up and nothing to show. `signal` itself has
# imports of a few ms, which its builtin half has not.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _leave)

from typing import NoReturn  # noqa: E402 - behind the handler

from samlocal.call_frames import roomy  # noqa: E402
from samlocal.collector import held_off  # noqa: E402


@roomy
def main() -> NoReturn:
    """The console script."""
    with held_off():
        from samlocal import cli

    cli.main()


if __name__ == "__main__":
    main()
