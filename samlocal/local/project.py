"""A project's own local endpoint: a process that stays for half an hour after its last use."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from samlocal.errors import AwsError, SamlocalError
from samlocal.local.residence import Residence, unwritable
from samlocal.local.server import PROGRAM, LocalServer, awaited, check_installed, process_environment
from samlocal.records import put_private, put_record, read_record

IDLE = 1800.0
"""Seconds after its last use at which an endpoint ends by itself."""

# Of an environment that somebody has to themselves: its queues may be emptied more than once a minute, which AWS lets
# nobody do (SQS API reference, PurgeQueue).
_OWN = {"MOTO_SQS_ENFORCE_STRICT_QUEUE_PURGE_BEHAVIOUR": "false"}

_LOCK_SECONDS = 120.0
"""Others may be deploying a large template."""


class _State(Struct, frozen=True, kw_only=True):
    """A running endpoint, and the template that it is up for."""

    url: str
    pid: int
    token: str
    control: str
    template: Path


class LocalProject:
    """One template's endpoint. Its files lie in a folder that only its user can read.

    ``cache`` is samlocal's cache folder. Everything that was learnt of an endpoint is under ``memory``, which is
    another folder for each start, so that nothing of an earlier one is ever believed.
    """

    def __init__(
        self,
        cache: Path,
        template: Path,
        *,
        environ: Mapping[str, str],
        user: str = "",
        idle: float = IDLE,
        folder: Path | None = None,
    ) -> None:
        """``user`` has one to themselves. ``folder`` is where the files lie, when that is known already."""
        self.template = template.resolve()
        key = hashlib.sha256(f"{self.template}{user and chr(0)}{user}".encode()).hexdigest()[:16]
        self.folder = folder or cache / "local" / key
        self.residence = Residence(self.folder)
        self.idle = idle
        self._environ = environ
        self._user = user

    def running(self) -> LocalServer | None:
        """The endpoint, if it is up."""
        if not self.residence.alive:
            return None
        state = read_record(self.residence.state, _State)
        if state is None:
            return None
        return LocalServer(url=state.url, pid=state.pid, token=state.token, control=state.control)

    @property
    def log(self) -> Path:
        """What the process has said; it is there until the next start."""
        return self.folder / "server.log"

    @property
    def log_before(self) -> Path:
        """What the process before this one had said, where it has ended by itself."""
        return self.log.with_name("server.before.log")

    def memory(self, server: LocalServer) -> Path:
        return self.folder / f"start-{server.token}"

    @contextmanager
    def locked(self, *, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
        """One at a time starts, stops and deploys. Raises AwsError when another one does not come to an end."""
        from filelock import FileLock, Timeout

        self.residence.make()
        lock = FileLock(self.folder / "lock", timeout=seconds, mode=0o600)
        try:
            lock.acquire()
        except Timeout as error:
            raise AwsError(
                f"Another samlocal has been starting the local environment for {seconds:g} seconds.",
                tip=f"End it, or remove {self.folder / 'lock'}.",
            ) from error
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def start(self, *, meanwhile: Callable[[], object] = lambda: None, deadline: float = 60) -> LocalServer:
        """Starts the endpoint, empty; under the lock. ``meanwhile`` is called while it comes up.

        Raises ConfigurationError where moto is not installed, AwsError where it does not come up.
        """
        check_installed()
        kept = self.log.read_bytes() if self.log.exists() else None
        # One that was left half-started would be waited for.
        self.stop()
        if kept is not None:
            put_private(self.log_before, kept)
        with os.fdopen(
            os.open(self.log, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+", encoding="utf-8"
        ) as writing:
            process = subprocess.Popen(
                # -P: moto/process.py's own folder is no place to import from.
                [sys.executable, "-P", str(PROGRAM), str(self.folder), str(self.idle)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=writing,
                env={**process_environment(self._environ), **(_OWN if self._user else {})},
                cwd=self.folder,
                # Out of the terminal's reach, and of this process's end.
                start_new_session=True,
            )
            assert process.stdout is not None  # noqa: S101 - Popen was asked for a pipe
            with process.stdout:
                # The process that was started has left the endpoint's own behind and ended.
                process.wait()
                meanwhile()
                try:
                    answered = awaited(process, writing, time.monotonic() + deadline)
                except SamlocalError:
                    # It may be up where nobody reaches it.
                    self._end(10)
                    raise
        url = f"http://127.0.0.1:{answered.port}"
        server = LocalServer(url=url, pid=answered.pid, token=uuid.uuid4().hex, control=answered.control)
        state = _State(url=url, pid=server.pid, token=server.token, control=server.control, template=self.template)
        try:
            put_record(self.residence.state, state)
        except OSError as error:
            # Nobody would find it.
            self.stop()
            raise unwritable(self.folder, error) from error
        return server

    def stop(self, *, deadline: float = 10) -> bool:
        """Ends the endpoint and forgets all about it; under the lock. False when it was not up."""
        was_up = self._end(deadline)
        self._forget()
        return was_up

    def _end(self, deadline: float) -> bool:
        """False when it was not up."""
        pid = self.residence.pid
        if pid is not None:
            _end(pid, signal.SIGTERM)
            if not self._gone(time.monotonic() + deadline):
                _end(pid, signal.SIGKILL)
                self._gone(time.monotonic() + deadline)
        return pid is not None

    def _gone(self, until: float) -> bool:
        while self.residence.alive:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def _forget(self) -> None:
        self.residence.state.unlink(missing_ok=True)
        for log in (self.log, self.log_before):
            log.unlink(missing_ok=True)
        for memory in self.folder.glob("start-*"):
            shutil.rmtree(memory, ignore_errors=True)


def running_projects(cache: Path, *, environ: Mapping[str, str]) -> list[LocalProject]:
    """Every endpoint of this user's that is up, by template."""
    found = []
    for folder in (cache / "local").glob("*"):
        if Residence(folder).alive:
            # One that is just starting has not said yet whose it is.
            state = read_record(Residence(folder).state, _State)
            template = state.template if state is not None else folder
            found.append(LocalProject(cache, template, environ=environ, folder=folder))
    return sorted(found, key=lambda project: project.template)


def _end(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
