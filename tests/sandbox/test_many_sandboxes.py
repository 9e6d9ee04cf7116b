"""Many sandboxes on one event loop: each answers its own events, and none costs a thread."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

from kit import Project, eventually, python

from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import Success

SOURCE = """\
import os
NAME = os.urandom(8).hex()
def handler(event, context):
    print("line of", NAME)
    return {"name": NAME, "said": event["said"]}
"""
SANDBOXES = 6
EVENTS = 5


def answer(result: Any) -> dict[str, Any]:
    assert isinstance(result, Success), result
    answered: dict[str, Any] = json.loads(result.payload)
    return answered


def test_each_sandbox_answers_its_own_events_and_none_holds_a_thread(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    made = project(python(SOURCE))
    before = set(threading.enumerate())
    running = [opened(made) for _ in range(SANDBOXES)]

    names: list[set[str]] = [set() for _ in running]
    for event in range(EVENTS):
        said = [json.dumps({"said": [number, event]}).encode() for number in range(SANDBOXES)]
        calls = [sandbox.begin(payload) for sandbox, payload in zip(running, said, strict=True)]
        for number, call in enumerate(calls):
            answered = answer(call.result(60).result)
            assert answered["said"] == [number, event]
            names[number].add(answered["name"])
    # One container each, for all of its events.
    assert all(len(own) == 1 for own in names)
    assert len(set.union(*names)) == SANDBOXES

    def own() -> list[str]:
        # Those of each test engine, which asks in four threads at most; a sandbox itself has none.
        names = [thread.name for thread in set(threading.enumerate()) - before]
        return [name for name in names if not name.startswith("samlocal-engine")]

    eventually(lambda: not own(), told=own)
    for number, sandbox in enumerate(running):
        (name,) = names[number]

        def written(sandbox: Any = sandbox) -> list[str]:
            return [record.text for record in sandbox.records if record.stream == "function"]

        # A line may come a moment after its answer.
        eventually(lambda written=written: len(written()) == EVENTS, told=written)
        assert written() == [f"line of {name}"] * EVENTS


def test_a_reader_of_the_log_who_stalls_holds_up_no_timeout(
    project: Callable[..., Project], opened: Callable[..., Any]
) -> None:
    stalled = threading.Event()
    try:
        # Far more than any pipe or buffer on the way takes.
        source = "def handler(event, context):\n    while True:\n        print('x' * 100_000)\n"
        running = opened(project(python(source, Timeout=1)), log=Outlet(lambda _: stalled.wait()))
        result = running.begin(b"{}").result(60).result
        assert "timed out after 1.00 seconds" in result.payload.decode()
    finally:
        stalled.set()


def test_what_waits_to_be_written_is_bounded_where_there_is_room_to_wait_for(loop: Any) -> None:
    go_on, written = threading.Event(), []

    def write(item: int) -> None:
        go_on.wait()
        written.append(item)

    outlet = Outlet(write)

    async def put(count: int) -> None:
        for item in range(count):
            outlet.put(item)
            await outlet.room()

    putting = loop.begin(put(1000))
    loop.run(asyncio.sleep(0.1))
    assert not putting.done()
    assert outlet.busy
    go_on.set()
    putting.result(60)
    loop.run(outlet.drain())
    assert written == list(range(1000))
    loop.call(outlet.close)


def test_what_cannot_be_written_is_told_once_and_holds_nobody_up(loop: Any) -> None:
    tried = []

    def write(item: int) -> None:
        tried.append(item)
        raise BrokenPipeError

    outlet = Outlet(write)

    async def put() -> None:
        for item in range(1000):
            outlet.put(item)
            await outlet.room()
        await outlet.drain()

    loop.run(put())
    assert tried == [0]
    assert isinstance(outlet.error, BrokenPipeError)
    loop.call(outlet.close)
