"""However a build ends, nothing of it is left and nothing waits for ever."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from build_kit import build, files, needs, states, tools_environment
from kit import Project, Running, eventually, function, python, template

Make = Callable[..., Project]

HANDLER = "def handler(event, context):\n    return 1\n"


def scratch(temporary: Path) -> list[Path]:
    return list(temporary.glob("samlocal-build-*"))


def at_work(temporary: Path, running: Running) -> None:
    """Waits for a makefile of these tests to begin."""
    eventually(lambda: list(temporary.glob("samlocal-build-*/**/started")), told=running.stderr)


def test_what_a_killed_build_left_among_the_temporary_files_is_removed(project: Make, tmp_path: Path) -> None:
    needs("make")
    waits = "build-Fn:\n\ttouch started; while [ ! -e over ]; do sleep 0.1; done\n"
    resource = function("provided.al2023") | {"Metadata": {"BuildMethod": "makefile"}}
    made = project({"template.json": template(Fn=resource), "code/Makefile": waits})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    over = tmp_path / "over"
    (made.folder / "code/Makefile").write_text(waits.replace("-e over", f"-e {over}"))
    try:
        with made.start("build", environ=tools_environment() | {"TMPDIR": str(temporary)}) as running:
            at_work(temporary, running)
            running.signalled(signal.SIGKILL).outcome()
    finally:
        over.touch()
    (left,) = scratch(temporary)
    other = project(python(HANDLER))
    # It could be a build that begins in this moment.
    build(other, TMPDIR=str(temporary))
    assert scratch(temporary) == [left]
    os.utime(left, (time.time() - 90,) * 2)
    build(other, "--force", TMPDIR=str(temporary))
    assert scratch(temporary) == []


def test_a_build_that_is_at_work_keeps_its_folder(project: Make, tmp_path: Path) -> None:
    needs("make")
    over, temporary = tmp_path / "over", tmp_path / "temporary"
    temporary.mkdir()
    waits = f"build-Fn:\n\ttouch started; while [ ! -e {over} ]; do sleep 0.1; done; touch $(ARTIFACTS_DIR)/made\n"
    resource = function("provided.al2023") | {"Metadata": {"BuildMethod": "makefile"}}
    made = project({"template.json": template(Fn=resource), "code/Makefile": waits})
    try:
        with made.start("build", environ=tools_environment() | {"TMPDIR": str(temporary)}) as running:
            at_work(temporary, running)
            (busy,) = scratch(temporary)
            os.utime(busy, (time.time() - 90,) * 2)
            build(project(python(HANDLER)), TMPDIR=str(temporary))
            assert busy.is_dir()
            over.touch()
            running.outcome().succeeded()
    finally:
        over.touch()


def test_a_tool_that_leaves_a_process_behind_does_not_hold_the_build_up(project: Make, tmp_path: Path) -> None:
    # Loaded by the builder's process before anything else; what it starts inherits the builder's output.
    (tmp_path / "sitecustomize.py").write_text(
        "import subprocess, sys\n"
        "if 'aws_lambda_builders' in sys.orig_argv:\n"
        "    subprocess.Popen(['sleep', '60'], stdin=subprocess.DEVNULL)\n"
    )
    made = project(python(HANDLER))
    began = time.monotonic()
    built = build(made, PYTHONPATH=str(tmp_path))
    assert states(built) == {"Fn": "built"}
    assert files(built["Fn"]) == {"app.py"}
    assert time.monotonic() - began < 50


def test_a_functions_own_modules_are_not_taken_for_the_builders(project: Make) -> None:
    own = {"code/logging.py": "raise SystemExit('mine')\n", "code/json.py": "raise SystemExit('mine')\n"}
    assert states(build(project(python(HANDLER) | own))) == {"Fn": "built"}
