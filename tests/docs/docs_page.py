"""A page of docs/ as a reader works through it: what is typed, what is seen, and the files that are written.

A ``console`` block is typed into one shell, in order: `` $ `` begins a command, ``> `` goes on with it, the lines
below are what it shows. ``…`` stands for what varies: within a line for any text, alone for any number of lines; two
blanks or more are any number of them. A command without lines below it may show anything. Each must succeed, unless
``$ echo $?`` follows and shows otherwise.

Above a block there may be a note to the runner, which readers do not see:

``<!-- stays -->``
    Its last command goes on, in a terminal of its own, until the next one that stays, or the page's end. Ctrl-C ends
    it. A port that it shows is any port; commands that name the page's port get the real one.
``<!-- account -->``
    It needs an account: an endpoint stands in for it, where the sample's environment ``test`` is deployed.
``<!-- not run: … -->``
    It cannot be run here, for this reason.

A block below a line that ends with a file's name in backquotes and a colon is written into that file, or, as a
``diff``, changes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"<!-- (stays|account|not run: .+) -->\s*$")
_FILE = re.compile(r"`([\w./-]+)`:\s*$")
_PORT = re.compile(r"127\\\.0\\\.0\\\.1:(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``shown`` is None where the page shows nothing of what it writes."""

    line: int
    typed: str
    shown: tuple[str, ...] | None
    stays: bool = False
    account: bool = False

    @property
    def ports(self) -> list[str]:
        """The ports of this machine that the page shows, in their order."""
        return _PORT.findall(self._pattern())

    def matches(self, seen: str) -> re.Match[str] | None:
        """Whether that is what the page shows, with a group for each of ``ports``."""
        whole = seen if seen.endswith("\n") or not seen else f"{seen}\n"
        return re.fullmatch(_PORT.sub(r"127\\.0\\.0\\.1:(\\d+)", self._pattern()), whole)

    def _pattern(self) -> str:
        lines = self.shown or ("…",)
        return "".join(r"(?:.*\n)*?" if line == "…" else _inline(line) + r" *\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that the reader is told to write, with its new content, or what in it becomes what."""

    line: int
    path: str
    content: str
    old: str | None = None

    def into(self, folder: Path) -> None:
        file = folder / self.path
        content = self.content
        if self.old is not None:
            before = file.read_text(encoding="utf-8")
            assert before.count(self.old) == 1, f"line {self.line}: {self.path} does not hold once:\n{self.old}"
            content = before.replace(self.old, content)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


def steps(text: str) -> list[Command | Written]:
    """What a reader of the page does, in order."""
    found: list[Command | Written] = []
    for fence in _FENCE.finditer(text):
        language, body = fence.groups()
        above = text[: fence.start()].rstrip()
        line = text[: fence.start()].count("\n") + 2
        if language == "console":
            note = _NOTE.search(above)
            found += _commands(body, line, note[1] if note else "")
        elif file := _FILE.search(above):
            found.append(_written(language, body, line, file[1]))
    return found


def _commands(body: str, first: int, note: str) -> list[Command]:
    if note.startswith("not run"):
        return []
    blocks: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(body.splitlines(), first):
        if line.startswith("$ "):
            blocks.append((number, [line[2:]], []))
        elif line.startswith("> ") and not blocks[-1][2]:
            blocks[-1][1].append(line[2:])
        else:
            blocks[-1][2].append(line)
    return [
        Command(
            line=number,
            typed="\n".join(typed),
            shown=tuple(shown) or None,
            stays=note == "stays" and number == blocks[-1][0],
            account=note == "account",
        )
        for number, typed, shown in blocks
    ]


def _written(language: str, body: str, line: int, path: str) -> Written:
    if language != "diff":
        return Written(line=line, path=path, content=body)
    lines = body.splitlines(keepends=True)
    return Written(
        line=line,
        path=path,
        content="".join(each[1:] for each in lines if each[0] in " +"),
        old="".join(each[1:] for each in lines if each[0] in " -"),
    )


def _inline(line: str) -> str:
    parts = (re.escape(part) for part in line.rstrip().split("…"))
    # How wide a column is its neighbours decide.
    pattern = re.sub(r"(?:\\ ){2,}", " +", ".*".join(parts))
    # And a path's length where a message goes on in the next line.
    return pattern.replace(r"\ ", r"(?: |\n +)") if line.startswith(("Error: ", "samlocal: ")) else pattern
