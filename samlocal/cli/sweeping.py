"""Clearing up after runs that were killed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from samlocal.cli.output import Output
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from samlocal.sandbox.session import Session


def sweep(own: Session, environ: Mapping[str, str], output: Output) -> threading.Thread:
    """Clears up after runs that were killed, beside the command's own work."""

    def clear_up() -> None:
        from samlocal.engine import Engine
        from samlocal.sandbox.session import swept

        try:
            engine = Engine.connect(environ)
            removed = own.sweep(engine)
            engine.close()
        except EngineError:
            # The run itself meets the same engine and says what is wrong with it.
            return
        if removed:
            output.notice(swept(removed))

    thread = threading.Thread(target=clear_up, name="samlocal-sweep", daemon=True)
    thread.start()
    return thread
