"""The program that a keeper's process runs: its arguments are its folder, its socket's name and number."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any


def run(arguments: list[str]) -> None:
    from samlocal.kept.folder import Folder
    from samlocal.kept.keeper import Keeper
    from samlocal.kept.program import this_samlocal
    from samlocal.kept.surroundings import place_of
    from samlocal.project.surroundings import Surroundings
    from samlocal.sandbox.session import Session, session

    path, name, number = arguments
    listening = socket.socket(fileno=int(number))
    world = Surroundings(environ=dict(os.environ), cwd=Path.cwd())
    folder = Folder(Path(path))

    async def keep(own: Session) -> None:
        keeper = Keeper(folder, name, place=place_of(world), samlocal=this_samlocal(), session=own)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_unheard)
        for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(ending, keeper.end)
        await keeper.serve(listening)

    with session(world.cache_folder / "sessions") as own:
        asyncio.Runner().run(keep(own))
    folder.forget_log(name)
    # A thread may still wait for an answer that nobody needs.
    os._exit(0)


def _unheard(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody has waited for. A connection that breaks is no news."""
    from samlocal.kept.fault import log_fault

    error = context.get("exception")
    if isinstance(error, BaseException) and not isinstance(error, OSError):
        log_fault(error)


if __name__ == "__main__":
    # Where samlocal is not installed it runs from a checkout.
    sys.path.append(str(Path(__file__).parents[2]))
    from samlocal.call_frames import roomy

    roomy(run)(sys.argv[1:])
