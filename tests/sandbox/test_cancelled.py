"""Whoever waits for a sandbox may be cancelled at any moment, also twice: nothing is left, nothing is mixed up."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import extension_kit
import pytest
from kit import Docker, Project, SlowEngine, eventually, function, python, template

from samlocal.artifact.live import KIND
from samlocal.sandbox.apis.listener import Listener
from samlocal.sandbox.result import Success
from samlocal.sandbox.sandbox import Request

SOURCE = """\
import time
def handler(event, context):
    time.sleep(event["seconds"])
    return event["said"]
"""


async def cancelled(task: asyncio.Task[Any], *, times: int) -> None:
    """Cancels it, and again while it is at its end."""
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.docker
@pytest.mark.parametrize("request_", ["/containers/create", "/attach", "/start"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_sandbox_that_is_cancelled_while_it_starts_leaves_no_container_and_no_socket(
    request_: str,
    times: int,
    project: Callable[..., Project],
    laid_out: Callable[..., Any],
    docker: Docker,
    tmp_path: Path,
    loop: Any,
) -> None:
    made = project(python(SOURCE))

    async def start(sandbox: Any, reached: threading.Event) -> None:
        starting = asyncio.ensure_future(sandbox.__aenter__())
        while not reached.is_set():
            await asyncio.sleep(0.01)
        await cancelled(starting, times=times)

    # What tests before have left is not this one's.
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with SlowEngine(tmp_path / "docker.sock", request=request_, seconds=0.5, answer=True) as slow:
            sandbox, engine = laid_out(made, environ=slow.environ)
            loop.run(start(sandbox, slow.reached))
            engine.close()
        del sandbox, engine
        gc.collect()
    assert [str(each.message) for each in said if issubclass(each.category, ResourceWarning)] == []
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_many_that_are_cancelled_do_not_wait_for_what_has_not_begun(
    project: Callable[..., Project], laid_out: Callable[..., Any], docker: Docker, tmp_path: Path, loop: Any
) -> None:
    made = project(python(SOURCE))
    with SlowEngine(tmp_path / "docker.sock", request="/containers/create", seconds=0) as asked:
        first, engine = laid_out(made, environ=asked.environ)
        sandboxes = [first, *(laid_out(made, engine=engine)[0] for _ in range(39))]

        async def start() -> None:
            starting = [asyncio.ensure_future(sandbox.__aenter__()) for sandbox in sandboxes]
            while not asked.reached.is_set():
                await asyncio.sleep(0.01)
            for each in starting:
                each.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            assert all(each.cancelled() for each in starting)

        loop.run(start())
        # An engine is asked for few things at once, and for nothing that nobody waits for any more.
        assert asked.requests < 20
        assert docker.nothing_left(made)
        engine.close()


@pytest.mark.docker
def test_the_event_after_a_cancelled_one_gets_its_own_answer(
    project: Callable[..., Project], opened: Callable[..., Any], docker: Docker
) -> None:
    made = project(python(SOURCE, Timeout=30))
    running = opened(made)
    for seconds in (0.0, 0.05, 0.3):
        call = running.begin(json.dumps({"seconds": 0.2, "said": "cancelled"}).encode())
        time.sleep(seconds)
        call.cancel()
        result = running.invoke(json.dumps({"seconds": 0, "said": f"after {seconds}"}).encode()).result
        assert result == Success(payload=json.dumps(f"after {seconds}").encode())
    eventually(lambda: len(docker.containers(made)) == 1)


@pytest.mark.docker
def test_an_event_cancelled_while_its_container_starts_leaves_the_next_one_a_start_of_its_own(
    project: Callable[..., Project], laid_out: Callable[..., Any], tmp_path: Path, loop: Any
) -> None:
    made = project(python(SOURCE, Timeout=30))
    with SlowEngine(tmp_path / "docker.sock", request="/start", seconds=0.5) as slow:
        sandbox, _ = laid_out(made, environ=slow.environ)

        def call(said: str) -> Any:
            payload = json.dumps({"seconds": 0, "said": said}).encode()
            return sandbox.invoke(Request(payload=payload), chunk=lambda _: None)

        async def run() -> Any:
            async with sandbox:
                await sandbox.stop()
                slow.reached.clear()
                starting = asyncio.ensure_future(call("cancelled"))
                while not slow.reached.is_set():
                    await asyncio.sleep(0.01)
                await cancelled(starting, times=1)
                return await call("after")

        answer = loop.run(run())
    assert answer.result == Success(payload=b'"after"')
    # Its init is none that nobody was there for, which would take its ten seconds and then be the event's own.
    assert answer.report.init_duration is not None


def test_a_connection_that_comes_while_its_listener_is_cancelled_is_no_error(loop: Any) -> None:
    said: list[dict[str, Any]] = []

    async def admits(_: socket.socket, __: str) -> bool:
        return False

    async def connected(*_: object) -> None:
        raise AssertionError("nobody is admitted")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
            listening.setblocking(False)
            listener = Listener(listening, admits=admits, connected=connected, failed=lambda _: None)
            task = asyncio.ensure_future(listener.run())
            await asyncio.sleep(0.01)
            client.connect(listening.getsockname())
            # The loop has seen that somebody connects, and has not accepted them yet.
            await asyncio.sleep(0)
            await cancelled(task, times=1)

    loop.run(run())
    assert said == []


@pytest.mark.docker
def test_a_sandbox_that_is_cancelled_while_its_folders_are_filled_leaves_none(
    project: Callable[..., Project], laid_out: Callable[..., Any], loop: Any
) -> None:
    # Two layers are one folder of the cache, which is linked file by file.
    files = {f"layer{layer}/{number}": "" for layer in range(2) for number in range(4000)}
    both = [{"Ref": f"Layer{layer}"} for layer in range(2)]
    layers = {f"Layer{layer}": extension_kit.layer(f"layer{layer}/") for layer in range(2)}
    made = project({"template.json": template(Fn=function(Layers=both), **layers), "code/app.py": SOURCE} | files)
    sandbox, _ = laid_out(made, live=True)
    root = made.cache / KIND

    async def start() -> None:
        starting = asyncio.ensure_future(sandbox.__aenter__())
        while not any(root.glob("*/next/1*")):
            await asyncio.sleep(0)
        await cancelled(starting, times=1)

    loop.run(start())
    assert list(root.iterdir()) == []
