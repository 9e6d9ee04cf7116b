"""Node's inspector in a Node function."""

from __future__ import annotations

import re

from samlocal.engine import Mount
from samlocal.sandbox.debug.wiring import INSIDE, OWN_FOLDER, Debugging, Wiring


def node(wiring: Wiring) -> Debugging:
    """The inspector, opened by debug_node.cjs before the runtime client is loaded, which then stands still."""
    script = f"{OWN_FOLDER}/debug_node.cjs"
    options = wiring.options
    asked = f"{wiring.host} {options.inside} {'wait' if options.wait else 'go'}"
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait,
        clients="Node's inspector, attach",
        variables=wiring.started(after=(f"--require={script}", *options.arguments)) | {"SAMLOCAL_DEBUG_NODE": asked},
        mounts=wiring.mounts(Mount(source=INSIDE / "debug_node.cjs", target=script)),
        listening=re.compile(r"^Debugger listening on ws://"),
        attached=re.compile(r"^Debugger attached\.$"),
        noise=re.compile(r"^For help, see: https://nodejs\.org/"),
        # Node 20 does not stop before a module that has a source map, as editors ask it to.
        settling=0.3,
    )
