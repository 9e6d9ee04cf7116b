"""Runs of samlocal in forks of one process that has its modules loaded, which is half of what most runs cost.

A fork has the arguments, variables, folder, standard streams, descriptors and signals of a fresh process, runs the
same ``-m samlocal`` and ends by itself (``test_loaded.py``). It is nothing for a test of what is imported, of how the
interpreter starts, or of signals: ``Project.start``, ``shell`` and ``terminal`` are fresh processes, and so is a run
that gives Python, the linker or the locale a variable. With ``SAMLOCAL_TEST_FRESH=1`` every run is one.

As a program this file is the process that forks. Whoever holds the other end of its socket sends one byte with the
descriptors of a request, of standard input, output and error, and of where the run's process id and status are told.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

LIBRARIES = ("boto3.session", "docker", "rich.console", "rich.table", "samtranslator.translator.translator")
"""What samlocal imports where it needs it."""

_PROGRAMS = ("samlocal.__main__", "samlocal.local.moto", "samlocal.pytest_plugin", "samlocal.sandbox.inside")
"""What runs in processes of its own."""

_BEGINS_WITH_IT = ("PYTHON", "LANG", "LC_", "LD_")
"""What the interpreter reads before it runs anything."""


def can_run(environ: Mapping[str, str]) -> bool:
    """Whether a fork can be what a fresh process with these variables would be."""
    return (
        sys.platform == "linux"
        and not os.environ.get("SAMLOCAL_TEST_FRESH")
        and _of_the_interpreter(environ) == _of_the_interpreter(variables())
    )


def run(
    args: Sequence[str], *, cwd: Path, environ: Mapping[str, str], stdin: bytes, within: float
) -> tuple[int, bytes, str]:
    """The exit status as Popen has it, standard output and error. Raises AssertionError where it does not end."""
    with tempfile.TemporaryFile() as request, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as log:
        os.umask(mask := os.umask(0))
        asked = {"args": list(args), "cwd": str(cwd), "environ": dict(environ), "umask": mask}
        request.write(json.dumps(asked).encode())
        given.write(stdin)
        for each in (request, given):
            each.seek(0)
        output, stdout = os.pipe()
        ends, told = os.pipe()
        streams = [request.fileno(), given.fileno(), stdout, log.fileno(), told]
        with os.fdopen(output, "rb", buffering=0) as reading, os.fdopen(ends, "rb", buffering=0) as ending:
            try:
                socket.send_fds(_loaded(), [b"."], streams)
            finally:
                os.close(stdout)
                os.close(told)
            until = time.monotonic() + within
            process = int(_line(ending))
            try:
                written = _read(reading, until)
                status = _read(ending, until)
            except TimeoutError:
                # It may have ended at this moment.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                raise AssertionError(f"samlocal did not end within {within} s\n{_text(log)}") from None
        return os.waitstatus_to_exitcode(int(status)), written, _text(log)


def _read(stream: IO[bytes], until: float) -> bytes:
    """To its end."""
    seen = b""
    while True:
        if not select.select([stream], [], [], max(0, until - time.monotonic()))[0]:
            raise TimeoutError
        if not (piece := os.read(stream.fileno(), 1 << 16)):
            return seen
        seen += piece


def _line(stream: IO[bytes]) -> bytes:
    """One, and no byte of what comes behind it."""
    seen = b""
    while not seen.endswith(b"\n"):
        piece = os.read(stream.fileno(), 1)
        assert piece, "the process that forks has ended"
        seen += piece
    return seen


def _text(log: IO[bytes]) -> str:
    return os.pread(log.fileno(), 1 << 24, 0).decode(errors="replace")


def _of_the_interpreter(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(_BEGINS_WITH_IT)}


def variables() -> dict[str, str]:
    """The variables of the process that has samlocal loaded: what every run of the tests has."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}


@functools.cache
def _loaded() -> socket.socket:
    """The way to that process. It ends when nobody holds this end any more."""
    own, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(its.fileno())],
            env=variables(),
            stdin=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
        )

    def end() -> None:
        own.close()
        process.wait()

    atexit.register(end)
    return own


def _load() -> None:
    import samlocal

    for module in pkgutil.walk_packages(samlocal.__path__, "samlocal."):
        if not module.name.startswith(_PROGRAMS):
            importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()


def _serve(own: socket.socket) -> None:
    """Returns in a process that has become a run of samlocal but for running it."""
    # The kernel takes away those that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, descriptors, _, _ = socket.recv_fds(own, 1, 5)
        if not asked:
            os._exit(0)
        if not os.fork():
            break
        for each in descriptors:
            os.close(each)
    own.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, *streams, told = descriptors
    if process := os.fork():
        # Whoever waits for the end of a stream waits for samlocal's.
        for each in (request, *streams):
            os.close(each)
        # Nobody waits any more for one that did not end in time.
        with contextlib.suppress(BrokenPipeError):
            os.write(told, b"%d\n" % process)
            os.write(told, b"%d\n" % os.waitpid(process, 0)[1])
        os._exit(0)
    _become(request, streams)


def _become(request: int, streams: list[int]) -> None:
    with os.fdopen(request, "rb") as file:
        asked = json.load(file)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(asked["cwd"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()
    sys.argv[1:] = asked["args"]


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as loaded:
        _load()
        _serve(loaded)
    runpy.run_module("samlocal", run_name="__main__", alter_sys=True)
