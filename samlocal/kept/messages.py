"""What a command and the process that keeps sandboxes say to each other.

The command says ``Hello``, then asks one question: it opens a run, asks for what is kept, or has it ended. A run that
is accepted is planned; then the command sends one event after the other, and gets what a run of its own would show.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from samlocal.artifact.image.runtime_image import Image
from samlocal.engine.images import PullProgress
from samlocal.kept.failure import Failure
from samlocal.kept.surroundings import Place
from samlocal.kept.wanted import Wanted
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Record, Remark


class Hello(Struct, frozen=True, kw_only=True):
    """The first message, which every version understands. ``leave`` has one of another samlocal end at once."""

    samlocal: str
    leave: bool = False


# what is asked


class Open(Struct, frozen=True, kw_only=True, tag=True):
    """``environ`` is the command's whole environment. ``keep`` is in seconds, None where somebody else decides.

    ``requests`` says that the command is told what is asked of the engine and of AWS for it.
    """

    wanted: Wanted
    place: Place
    environ: dict[bytes, bytes]
    function: str
    tenant_id: str | None
    keep: float | None
    requests: bool = False


class Run(Struct, frozen=True, kw_only=True, tag=True):
    """One event of the run that is open."""

    payload: bytes


class Cancel(Struct, frozen=True, kw_only=True, tag=True):
    """Nobody waits for what runs any more, but for the last of its log."""


class Done(Struct, frozen=True, kw_only=True, tag=True):
    """No more events come; what there still is of their log is waited for."""


class List(Struct, frozen=True, kw_only=True, tag=True):
    """What is kept?"""


class Stop(Struct, frozen=True, kw_only=True, tag=True):
    """Ends what is kept of these functions, of all where none is named; ``environment`` is None for every one."""

    functions: tuple[str, ...] = ()
    environment: str | None = None

    @property
    def everything(self) -> bool:
        return not self.functions and self.environment is None


Question: TypeAlias = Open | Run | Done | Cancel | List | Stop


# what is answered


class Refusal(Enum):
    """Why a process does not run it; another one, or the command itself, does."""

    VERSION = "version"
    SURROUNDINGS = "surroundings"
    OPTIONS = "options"
    ENDING = "ending"


class Accepted(Struct, frozen=True, kw_only=True, tag=True):
    """It is this process's to run."""


class Refused(Struct, frozen=True, kw_only=True, tag=True):
    """``differing`` are the variables of the command that are not the process's. ``let_go`` are the functions whose
    sandboxes it has let go of for that."""

    reason: Refusal
    differing: tuple[str, ...] = ()
    let_go: tuple[str, ...] = ()


class Notice(Struct, frozen=True, kw_only=True, tag=True):
    text: str
    once_for: str = ""
    each_time: bool = False


class Requested(Struct, frozen=True, kw_only=True, tag=True):
    """What has been asked of the engine or of AWS, and how that ended."""

    text: str


class Warned(Struct, frozen=True, kw_only=True, tag=True):
    text: str
    each_time: bool = False


class Facts(Struct, frozen=True, kw_only=True, tag=True):
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class ProgressBegun(Struct, frozen=True, kw_only=True, tag=True):
    """Pulls, fetches and builds go on until it has ended; one may begin within another."""


class ProgressEnded(Struct, frozen=True, kw_only=True, tag=True):
    pass


class Pulled(Struct, frozen=True, kw_only=True, tag=True):
    image: str
    step: PullProgress


class BuildStep(Struct, frozen=True, kw_only=True, tag=True):
    paths: tuple[str, ...]
    step: str


class BuildDone(Struct, frozen=True, kw_only=True, tag=True):
    paths: tuple[str, ...]
    seconds: float
    failed: bool


class GoesOn(Struct, frozen=True, kw_only=True, tag=True):
    what: str


class Planned(Struct, frozen=True, kw_only=True, tag=True):
    """What the function runs in, and what has changed since its sandbox was started, if that was there.

    ``timeout_at`` and ``memory_at`` are where the template says its limits.
    """

    image: Image
    timeout_at: str
    memory_at: str
    changed: tuple[str, ...] = ()


class Began(Struct, frozen=True, kw_only=True, tag=True):
    """From now on the event may have run."""


class Logged(Struct, frozen=True, kw_only=True, tag=True):
    record: Record


class Remarked(Struct, frozen=True, kw_only=True, tag=True):
    remark: Remark


class Chunk(Struct, frozen=True, kw_only=True, tag=True):
    data: bytes


class Answered(Struct, frozen=True, kw_only=True, tag=True):
    """All that there is of the event's log has been sent before."""

    invocation: Invocation


class Failed(Struct, frozen=True, kw_only=True, tag=True):
    failure: Failure


class Kept(Struct, frozen=True, kw_only=True):
    """One sandbox. ``since`` and ``ends`` are epoch seconds; ``ends`` is None while an event runs."""

    function: str
    environment: str | None
    state: str
    since: float
    ends: float | None
    container: str | None


class Listed(Struct, frozen=True, kw_only=True, tag=True):
    """``by`` is what the process is called, ``template`` whose it is."""

    by: str
    process: int
    template: str
    kept: tuple[Kept, ...]


class Stopped(Struct, frozen=True, kw_only=True, tag=True):
    """The functions whose sandboxes have ended, and those of them of which an event was running."""

    functions: tuple[str, ...]
    cut_off: tuple[str, ...]


Answer: TypeAlias = (
    Accepted
    | Refused
    | Notice
    | Requested
    | Warned
    | Facts
    | ProgressBegun
    | ProgressEnded
    | Pulled
    | BuildStep
    | BuildDone
    | GoesOn
    | Planned
    | Began
    | Logged
    | Remarked
    | Chunk
    | Answered
    | Failed
    | Listed
    | Stopped
)
