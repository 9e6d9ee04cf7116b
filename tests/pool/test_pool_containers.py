"""The pool with a project's plans and real containers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import kit
import pytest
from kit import Docker, Gate, eventually
from pool_kit import Moved, payload_of, states
from project_kit import Collected, settings_of

from samlocal.artifact.cache import Cache
from samlocal.errors import CodeError
from samlocal.pool.options import PoolOptions
from samlocal.pool.plan import in_thread
from samlocal.pool.pool import Pool
from samlocal.pool.pooled import State
from samlocal.project.project import Project
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.result import Crashed, Success
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import session

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import os, socket, time
NAME = os.urandom(8).hex()
def handler(event, context):
    if event.get("crash"):
        os._exit(3)
    if "gate" in event:
        socket.create_connection(event["gate"]).recv(1)
    time.sleep(event.get("sleep", 0))
    print("saw", event.get("number"))
    return {"name": NAME, "number": event.get("number"), "stream": context.log_stream_name}
"""


class Said:
    """The log of all sandboxes."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def put(self, item: Record | Remark) -> None:
        if isinstance(item, Record):
            self.records.append(item)

    async def room(self) -> None:
        """There always is."""


class Served:
    """A project that is served by a pool."""

    def __init__(self, pool: Pool, log: Said, clock: Moved) -> None:
        self.pool = pool
        self.log = log
        self.clock = clock

    async def invoke(self, **event: Any) -> Invocation:
        request = Request(payload=json.dumps(event).encode())
        answer = await self.pool.invoke("Fn", request, chunk=lambda _: None)
        assert isinstance(answer, Invocation)
        return answer

    async def answer(self, **event: Any) -> dict[str, Any]:
        answered: dict[str, Any] = json.loads(payload_of(await self.invoke(**event)))
        return answered

    async def written(self, count: int) -> list[Record]:
        """So many lines of the function, which may come a moment after its answer."""
        async with asyncio.timeout(60):
            while len(lines := [each for each in self.log.records if each.stream == "function"]) < count:
                await asyncio.sleep(0.01)
        return lines


@asynccontextmanager
async def served(made: kit.Project, *, live: bool = False, **options: Any) -> AsyncIterator[Served]:
    log, clock = Said(), Moved()
    with Project(settings_of(made), Collected()) as own, session(made.sessions) as mine:
        cache = Cache(made.cache) if live else None
        pool = Pool(
            in_thread(own.plan),
            lambda spec: Sandbox(own.engine, spec, session=mine, log=log, live=cache),
            options=PoolOptions(**options),
            clock=clock,
        )
        async with pool:
            yield Served(pool, log, clock)


def run(made: kit.Project, test: Callable[[Served], Awaitable[None]], **options: Any) -> None:
    """With ``live`` its sandboxes can be reloaded."""

    async def main() -> None:
        async with asyncio.timeout(120), served(made, **options) as own:
            await test(own)

    asyncio.run(main())


def test_the_second_event_finds_the_sandbox_of_the_first_warm(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        first, second = await own.invoke(), await own.invoke()
        assert payload_of(first) == payload_of(second)
        assert first.report.init_duration is not None
        assert second.report.init_duration is None
        assert len(docker.containers(made)) == 1

    run(made, test)
    assert docker.nothing_left(made)


def test_two_events_at_once_start_two_sandboxes_with_a_log_stream_each(project: MakeProject, docker: Docker) -> None:
    async def test(own: Served) -> None:
        with Gate(docker) as gate:
            calls = [asyncio.create_task(own.answer(gate=[gate.host, gate.port])) for _ in range(2)]
            await asyncio.to_thread(gate.awaits, 2)
            gate.opens()
            answers = await asyncio.gather(*calls)
        assert len({answer["name"] for answer in answers}) == 2
        assert {answer["stream"] for answer in answers} == {record.sandbox.instance for record in own.log.records}
        assert len({answer["stream"] for answer in answers}) == 2

    run(project(kit.python(SOURCE)), test)


@pytest.mark.parametrize("limited", [{"concurrency": 1}, {}])
def test_with_a_limit_of_one_the_second_event_waits_for_the_first(
    limited: dict[str, int], project: MakeProject
) -> None:
    reserved = {} if limited else {"ReservedConcurrentExecutions": 1}

    async def test(own: Served) -> None:
        answers = await asyncio.gather(*(own.answer(number=number, sleep=0.1) for number in range(3)))
        assert len({answer["name"] for answer in answers}) == 1
        written = [record.text for record in await own.written(3)]
        assert written == ["saw 0", "saw 1", "saw 2"]

    run(project(kit.python(SOURCE, **reserved)), test, **limited)


def test_a_sandbox_that_crashed_is_replaced(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        before = await own.answer()
        assert isinstance((await own.invoke(crash=True)).result, Crashed)
        after = await own.answer()
        assert after["name"] != before["name"]
        assert after["stream"] != before["stream"]
        await asyncio.to_thread(eventually, lambda: len(docker.containers(made)) == 1)

    run(made, test)


@pytest.mark.parametrize("failing", [{"crash": True}, {"sleep": 30}])
def test_a_sandbox_that_crashed_or_timed_out_begins_anew_in_its_container_where_it_can(
    project: MakeProject, docker: Docker, failing: dict[str, Any]
) -> None:
    made = project(kit.python(SOURCE, Timeout=3))

    async def test(own: Served) -> None:
        before = await own.answer()
        containers = docker.containers(made)
        assert not isinstance((await own.invoke(**failing)).result, Success)
        after = await own.answer()
        assert docker.containers(made) == containers
        assert after["name"] != before["name"]
        assert after["stream"] != before["stream"]

    run(made, test, live=True)
    assert docker.nothing_left(made)


def test_a_save_is_served_in_the_container_there_is_also_after_one_that_was_broken(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        await own.answer()
        containers = docker.containers(made)
        for source in ("def handler(:", "def handler(event, context): return {'name': 'new'}"):
            kit.write(made.folder / "code/app.py", source)
            own.pool.change()
            answer = (await own.invoke()).result
        assert json.loads(answer.payload) == {"name": "new"}  # type: ignore[union-attr]
        assert docker.containers(made) == containers

    run(made, test, live=True)


@pytest.mark.parametrize("live", [False, True])
def test_a_sandbox_whose_container_was_removed_while_it_waited_is_replaced(
    project: MakeProject, docker: Docker, live: bool
) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        before = await own.answer()
        await asyncio.to_thread(docker.remove_all, made)
        assert (await own.answer())["name"] != before["name"]

    run(made, test, live=live)


def test_an_idle_sandbox_is_removed(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        await own.answer()
        own.clock.move(600)
        assert await asyncio.to_thread(docker.nothing_left, made)
        assert states(own.pool, "Fn") == ()

    run(made, test)


def test_code_that_has_changed_is_picked_up(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        before = await own.answer()
        own.pool.change()
        # Nothing has changed.
        assert (await own.answer())["name"] == before["name"]
        (made.folder / "code" / "app.py").write_text("def handler(event, context):\n    return {'name': 'new'}\n")
        own.pool.change()
        assert (await own.answer())["name"] == "new"

    run(made, test)


def test_a_template_that_has_changed_is_picked_up(project: MakeProject) -> None:
    made = project(kit.python("import os\ndef handler(event, context):\n    return {'level': os.getenv('LEVEL')}\n"))

    async def test(own: Served) -> None:
        assert await own.answer() == {"level": None}
        kit.write(made.folder / ".env", "LEVEL=debug\n")
        own.pool.change()
        assert await own.answer() == {"level": "debug"}

    run(made, test)


def test_code_that_is_not_there_is_said_to_the_event_and_found_by_the_next(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))
    code = made.folder / "code"
    code.rename(made.folder / "elsewhere")

    async def test(own: Served) -> None:
        with pytest.raises(CodeError, match="there is no code"):
            await own.invoke()
        (made.folder / "elsewhere").rename(code)
        assert (await own.answer(number=7))["number"] == 7

    run(made, test)


def test_twenty_events_over_three_sandboxes_are_each_answered_with_their_own(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE))

    async def test(own: Served) -> None:
        await own.pool.warm("Fn", 3)
        answers = await asyncio.gather(*(own.answer(number=number, sleep=0.02) for number in range(20)))
        assert [answer["number"] for answer in answers] == list(range(20))
        names = {answer["name"] for answer in answers}
        assert len(names) == 3
        assert states(own.pool, "Fn") == (State.IDLE,) * 3
        # What each has written is its own in the one log.
        written = {record.text: record.sandbox.instance for record in await own.written(20)}
        assert written == {f"saw {answer['number']}": answer["stream"] for answer in answers}

    run(made, test, concurrency=3)
    assert docker.nothing_left(made)


def test_the_log_of_an_event_ends_without_another_event(project: MakeProject) -> None:
    async def test(own: Served) -> None:
        invocation = await own.invoke(number=1)
        async with asyncio.timeout(60):
            while not any(record.type == "platform.report" for record in own.log.records):
                await asyncio.sleep(0.01)
        own_records = [each for each in own.log.records if each.request_id == invocation.request_id]
        assert [each.text for each in own_records if each.stream == "function"] == ["saw 1"]
        assert own_records[-1].type == "platform.report"

    run(project(kit.python(SOURCE)), test)


def test_an_event_given_up_ends_its_container_and_the_next_has_another(project: MakeProject, docker: Docker) -> None:
    made = project(kit.python(SOURCE, Timeout=60))

    async def test(own: Served) -> None:
        before = await own.answer()
        slow = asyncio.create_task(own.answer(sleep=30))
        await asyncio.sleep(0.2)
        slow.cancel()
        assert (await own.answer(number=1))["name"] != before["name"]
        await asyncio.to_thread(eventually, lambda: len(docker.containers(made)) == 1)

    run(made, test, concurrency=1)


def test_closing_leaves_no_container_of_those_that_run_or_are_half_started(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE, Timeout=60))

    async def test(own: Served) -> None:
        await own.answer()
        calls = [asyncio.create_task(own.answer(sleep=30)) for _ in range(3)]
        # The second and the third are starting.
        await asyncio.sleep(0.05)
        await own.pool.close()
        await asyncio.gather(*calls, return_exceptions=True)

    run(made, test)
    assert docker.nothing_left(made)
