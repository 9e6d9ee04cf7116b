"""The program itself: what must hold before anything else is imported."""

import os
import signal
from typing import NoReturn

from samlocal.call_frames import roomy
from samlocal.collector import held_off


@roomy
def main() -> NoReturn:
    """The console script."""
    # Ctrl-C while samlocal is still being imported: there is nothing to clean up and nothing to show.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    with held_off():
        from samlocal import cli

    cli.main()


def _leave(number: int, _: object) -> NoReturn:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
