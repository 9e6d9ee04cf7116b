"""The program of the local endpoint's process; ``server.py`` starts it.

``moto_process.py`` alone serves until its standard input ends, which comes however the parent goes, a crash included.
``moto_process.py FOLDER SECONDS`` leaves its parent and serves until nobody has used it for so long; the folder's
files tell it (see ``residence.py``). Both write one line of JSON with the port and the process id to standard output
once they serve.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

_ACCOUNT_KEYS = "local"


def main(arguments: list[str]) -> NoReturn:
    residence = None
    if arguments:
        from samlocal.local.residence import Residence

        folder, idle = arguments
        if os.fork():
            # Whoever started this need not wait for it: the child is init's.
            os._exit(0)
        residence = Residence(Path(folder))
        residence.live()
    port, requests = _serve()
    sys.stdout.write(json.dumps({"port": port, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    if residence is None:
        sys.stdin.read()
    else:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        residence.until_idle(float(idle), lambda: requests.count)
    # No orderly shutdown: requests under way may hang, and there is nothing to save.
    os._exit(0)


class _Requests:
    """A WSGI application around moto's, which counts what it is asked and tells which resource types moto makes."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.count = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.count += 1
        if environ.get("PATH_INFO") == "/samlocal/types":
            from moto.cloudformation.parsing import get_model_map

            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(sorted(get_model_map())).encode()]
        return self._application(environ, start_response)


def _serve() -> tuple[int, _Requests]:
    # One line for each request would push out of the log what is worth reading.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    import threading
    import warnings

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from samlocal.aws import Aws, Credentials
    from samlocal.local.moto_repairs import repair

    # What it cannot make is told in the table of the deployment.
    warnings.filterwarnings("ignore", message="Tried to parse")
    requests = _Requests(DomainDispatcherApplication(create_backend_app))
    # Port 0: the kernel gives a free one, and nobody can take it before the server has it.
    server = make_server("127.0.0.1", 0, requests, threaded=True, request_handler=MotoRequestHandler)
    # Where moto's own parts call it (state machines call Lambda so).
    os.environ["MOTO_PORT"] = str(server.port)
    own = Credentials(access_key_id=_ACCOUNT_KEYS, secret_access_key=_ACCOUNT_KEYS)
    url = f"http://127.0.0.1:{server.port}"
    repair(lambda region: Aws(region=region, credentials=own, endpoint_url=url))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port, requests


if __name__ == "__main__":
    main(sys.argv[1:])
