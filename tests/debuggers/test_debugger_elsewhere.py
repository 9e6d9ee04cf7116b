"""A debugger on this machine, and its function on an engine whose ports are another machine's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dap import Dap
from kit import Project, free_port, python
from second_engine import Wire

pytestmark = pytest.mark.docker

SOURCE = """\
def handler(event, context):
    total = event["a"] + 1
    return total * 2
"""


def test_a_breakpoint_stops_on_an_engine_with_another_disk_and_another_network(
    project: Callable[..., Project], wire: Wire
) -> None:
    own = wire.project(project(python(SOURCE)))
    port, path = free_port(), own.folder.resolve() / "code" / "app.py"
    with own.start("invoke", "Fn", "--event", '{"a": 1}', "--debug-port", str(port)) as running:
        running.has_logged(f"waiting for the debugger at 127.0.0.1:{port} ")
        debugger = Dap(port)
        debugger.attach([{"localRoot": str(path.parent), "remoteRoot": "/var/task"}], {path: [3]})
        thread, stopped_in, line = debugger.stopped()
        assert (stopped_in, line) == (path, 3)
        assert debugger.local(thread, "total") == "2"
        debugger.request("continue", threadId=thread)
        debugger.detach()
        assert running.outcome(within=60).succeeded().payload == 4
