"""Clearing up after runs that were killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from samlocal.cli.output import Output
from samlocal.engine_choice import EngineChoice
from samlocal.errors import EngineError

if TYPE_CHECKING:
    from samlocal.sandbox.session import Session


def sweep(own: Session, environ: Mapping[str, str], output: Output, place: str) -> threading.Thread:
    """Clears up an engine after runs that were killed, beside the command's own work.

    What is wrong with the engine is the run's to say, which meets it too.
    """

    def clear_up() -> None:
        try:
            _sweep(own, environ, output, place)
        except EngineError:
            return

    return _begun(clear_up)


def sweep_all(own: Session, environ: Mapping[str, str], output: Output, engines: EngineChoice) -> None:
    """Clears up all engines of a command that stays; of several one that is named, and does not answer, is told."""
    origins = {each.at: each.origin for each in engines.named} if len(engines.places) > 1 else {}

    def clear_up(place: str) -> None:
        try:
            _sweep(own, environ, output, place)
        except EngineError as error:
            if place in origins:
                output.warning(f"{origins[place]}: {error.message} What is to run there fails until it answers.")

    for place in engines.places:
        _begun(partial(clear_up, place))


def _sweep(own: Session, environ: Mapping[str, str], output: Output, place: str) -> None:
    from samlocal.sandbox.session import swept, swept_now

    removed = swept_now(own, environ, place)
    if removed:
        output.notice(swept(removed))


def _begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="samlocal-sweep", daemon=True)
    thread.start()
    return thread
