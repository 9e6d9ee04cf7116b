"""What the shell that stays in the container says (supervisor.sh), taken out of the container's output."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from samlocal.sandbox.lines import entries


class Launching(Struct, frozen=True, kw_only=True):
    """The extensions that are about to be started, by file name."""

    names: tuple[str, ...]


class NotLaunched(Struct, frozen=True, kw_only=True):
    """An extension could not be started, or not any more; ``cause`` in Lambda's words."""

    name: str
    cause: str


class ExtensionLine(Struct, frozen=True, kw_only=True):
    """A line that an extension wrote."""

    line: str


class ExtensionExited(Struct, frozen=True, kw_only=True):
    """An extension's process ended; ``status`` is a shell's: 128 and the signal for one that was killed."""

    name: str
    status: int


class RuntimeStarted(Struct, frozen=True, kw_only=True):
    """``process`` is the runtime's number in the container."""

    process: int


class RuntimeExited(Struct, frozen=True, kw_only=True):
    """The runtime's process ended, the container goes on."""

    status: int
    out_of_memory: bool


class Flushed(Struct, frozen=True, kw_only=True):
    """What was written before samlocal asked has come; said on both streams, with the ``number`` of the question."""

    number: int


class Renewed(Struct, frozen=True, kw_only=True):
    """Every process has ended and /tmp is empty: the container is as it was before the first start. Said on both
    streams, behind all that those processes wrote."""


Word: TypeAlias = (
    Launching | NotLaunched | ExtensionLine | ExtensionExited | RuntimeStarted | RuntimeExited | Flushed | Renewed
)


# What a shell has for itself, or does not let be set: bash's manual, "Shell Variables".
_SHELLS_OWN = re.compile(
    r"IFS|OPT(IND|ARG|ERR)|PPID|E?UID|GROUPS|DIRSTACK|FUNC(NAME|NEST)|LINENO|S?RANDOM|SECONDS|EPOCH\w+|HIST\w+|BASH\w*"
    r"|SHELL(OPTS)?|PS[0-9]|ENV|POSIXLY_CORRECT|PIPESTATUS|PWD|OLDPWD|LC_\w+|LANG|SAMLOCAL_\w+"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def start_lines(before: Mapping[str, str], after: Mapping[str, str]) -> str | None:
    """What the shell is told once it has Renewed: other variables, and to start. None where it cannot change them."""
    lines = []
    for name in before.keys() | after.keys():
        value = after.get(name)
        if value == before.get(name):
            continue
        if not _NAME.fullmatch(name) or _SHELLS_OWN.fullmatch(name):
            return None
        if value is None:
            lines.append(f"unset {name}")
        else:
            first, *others = value.split("\n")
            lines += [f"set {name} {first}", *(f"more {name} {other}" for other in others)]
    return "".join(f"{line}\n" for line in (*lines, "start"))


class Supervision:
    """Tells the shell's words from the function's lines: they stand behind a mark that nobody else knows."""

    def __init__(self, mark: str, *, log: Callable[[str], None], hear: Callable[[Word], None]) -> None:
        self._mark = mark
        self._log = log
        self._hear = hear
        self._names: list[str] = []
        self._begun = ""

    def line(self, line: str) -> None:
        """Takes one line, whole."""
        written, *words = line.split(self._mark)
        if not words:
            begun, self._begun = self._begun, ""
            self._log(begun + written)
            return
        # The function was in the middle of a line, which goes on behind the shell's.
        self._begun += written
        for place, word in enumerate(words):
            self._word(word, last=place == len(words) - 1)

    def end(self) -> None:
        """Writes what stands behind the function's last end of line."""
        begun, self._begun = self._begun, ""
        if begun:
            self._log(begun)

    def _word(self, word: str, *, last: bool) -> None:
        kind, _, rest = word.partition(" ")
        if kind == "extension":
            self._names.append(rest)
        elif kind == "launching":
            self._hear(Launching(names=tuple(self._names)))
        elif kind == "runtime":
            self._hear(RuntimeStarted(process=int(rest)))
        elif kind == "flushed":
            self._hear(Flushed(number=int(rest or 0)))
        elif kind == "renewed":
            self.end()
            self._names = []
            self._hear(Renewed())
        elif kind == "ended":
            self.end()
            status, _, killed = rest.partition(" ")
            # The whole cgroup is counted, since this start: the runtime was a victim only if it was killed itself.
            self._hear(RuntimeExited(status=int(status), out_of_memory=status == "137" and killed != "0"))
        else:
            number, _, text = rest.partition(" ")
            self._of_extension(kind, self._names[int(number)], text, last=last)

    def _of_extension(self, kind: str, name: str, text: str, *, last: bool) -> None:
        if kind == "refused":
            self._hear(NotLaunched(name=name, cause=text))
        elif kind == "exited":
            self._hear(ExtensionExited(name=name, status=int(text)))
        elif text or last:
            # `log`. An empty one before another word is that word's own wrapping.
            for part in entries(text):
                self._hear(ExtensionLine(line=part))
