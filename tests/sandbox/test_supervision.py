"""The words of the shell that stays, told from what the function writes."""

from __future__ import annotations

import pytest

from samlocal.sandbox.supervision import (
    ExtensionExited,
    ExtensionLine,
    Launching,
    NotLaunched,
    Renewed,
    RuntimeExited,
    RuntimeStarted,
    Supervision,
)

M = "0123456789abcdef"


@pytest.mark.parametrize(
    ("lines", "logged", "heard"),
    [
        (["a line", ""], ["a line", ""], []),
        ([f"{M}extension one", f"{M}extension two", f"{M}launching"], [], [Launching(names=("one", "two"))]),
        ([f"{M}launching"], [], [Launching(names=())]),
        (
            [f"{M}extension e", f"{M}refused 0 fork/exec /opt/extensions/e: permission denied"],
            [],
            [NotLaunched(name="e", cause="fork/exec /opt/extensions/e: permission denied")],
        ),
        (
            [f"{M}extension e", f"{M}log 0 a line", f"{M}log 0 ", f"{M}log 0 two\rin one\r"],
            [],
            [ExtensionLine(line=text) for text in ("a line", "", "two", "in one")],
        ),
        (
            [f"{M}extension e", f"{M}log 0 {M}exited 0 137"],
            [],
            [ExtensionExited(name="e", status=137)],
        ),
        (
            [f"{M}extension e", f"{M}log 0 no end of line{M}exited 0 1"],
            [],
            [ExtensionLine(line="no end of line"), ExtensionExited(name="e", status=1)],
        ),
        # The shell's words do not cut a line of the function in two.
        (
            [f"{M}extension e", f"half a line, {M}log 0 between", "the other half"],
            ["half a line, the other half"],
            [ExtensionLine(line="between")],
        ),
        (
            [f"{M}runtime 17", f"no end{M}ended 1 0"],
            ["no end"],
            [
                RuntimeStarted(process=17),
                RuntimeExited(status=1, out_of_memory=False),
            ],
        ),
        # Those who are started anew are told anew, and what they wrote is whole.
        (
            [f"{M}extension one", f"{M}launching", f"no end{M}renewed", f"{M}extension two", f"{M}launching"],
            ["no end"],
            [Launching(names=("one",)), Renewed(), Launching(names=("two",))],
        ),
        ([f"{M}ended 137 1"], [], [RuntimeExited(status=137, out_of_memory=True)]),
        # Killed by somebody else, or the victim was another process.
        ([f"{M}ended 137 0"], [], [RuntimeExited(status=137, out_of_memory=False)]),
        ([f"{M}ended 1 2"], [], [RuntimeExited(status=1, out_of_memory=False)]),
    ],
)
def test_words_and_lines_are_told_apart(lines: list[str], logged: list[str], heard: list[object]) -> None:
    log: list[str] = []
    words: list[object] = []
    supervision = Supervision(M, log=log.append, hear=words.append)
    for line in lines:
        supervision.line(line)
    supervision.end()
    assert (log, words) == (logged, heard)
