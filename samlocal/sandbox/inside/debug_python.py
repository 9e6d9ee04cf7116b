"""Runs a Python runtime under debugpy.

    debug_python.py FOLDER HOST PORT wait|go [OPTION…] -- SCRIPT|-m MODULE [ARGUMENT…]

Runs in the container, on the function's Python, which need not be samlocal's. FOLDER holds debugpy. The options are
those of debugpy's own command line: ``--configure-NAME VALUE`` and ``--log-to-stderr``.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time


def main() -> None:
    end = sys.argv.index("--")
    folder, host, port, mode, *options = sys.argv[1:end]
    _listen(folder, (host, int(port)), options)
    _say("debugpy listens")
    if mode == "wait":
        import debugpy

        debugpy.wait_for_client()
        _say("debugpy is attached to")
    else:
        _watch()
    _run(sys.argv[end + 1 :])


def _listen(folder: str, address: tuple[str, int], options: list[str]) -> None:
    environ = dict(os.environ)
    # For the import alone: what debugpy loads later it finds by its packages' own paths.
    sys.path[0] = folder
    import debugpy

    # A child process could not be reached from outside the container.
    settings: dict[str, object] = {"subProcess": False}
    words = iter(options)
    for word in words:
        if word == "--log-to-stderr":
            debugpy.log_to(sys.stderr)
        elif word.startswith("--configure-"):
            value = next(words, "")
            settings[word[len("--configure-") :]] = {"true": True, "false": False}.get(value.lower(), value)
        else:
            sys.exit(f"samlocal: debugpy has --configure-NAME VALUE and --log-to-stderr here, but no {word}")
    debugpy.configure(settings)
    debugpy.listen(address, in_process_debug_adapter=True)
    # debugpy's settings are not the function's.
    for name in set(os.environ) - set(environ):
        del os.environ[name]
    os.environ.update(environ)


def _watch() -> None:
    """Tells of the first attachment from a thread that debuggers do not show."""
    import debugpy

    def watch() -> None:
        while not debugpy.is_client_connected():
            time.sleep(0.1)
        _say("debugpy is attached to")

    thread = threading.Thread(target=watch, name="samlocal-debug", daemon=True)
    for mark in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        setattr(thread, mark, True)
    thread.start()


def _say(text: str) -> None:
    os.write(2, f"samlocal: {text}\n".encode())


def _run(command: list[str]) -> None:
    """As ``python SCRIPT`` or ``python -m MODULE`` does."""
    if command[0] == "-m":
        sys.argv[:] = command[1:]
        sys.path[0] = os.getcwd()  # noqa: PTH109 - the function has not asked for pathlib
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = command
        sys.path[0] = os.path.dirname(command[0])  # noqa: PTH120
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
