"""Starting a keeper: a process of the project's own, out of the terminal's reach and of this command's end."""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from pathlib import Path

from samlocal.errors import KeptError
from samlocal.kept.folder import KEEPER, Folder
from samlocal.project.settings import Settings
from samlocal.project.surroundings import Surroundings

PROGRAM = Path(__file__).with_name("process.py")


def start_first_keeper(settings: Settings) -> None:
    """Starts one where there is none yet: it comes up while the command still makes up what to ask it.

    What stands in the way is met again, and said, when the keeper is asked.
    """
    folder = Folder.of(settings.world.cache_folder, settings.world.cwd / settings.template)
    if folder.names():
        return
    with contextlib.suppress(KeptError), folder.starting():
        if not folder.names():
            start_keeper(folder, settings.world)


def start_keeper(folder: Folder, world: Surroundings) -> str:
    """Starts one in a command's own surroundings; the name of its socket, where it can be reached from now on.

    It listens before the process runs: who comes early waits for it. Raises KeptError.
    """
    import subprocess

    name = f"{KEEPER}-{uuid.uuid4().hex[:8]}.sock"
    with folder.listen(name) as listening:
        try:
            log = os.open(folder.log(name), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                subprocess.Popen(
                    # -P: its own folder is no place to import from.
                    [sys.executable, "-P", str(PROGRAM), str(folder.path), name, str(listening.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=dict(world.environ),
                    cwd=world.cwd,
                    pass_fds=[listening.fileno()],
                    start_new_session=True,
                )
            finally:
                os.close(log)
        except OSError as error:
            folder.remove(name)
            raise KeptError(
                f"Nothing can be kept: its process cannot be started: {error}.",
                tip="Run without --keep.",
            ) from error
    return name
