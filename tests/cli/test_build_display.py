"""What a build shows at a terminal of 80 columns: what stays of it, and what stands there while it runs."""

from __future__ import annotations

import codecs
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit import Project, function, template

from samlocal.cli.output import Output
from samlocal.cli.world import World
from samlocal.engine.images import PullProgress

COLUMNS = 80

_PIECES = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|\x1b.")


class Terminal(io.StringIO):
    """What is written to one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def shown(self) -> Screen:
        """The terminal's driver begins each line at the left (termios(3), ONLCR)."""
        screen = Screen()
        screen.write(self.getvalue().replace("\n", "\r\n"))
        return screen


class Screen:
    """A terminal as wide as 80 columns and as long as need be (ECMA-48: CR, LF, CUU, EL)."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.shown: set[str] = set()
        self._row = self._column = 0

    def write(self, text: str) -> None:
        for found in _PIECES.finditer(text):
            number, command, control, letters = found.groups()
            if command == "A":
                self._row = max(0, self._row - int(number or 1))
            elif command == "K" and number == "2":
                self.lines[self._row] = ""
            elif control == "\r":
                self._column = 0
            elif control == "\n":
                self._next()
            elif letters:
                self._put(letters)
        self.shown.update(line.strip() for line in self.lines)

    def _put(self, letters: str) -> None:
        for letter in letters:
            if self._column == COLUMNS:
                self._next()
                self._column = 0
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + letter + line[self._column + 1 :]
            self._column += 1

    def _next(self) -> None:
        self._row += 1
        if self._row == len(self.lines):
            self.lines.append("")


def at_a_terminal(project: Project, *args: str, environ: Mapping[str, str]) -> tuple[int, Screen]:
    """Runs samlocal with standard error at a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    screen = Screen()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "samlocal", *args],
        cwd=project.folder,
        env={**project.environment(), "TERM": "xterm-256color", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    # A letter, or a sequence, may be cut off between two pieces.
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    try:
        while piece := os.read(ours, 1 << 16):
            whole, mark, begun = (rest + decoder.decode(piece)).rpartition("\x1b")
            screen.write(whole if mark else begun)
            rest = mark + begun if mark else ""
    except OSError:
        # Linux's word for a terminal that nobody writes to any more (pty(7)).
        pass
    screen.write(rest)
    os.close(ours)
    return process.wait(30), screen


def own_output() -> tuple[Output, Terminal]:
    """One of this process, and the terminal that it writes to."""
    written = Terminal()
    environ = {"TERM": "xterm-256color"}
    world = World(environ=environ, cwd=Path("/"), stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=written)
    return Output(world), written


def makefile(name: str) -> str:
    return f'build-{name}:\n\tsleep 0.4\n\ttouch "$(ARTIFACTS_DIR)/bootstrap"\n'


def test_a_build_leaves_whole_lines_and_no_spinner(project: Callable[..., Project]) -> None:
    names = [f"Function{number}WithALongNameSoThatItsLinesAreWiderThanTheTerminalIs" for number in range(3)]
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image", "ImageUri": "x:y"}}
    functions = {name: function("provided.al2023", CodeUri=f"{name}/") for name in names}
    made = project(
        {
            "template.json": template(**functions, Image=image),
            **{f"{name}/Makefile": makefile(name) for name in names},
        }
    )
    status, screen = at_a_terminal(made, "build", environ={"PATH": os.environ["PATH"]})
    assert status == 0
    # A sentence that is wider than the terminal goes on further in.
    left = re.sub(r" *\n  (?=\S)", " ", "\n".join(screen.lines)).splitlines()
    assert {re.sub(r"\d+\.\d+", "N", line.rstrip()) for line in left if line.strip()} == {
        *(f"samlocal: built {name} in N s." for name in names),
        "samlocal: done in N s.",
        "samlocal: Image: the images of functions are built when they are invoked.",
    }
    assert any("building Function0" in line for line in screen.shown)


def test_a_build_that_fails_is_told_below_what_has_been_built(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(
                Good=function("provided.al2023", CodeUri="good/"), Bad=function("provided.al2023", CodeUri="bad/")
            ),
            "good/Makefile": makefile("Good"),
            "bad/Makefile": "build-Bad:\n\t@echo broken\n\texit 3\n",
        }
    )
    status, screen = at_a_terminal(made, "build", environ={"PATH": os.environ["PATH"]})
    assert status == 9
    lines = [re.sub(r"\d+\.\d+", "N", line.rstrip()) for line in screen.lines if line.strip()]
    assert lines[0] == "samlocal: built Good in N s."
    assert lines[1].startswith("Error: ")
    assert not any("building" in line for line in lines)


def test_what_goes_on_leaves_nothing_on_its_terminal_however_it_ends() -> None:
    output, written = own_output()

    def interrupted() -> None:
        with output.progress() as progress:
            progress.goes_on("starting")
            output.notice("meanwhile")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    screen = written.shown()
    assert "starting" in written.getvalue()
    assert [line.strip() for line in screen.lines if line.strip()] == ["samlocal: meanwhile"]
    # The cursor that was hidden is there again (DECTCEM).
    assert written.getvalue().rindex("\x1b[?25h") > written.getvalue().rindex("\x1b[?25l")


def test_what_several_threads_say_stays_while_others_begin_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samlocal.cli.progress._REFRESHED_EVERY", 0.001)
    output, written = own_output()

    def builds(thread: int) -> None:
        for number in range(20):
            step = PullProgress(layer="layer", status="Downloading", current=number, total=19)
            progress.pulled(f"image{thread}", step)
            progress.step([f"F{thread}_{number}"], "making")
            output.notice(f"said of {thread}_{number}")
            progress.done([f"F{thread}_{number}"], 0, failed=False)

    output.notice("before")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with output.progress() as progress, ThreadPoolExecutor(4) as threads:
            list(threads.map(builds, range(4)))
    finally:
        sys.setswitchinterval(interval)
    output.notice("after")
    screen = written.shown()
    names = [f"{thread}_{number}" for thread in range(4) for number in range(20)]
    assert sorted(line.strip() for line in screen.lines if line.strip()) == sorted(
        [
            "samlocal: before",
            "samlocal: after",
            *(f"samlocal: pulling image{thread} …" for thread in range(4)),
            *(f"samlocal: said of {name}" for name in names),
            *(f"samlocal: built F{name} in 0.0 s." for name in names),
        ]
    )
