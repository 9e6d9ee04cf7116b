"""Commands that stay end when nobody reads any more what they say."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from typing import Any

import kit
import pytest

from samlocal.cli.reader import noticing_its_end
from samlocal.errors import ExitStatus

API = kit.function(Events={"Any": {"Type": "HttpApi"}})
FILES = {"template.json": kit.template(Fn=API), "code/app.py": "def handler(event, context): return 1"}


@pytest.mark.parametrize(
    "command",
    [
        "start-api --port 0 2>&1",
        "start-lambda --port 0 2>&1",
        "start-lambda --port 0 --output json 2>err",
        "watch Fn 2>&1",
    ],
)
def test_it_ends_though_it_has_nothing_more_to_say(project: Callable[..., kit.Project], command: str) -> None:
    # bash waits for both ends of the pipe.
    outcome = project(FILES).shell(f"set -o pipefail; samlocal {command} | head -1")
    assert outcome.status == ExitStatus.READER_GONE
    assert len(outcome.stdout.splitlines()) == 1


def noticed(stream: Any, *, close: Callable[[], object], seconds: float) -> bool:
    """Whether it is, within that time."""

    async def wait() -> bool:
        gone = asyncio.Event()
        with noticing_its_end(stream, gone.set):
            close()
            try:
                await asyncio.wait_for(gone.wait(), seconds)
            except TimeoutError:
                return False
            return True

    return asyncio.run(wait())


def test_the_end_of_a_pipes_reader_is_noticed() -> None:
    reads, writes = os.pipe()
    with os.fdopen(writes, "wb") as stream:
        assert noticed(stream, close=lambda: os.close(reads), seconds=60)


def test_what_no_pipe_is_has_no_reader_who_could_go() -> None:
    with tempfile.TemporaryFile() as file:
        assert not noticed(file, close=lambda: None, seconds=0.1)


def test_a_pipe_that_is_still_read_is_left_alone() -> None:
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb"), os.fdopen(writes, "wb") as stream:
        assert not noticed(stream, close=lambda: stream.write(b"some"), seconds=0.1)
