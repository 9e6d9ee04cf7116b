"""The program of the local endpoint's process; ``server.py`` starts it.

Writes its port as one line of JSON to standard output and serves until its standard input ends. That end comes
however the parent goes, a crash included, so the endpoint never outlives it.
"""

from __future__ import annotations

import json
import logging
import os
import sys


def main() -> None:
    # One line for each request would push out of the log what is worth reading.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    # Port 0: the kernel gives a free one, and nobody can take it before the server has it.
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    # Where moto's own parts call it (state machines call Lambda so).
    os.environ["MOTO_PORT"] = str(port)
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    # No orderly shutdown: requests under way may hang, and there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main()
