"""The extensions of one sandbox: who they are, what each is at, and when a phase is over.

The rules and the words are those of Lambda's own Extensions API, as AWS's emulator has them
(aws-lambda-runtime-interface-emulator, ``internal/lambda/core`` and ``internal/lambda/rapid``).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Protocol, TypeAlias

from samlocal.function.limits import EXTENSIONS
from samlocal.sandbox.messages import Event, ExtensionFailed, ExtensionsEnded, Idle, Message, Shutdown
from samlocal.sandbox.result import ending
from samlocal.sandbox.supervision import ExtensionExited, Launching, NotLaunched, Word

EXTERNAL_GRACE_SECONDS = 2.0
INTERNAL_GRACE_SECONDS = 0.5

_CRASH = "Extension.Crash"
_LAUNCH_ERROR = "Extension.LaunchError"
_LAUNCH_ERROR_TYPES = {"permission denied": "PermissionDenied", "ErrTooManyExtensions": "TooManyExtensions"}


class EventType(StrEnum):
    INVOKE = "INVOKE"
    SHUTDOWN = "SHUTDOWN"


class State(Enum):
    """What an extension is at; the values stand in Lambda's log."""

    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    EXITED = "Exited"
    LAUNCH_ERROR = "LaunchError"


ExtensionEvent: TypeAlias = Event | Shutdown


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """What Lambda answers a call that is out of turn, with status 403."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message


class Record(Protocol):
    """Gets what became of each extension in the init phase."""

    def extension(self, name: str, state: str, events: tuple[str, ...], error_type: str | None) -> None: ...


class Extension:
    """One extension. Changes on the event loop only."""

    def __init__(self, name: str, *, external: bool) -> None:
        self.name = name
        self.external = external
        self.id = str(uuid.uuid4())
        self.state = State.STARTED
        self.events: tuple[str, ...] = ()
        self.error_type: str | None = None
        self.told_of_end = False
        self._poll: asyncio.Future[ExtensionEvent] | None = None

    def register(self, events: tuple[str, ...]) -> None:
        self._move(State.REGISTERED, from_=(State.STARTED,))
        self.events = events

    def ready(self) -> asyncio.Future[ExtensionEvent]:
        """Asks for the next event."""
        self._move(State.READY, from_=(State.REGISTERED, State.RUNNING))
        self._poll = asyncio.get_running_loop().create_future()
        return self._poll

    def give(self, event: ExtensionEvent) -> None:
        if self.state is State.READY and self._poll is not None:
            self.state = State.RUNNING
            self.told_of_end = isinstance(event, Shutdown)
            if not self._poll.done():
                self._poll.set_result(event)

    def fail(self, state: State, error_type: str) -> None:
        """``init/error`` or ``exit/error``: the first report stands."""
        if self.state is state:
            return
        early = (State.REGISTERED,)
        self._move(state, from_=early if state is State.INIT_ERROR else (*early, State.READY, State.RUNNING))
        self.error_type = error_type

    def end(self, state: State, error_type: str | None = None) -> None:
        """Its process is gone, or never was."""
        if self.state not in (State.INIT_ERROR, State.EXIT_ERROR):
            self.state = state
            self.error_type = error_type
        self.forget()

    def forget(self) -> None:
        if self._poll is not None:
            self._poll.cancel()

    def _move(self, state: State, *, from_: tuple[State, ...]) -> None:
        if self.state not in from_:
            raise Refused(
                "Extension.InvalidExtensionState",
                f"State transition from {self.state.value} to {state.value} failed for extension {self.name}. "
                "Error: ErrNotAllowed",
            )
        self.state = state


class Extensions:
    """All extensions of one sandbox, on its event loop.

    ``tell`` gets Idle when a phase is over, ExtensionFailed at the first failure, ExtensionsEnded after a shutdown.
    """

    def __init__(self, tell: Callable[[Message], None], record: Record) -> None:
        self._tell = tell
        self._record = record
        self._all: list[Extension] = []
        self._start_runtime: Callable[[], None] | None = None
        self._launched = asyncio.Event()
        self._open = True
        self._recorded = False
        self._in_phase = True
        self._runtime_ready = False
        self._first_error: str | None = None
        self._shutdown: Shutdown | None = None
        self.init_ended: Callable[[], None] = _nothing

    def restart(self, start_runtime: Callable[[], None] | None) -> None:
        """Begins an init. ``start_runtime`` is there when a shell starts external extensions before the runtime."""
        for extension in self._all:
            extension.forget()
        self._all = []
        self._start_runtime = start_runtime
        self._launched = asyncio.Event()
        if start_runtime is None:
            self._launched.set()
        self._open = True
        self._recorded = False
        self._in_phase = True
        self._runtime_ready = False
        self._first_error = None
        self._shutdown = None

    @property
    def grace(self) -> float:
        """Seconds that a shutdown may take (Lambda developer guide, "Extensions API": shutdown phase)."""
        if self.external:
            return EXTERNAL_GRACE_SECONDS
        return INTERNAL_GRACE_SECONDS if self._all else 0.0

    @property
    def external(self) -> bool:
        """Whether there are external extensions."""
        return any(extension.external for extension in self._all)

    def find(self, id_: str) -> Extension | None:
        return next((extension for extension in self._all if extension.id == id_), None)

    # the shell's words

    def hear(self, word: Word) -> None:
        match word:
            case Launching(names=names):
                self.launching(names)
            case NotLaunched(name=name, cause=cause):
                self.not_launched(name, cause)
            case ExtensionExited(name=name, status=status):
                self.exited(name, status)
            case _:
                # Of the runtime, or a line.
                pass

    def launching(self, names: tuple[str, ...]) -> None:
        self._all += [Extension(name, external=True) for name in names[: EXTENSIONS + 1]]
        if not names:
            # There are none, and the runtime has started by itself.
            self._start_runtime = None
        self._launched.set()

    def not_launched(self, name: str, cause: str) -> None:
        error_type = _LAUNCH_ERROR_TYPES.get(cause.rpartition(": ")[2], "UnknownError")
        self._external(name).end(State.LAUNCH_ERROR, error_type)
        self._fail(_LAUNCH_ERROR, cause)

    def exited(self, name: str, status: int) -> None:
        self._external(name).end(State.EXITED)
        if self._shutdown is None:
            self._fail(_CRASH, ending(status))
        else:
            self._tell_end()

    # the extensions' calls

    async def register(self, name: str, events: tuple[str, ...]) -> Extension:
        """Raises Refused."""
        # An extension may be quicker with its call than the shell's word is with its name.
        await self._launched.wait()
        extension = next((known for known in self._all if known.name == name and known.external), None)
        if extension is None:
            extension = self._internal(name, events)
        extension.register(_known(events, external=extension.external))
        start = self._start_runtime
        if start is not None and not any(known.state is State.STARTED for known in self._all):
            self._start_runtime = None
            start()
        return extension

    def ready(self, extension: Extension) -> asyncio.Future[ExtensionEvent]:
        """Raises Refused."""
        poll = extension.ready()
        if self._shutdown is None:
            self._look()
        elif extension in self._awaited() and not extension.told_of_end:
            # Who asks once more has had its word, and waits for the end.
            extension.give(self._shutdown)
        return poll

    def fail(self, extension: Extension, state: State, error_type: str) -> None:
        """``init/error`` or ``exit/error``. The failure shows when the process ends, which it should do now."""
        extension.fail(state, error_type)
        self._first_error = self._first_error or f"Extension.{state.value}"

    # the phases

    def runtime_ready(self) -> None:
        self._open = False
        self._runtime_ready = True
        self._look()

    def invoke(self, event: Event) -> None:
        self._runtime_ready = False
        self._in_phase = True
        for extension in self._all:
            if EventType.INVOKE in extension.events:
                extension.give(event)

    def shut_down(self, shutdown: Shutdown) -> None:
        """Tells the external extensions that asked for it; the others are killed with the container."""
        self._shutdown = shutdown
        for extension in self._awaited():
            extension.give(shutdown)
        self._tell_end()

    def end_init(self) -> None:
        """Writes down, once, what became of each extension."""
        if self._recorded:
            return
        self._recorded = True
        for extension in self._all:
            self._record.extension(extension.name, extension.state.value, extension.events, extension.error_type)

    def _internal(self, name: str, events: tuple[str, ...]) -> Extension:
        _known(events, external=False)
        if not self._open:
            raise Refused("Extension.RegistrationClosed", "Extension registration closed already")
        if len(self._all) >= EXTENSIONS:
            raise Refused("Extension.TooManyExtensions", f"Extension limit ({EXTENSIONS}) reached")
        if any(known.name == name for known in self._all):
            raise Refused("Extension.InvalidExtensionState", "Extension with this name already registered")
        extension = Extension(name, external=False)
        self._all.append(extension)
        return extension

    def _external(self, name: str) -> Extension:
        return next(extension for extension in self._all if extension.name == name and extension.external)

    def _awaited(self) -> list[Extension]:
        gone = (State.EXITED, State.LAUNCH_ERROR, State.INIT_ERROR, State.EXIT_ERROR)
        return [
            extension
            for extension in self._all
            if extension.external and EventType.SHUTDOWN in extension.events and extension.state not in gone
        ]

    def _look(self) -> None:
        """Ends the phase when everybody is ready."""
        if self._in_phase and self._runtime_ready and all(each.state is State.READY for each in self._all):
            self._in_phase = False
            if not self._recorded:
                self.end_init()
                self.init_ended()
            self._tell(Idle())

    def _fail(self, error_type: str, cause: str) -> None:
        self.end_init()
        self._tell(ExtensionFailed(error_type=self._first_error or error_type, cause=cause))

    def _tell_end(self) -> None:
        if not self._awaited():
            self._tell(ExtensionsEnded())


def _known(events: tuple[str, ...], *, external: bool) -> tuple[str, ...]:
    for event in events:
        if event not in tuple(EventType):
            raise Refused("Extension.InvalidEventType", f"{event}: ErrorInvalidEventType")
        if event == EventType.SHUTDOWN and not external:
            raise Refused("Extension.InvalidEventType", f"{event}: ShutdownEventNotSupportedForInternalExtension")
    return events


def _nothing() -> None:
    pass
