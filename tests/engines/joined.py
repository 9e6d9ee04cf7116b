"""Runs a command in the namespaces of another process: ``python joined.py PID FOLDER COMMAND…``.

A container's, say. Signals are passed on, which neither nsenter(1) nor `docker exec` does; whoever kills this kills
the command.
"""

import contextlib
import ctypes
import os
import signal
import sys

_NAMESPACES = ("uts", "ipc", "net", "pid", "mnt")
_SET_PARENTS_DEATH_SIGNAL = 1
"""prctl(2), PR_SET_PDEATHSIG."""


def main(pid: str, folder: str, *command: str) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    for namespace in [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in _NAMESPACES]:
        if libc.setns(namespace, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    # Only what is started now is in the processes' namespace.
    child = os.fork()
    if child == 0:
        libc.prctl(_SET_PARENTS_DEATH_SIGNAL, signal.SIGKILL)
        os.chdir(folder)
        # Nothing of Python's own is in reach any more.
        os.execv("/usr/bin/env", ("env", *command))

    def pass_on(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    if status < 0:
        os.kill(os.getpid(), -status)
    sys.exit(status)
