"""Finding the process that runs a command's events: one that is there, or a keeper that is started for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from samlocal.errors import KeptError
from samlocal.kept import messages
from samlocal.kept.client import KeptRun, NothingRanError, Said, ask
from samlocal.kept.failure import error_of
from samlocal.kept.folder import Folder, is_keeper
from samlocal.kept.program import this_samlocal
from samlocal.kept.start import start_keeper
from samlocal.kept.surroundings import as_bytes, place_of
from samlocal.kept.wanted import wanted
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller

# A process may end between being found and being asked.
_ATTEMPTS = 3

_QUOTED = 3


class Opening:
    """One run that is to be opened; ``keep`` is for how many seconds, None where nothing is to be kept for it.

    ``requested`` is told what is asked of the engine and of AWS for it, where somebody is.
    """

    def __init__(
        self,
        settings: Settings,
        options: RunOptions,
        function: str,
        *,
        tenant_id: str | None,
        keep: float | None,
        teller: Teller,
        said: Said,
        requested: Callable[[str], None] | None = None,
    ) -> None:
        self._world = settings.world
        self._folder = Folder.of(self._world.cache_folder, settings.world.cwd / settings.template)
        self._wanted = wanted(settings, options)
        self._function = function
        self._tenant_id = tenant_id
        self._keep = keep
        self._teller = teller
        self._said = said
        self._requested = requested
        self._asked: set[str] = set()

    def run(self) -> KeptRun | None:
        """The run; None where nobody is there who would run it, and nothing is to be kept.

        Raises NothingRanError, and what the process says of the engine.
        """
        try:
            return self._run()
        except NothingRanError:
            raise
        except KeptError as error:
            raise NothingRanError(error.message, tip=error.tip) from error

    def _run(self) -> KeptRun | None:
        if self._keep is None and not self._others():
            return None
        question, samlocal = self._question(), this_samlocal()
        for _ in range(_ATTEMPTS):
            for name in self._others():
                run = self._asked_at(name, samlocal, question)
                if run is not None:
                    return run
            if self._keep is None:
                if not self._asked.isdisjoint(self._folder.names()):
                    self._clear_up()
                return None
            with self._folder.starting():
                if self._others():
                    # Another command has started one meanwhile.
                    continue
                name = start_keeper(self._folder, self._world)
            run = self._asked_at(name, samlocal, question)
            if run is not None:
                return run
            self._folder.remove(name)
            self._check_log(name)
        raise NothingRanError("The processes that keep sandboxes end as soon as they are asked.")

    def _clear_up(self) -> None:
        """What a command that was killed has left is asked at no more."""
        with contextlib.suppress(KeptError), self._folder.starting():
            return

    def _others(self) -> list[str]:
        """Who is there and has not been asked: what others have in their pools is not asked for anew."""
        return [
            name
            for name in self._folder.names()
            if name not in self._asked and (self._keep is not None if is_keeper(name) else not self._wanted.asks_anew)
        ]

    def _asked_at(self, name: str, samlocal: str, question: messages.Open) -> KeptRun | None:
        self._asked.add(name)
        answered = ask(self._folder, name, samlocal, question)
        if answered is None:
            return None
        line, answer = answered
        run = KeptRun(
            line,
            by=name.rpartition("-")[0],
            teller=self._teller,
            said=self._said,
            requested=self._requested,
        )
        match answer:
            case messages.Accepted():
                return run
            case messages.Refused():
                run.close()
                self._tell(answer)
                return None
            case messages.Failed():
                run.close()
                raise error_of(answer.failure)
        run.close()
        return None

    def _tell(self, refused: messages.Refused) -> None:
        if refused.reason is messages.Refusal.VERSION:
            self._teller.notice(changed(("samlocal itself",)))
        elif self._function in refused.let_go:
            self._teller.notice(changed(refused.differing or ("the project's folder",)))

    def _question(self) -> messages.Open:
        try:
            place = place_of(self._world)
        except OSError as error:
            raise NothingRanError(f"The working folder cannot be used: {error.strerror}.") from error
        return messages.Open(
            wanted=self._wanted,
            place=place,
            environ=as_bytes(self._world.environ),
            function=self._function,
            tenant_id=self._tenant_id,
            keep=self._keep,
            requests=self._requested is not None,
        )

    def _check_log(self, name: str) -> None:
        """Raises NothingRanError for a process that did not come up."""
        log = self._folder.log(name)
        try:
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_QUOTED:]
        except OSError:
            return
        if last:
            raise NothingRanError(f"The process that keeps sandboxes did not come up: {' '.join(last)} ({log}).")


def changed(what: tuple[str, ...]) -> str:
    """A sentence on why a function does not go on in the sandbox of before."""
    return f"changed since its last event: {', '.join(what)}; it starts anew."
