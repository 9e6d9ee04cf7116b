"""An engine that is restarted under a running server, or falls silent."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit import STAND_INS, Docker, SlowEngine, eventually, python
from second_engine import SecondEngine, inside, second_engine
from served_kit import MakeProject, served

pytestmark = pytest.mark.docker

SOURCE = "import uuid\nME = str(uuid.uuid4())\ndef handler(event, context):\n    return ME\n"

# The test itself is in another network than the engine.
ASK = """\
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1] + "/2015-03-31/functions/Fn/invocations", b"{}", timeout=60)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


@pytest.fixture
def engine() -> Iterator[SecondEngine]:
    with second_engine(STAND_INS[0]) as running:
        yield running


def test_the_next_call_works_after_the_engine_was_restarted(project: MakeProject, engine: SecondEngine) -> None:
    made = engine.project(project(python(SOURCE)))

    def asked(url: str) -> tuple[int, Any]:
        command = [*inside(engine.pid), sys.executable, "-c", ASK, url]
        said = subprocess.run(command, capture_output=True, check=True, text=True, timeout=90).stdout
        status, _, body = said.partition(" ")
        return int(status), json.loads(body)

    with made.start("start-lambda", "--port", "0") as running:
        running.has_logged("Lambda is served at")
        found = re.search(r"Lambda is served at (http://\S+?),", running.stderr())
        assert found
        url = found[1]
        status, first = asked(url)
        assert status == 200
        assert asked(url) == (200, first)
        with engine.stopped():
            status, error = asked(url)
            assert (status, error["Type"]) == (500, "Service"), error
            assert "Docker" in error["Message"]
        status, second = eventually(lambda: asked(url))
        assert (status, second != first) == (200, True)
        assert asked(url) == (200, second)
        running.signalled(signal.SIGTERM).outcome()
        with engine.client() as client:
            eventually(lambda: client.containers(all=True) == [])


def test_the_end_does_not_wait_for_an_engine_that_has_fallen_silent(
    project: MakeProject, docker: Docker, tmp_path: Path
) -> None:
    made = project(python(SOURCE))
    with (
        SlowEngine(tmp_path / "docker.sock", request="/containers/json", seconds=60) as slow,
        served(made, environ=slow.environ) as own,
    ):
        assert own.result()
        own.running.signalled(signal.SIGTERM).outcome().ended(143)
    assert docker.nothing_left(made)
