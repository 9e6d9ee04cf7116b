"""Clearing up after runs that were killed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from samlocal.cli.output import Output

if TYPE_CHECKING:
    from samlocal.sandbox.session import Session


def sweep(own: Session, environ: Mapping[str, str], output: Output) -> threading.Thread:
    """Clears up after runs that were killed, beside the command's own work."""

    def clear_up() -> None:
        from samlocal.sandbox.session import swept, swept_now

        removed = swept_now(own, environ)
        if removed:
            output.notice(swept(removed))

    thread = threading.Thread(target=clear_up, name="samlocal-sweep", daemon=True)
    thread.start()
    return thread
