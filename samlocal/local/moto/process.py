"""The program of the local endpoint's process; ``server.py`` starts it.

``process.py`` alone serves until its standard input ends, which comes however the parent goes, a crash included.
``process.py FOLDER SECONDS`` leaves its parent and serves until nobody has used it for so long; the folder's
files tell it (see ``residence.py``). Both write one line of JSON with the port, the process id and the secret for
moto's own controls to standard output once they serve.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from samlocal.local.moto.door import Door

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
    # A word of the process's own making: nothing of it is on a command line or in an environment.
    control = secrets.token_hex()
    port, door = _serve(control, residence.folder if residence else None)
    sys.stdout.write(json.dumps({"port": port, "pid": os.getpid(), "control": control}) + "\n")
    sys.stdout.flush()
    if residence is None:
        sys.stdin.read()
    else:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        residence.until_idle(float(idle), lambda: door.count)
    # No orderly shutdown: requests under way may hang, and there is nothing to save.
    os._exit(0)


def _serve(control: str, folder: Path | None) -> tuple[int, Door]:
    # One line for each request would push out of the log what is worth reading.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    import threading
    import warnings

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from samlocal.aws import Aws, Credentials
    from samlocal.local.moto.confinement import confine
    from samlocal.local.moto.controls import Controls
    from samlocal.local.moto.door import Door
    from samlocal.local.moto.invocations import Invocations
    from samlocal.local.moto.refusals import refuse
    from samlocal.local.moto.remarks import tell_of_warnings
    from samlocal.local.moto.repairs import repair

    # What it cannot make is told in the table of the deployment.
    warnings.filterwarnings("ignore", message="Tried to parse")

    def create(service: Any) -> Any:
        refuse(service)
        if service == "cognitoidp":
            from samlocal.local.moto.custom_challenges import mend_custom_challenges
            from samlocal.local.moto.user_pools import mend_user_pools

            mend_user_pools(invocations)
            mend_custom_challenges(invocations)
        if service in ("iot", "iotdata") and not mended:
            from samlocal.local.moto.targets import Targets
            from samlocal.local.moto.topic_rules import mend_topic_rules

            mended.append(service)
            mend_topic_rules(Targets(invocations), connect)
        made = create_backend_app(service)
        return door.guarded(made) if service == "moto_api" else made

    def connect(region: str) -> Aws:
        """The endpoint itself."""
        return Aws(region=region, credentials=own, endpoint_url=url)

    mended: list[str] = []
    invocations = Invocations()
    tell_of_warnings(invocations.remark)
    door = Door(DomainDispatcherApplication(create), control=control, own=lambda *asked: controls(*asked))
    # Port 0: the kernel gives a free one, and nobody can take it before the server has it.
    server = make_server("127.0.0.1", 0, door, threaded=True, request_handler=MotoRequestHandler)
    # Where moto's own parts call it (state machines call Lambda so).
    os.environ["MOTO_PORT"] = str(server.port)
    own = Credentials(access_key_id=_ACCOUNT_KEYS, secret_access_key=_ACCOUNT_KEYS)
    url = f"http://127.0.0.1:{server.port}"
    schedules = repair(connect, invocations=invocations)
    controls = Controls(invocations, schedules)
    confine(server.port, own=folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port, door


if __name__ == "__main__":
    main(sys.argv[1:])
