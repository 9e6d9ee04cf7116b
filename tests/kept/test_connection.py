"""A run on a connection: everything that is told on one side is shown on the other, whatever becomes of both."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kept_kit import SETTINGS
from project_kit import Collected

from samlocal.artifact.image.runtime_image import Image
from samlocal.aws.failures import no_terminal
from samlocal.engine.images import PullProgress
from samlocal.errors import BuildError, ExitStatus, KeptError, TemplateError, UnforeseenError
from samlocal.kept import messages
from samlocal.kept.client import KeptRun, Line, NothingRanError
from samlocal.kept.connection import serve
from samlocal.kept.frames import packed
from samlocal.kept.keeper import logged
from samlocal.kept.listener import Listener, Telling
from samlocal.kept.surroundings import Place
from samlocal.kept.wanted import wanted
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import Success

ANSWER = Invocation(
    request_id="id", result=Success(payload=b"{}"), report=Report(request_id="id", duration=1.5, memory_size=128)
)


class Scripted:
    """A host whose plans and runs do what a test says."""

    def __init__(
        self, run: Callable[[Listener], Awaitable[Invocation]], plan: Callable[[Telling], None] = lambda _: None
    ) -> None:
        self._run = run
        self._plan = plan
        self._listener: Listener | None = None
        self.cancelled = threading.Event()

    def is_outdated(self, hello: messages.Hello) -> bool:
        return hello.samlocal != "this"

    async def accept(self, opened: messages.Open, listener: Listener) -> Scripted:
        self._listener = listener
        return self

    def listed(self) -> messages.Listed:
        return messages.Listed(by="keeper", process=1, template="template.yaml", kept=())

    async def stop(self, asked: messages.Stop) -> messages.Stopped:
        return messages.Stopped(functions=asked.functions, cut_off=())

    async def planned(self) -> messages.Planned:
        assert self._listener is not None
        await asyncio.to_thread(self._plan, Telling(self._listener))
        return messages.Planned(image=Image(name="image", platform=None), timeout_at="t:1", memory_at="t:1")

    async def run(self, payload: bytes) -> Invocation:
        assert self._listener is not None
        try:
            return await self._run(self._listener)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def finish(self) -> None:
        assert self._listener is not None
        self._listener.say(messages.Remarked(remark=Remark(text="the last", function="Fn")))


class Told(Collected):
    """A Teller that keeps the progress, too."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Any] = []

    @contextmanager
    def progress(self) -> Iterator[Told]:
        self.steps.append("begun")
        yield self
        self.steps.append("ended")

    def pulled(self, image: str, step: object) -> None:
        self.steps.append((image, step))

    def step(self, paths: Any, step: str) -> None:
        self.steps.append((paths, step))

    def done(self, paths: Any, seconds: float, *, failed: bool) -> None:
        self.steps.append((paths, seconds, failed))

    def goes_on(self, what: str) -> None:
        self.steps.append(what)


@contextmanager
def connected(host: Scripted, *, samlocal: str = "this") -> Iterator[tuple[Line, messages.Answer | None]]:
    """A command's line to a host, and the first answer."""
    near, far = socket.socketpair()

    async def serving() -> None:
        reader, writer = await asyncio.open_unix_connection(sock=far)
        await serve(host, reader, writer, failed=logged)

    thread = threading.Thread(target=lambda: asyncio.run(serving()))
    thread.start()
    line = Line(near)
    line.send(messages.Hello(samlocal=samlocal), question())
    try:
        yield line, line.receive(seconds=60)
    finally:
        line.close()
        thread.join(60)
    assert not thread.is_alive()


@contextmanager
def run_of(host: Scripted) -> Iterator[tuple[KeptRun, Told, list[Record | Remark]]]:
    told, said = Told(), list[Record | Remark]()
    with connected(host) as (line, first):
        assert first == messages.Accepted()
        with KeptRun(line, by="keeper", teller=told, said=said.append) as run:
            yield run, told, said


def question() -> messages.Open:
    return messages.Open(
        wanted=wanted(SETTINGS, RunOptions()),
        place=Place(variables={}, folder=(0, 0)),
        environ={},
        function="Fn",
        tenant_id=None,
        keep=1.0,
    )


async def answered(listener: Listener) -> Invocation:
    listener.say(messages.Began())
    return ANSWER


def test_all_that_a_plan_tells_is_told_in_its_order() -> None:
    step = PullProgress(layer="a", status="Downloading", current=1, total=2)

    def plan(teller: Telling) -> None:
        teller.notice("a notice")
        with teller.progress() as progress:
            progress.pulled("image", step)
            progress.step(["Fn", "Layer"], "resolving")
            progress.done(["Fn"], 1.5, failed=True)
            progress.goes_on("deploying")
        teller.warning("a warning")
        teller.facts(["Resource", "Made"], [["Table", "yes"]])

    with run_of(Scripted(answered, plan)) as (run, told, _):
        assert run.planned().image.name == "image"
        assert run.invoke(b"{}", chunk=lambda _: None) == ANSWER
    assert told.notices == ["a notice", "Table: yes"]
    assert told.warnings == ["a warning"]
    assert told.steps == [
        "begun",
        ("image", step),
        (("Fn", "Layer"), "resolving"),
        (("Fn",), 1.5, True),
        "deploying",
        "ended",
    ]


def test_progress_that_fails_ends_before_its_error_is_shown() -> None:
    def plan(teller: Telling) -> None:
        with teller.progress() as progress:
            progress.step(["Fn"], "building")
            raise BuildError("no compiler", tip="install one")

    with run_of(Scripted(answered, plan)) as (run, told, _), pytest.raises(BuildError, match="no compiler"):
        run.planned()
    assert told.steps[-1] == "ended"


def test_what_only_a_terminal_can_answer_is_a_run_of_the_commands_own() -> None:
    def plan(_: Telling) -> None:
        raise no_terminal("work")

    with run_of(Scripted(answered, plan)) as (run, _, __), pytest.raises(NothingRanError, match="MFA code"):
        run.planned()


def test_a_fault_of_the_process_is_its_own_and_keeps_the_users_values_out_of_its_log(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def plan(_: Telling) -> None:
        raise LookupError("password=secret")

    with run_of(Scripted(answered, plan)) as (run, _, __), pytest.raises(UnforeseenError) as told:
        run.planned()
    assert "LookupError: password=secret" in told.value.message
    assert told.value.tip == "The places in the code are in its log: kept/*/*.log in the cache folder."
    log = capfd.readouterr().err
    assert "LookupError" in log
    assert "test_connection.py" in log
    assert "password=secret" not in log.replace('raise LookupError("password=secret")', "")


def test_parts_of_a_response_and_remarks_come_as_they_are_said() -> None:
    async def run(listener: Listener) -> Invocation:
        listener.say(messages.Began())
        await asyncio.to_thread(listener.chunk, b"one")
        listener.say(messages.Remarked(remark=Remark(text="in between", function="Fn")))
        await asyncio.to_thread(listener.chunk, b"two")
        return ANSWER

    chunks: list[bytes] = []
    with run_of(Scripted(run)) as (kept, _, said):
        kept.planned()
        kept.invoke(b"{}", chunk=chunks.append)
        kept.finish()
    assert chunks == [b"one", b"two"]
    assert [item.text for item in said] == ["in between", "the last"]


@pytest.mark.parametrize("begun", [False, True])
def test_only_a_process_that_goes_before_an_event_has_begun_has_run_nothing(*, begun: bool) -> None:
    near, far = socket.socketpair()
    said = messages.Began() if begun else messages.Notice(text="almost")
    with KeptRun(Line(near), by="keeper", teller=Collected(), said=lambda _: None) as run, far:
        # What comes last is cut off.
        far.sendall(packed(said) + packed(messages.Notice(text="a notice"))[:9])
        far.shutdown(socket.SHUT_WR)
        with pytest.raises(KeptError) as told:
            run.invoke(b"{}", chunk=lambda _: None)
    assert isinstance(told.value, NothingRanError) is not begun
    assert told.value.exit_status is ExitStatus.KEPT
    assert ("in the middle of the event" in told.value.message) is begun


def test_whoever_hangs_up_ends_what_runs_for_them() -> None:
    async def run(listener: Listener) -> Invocation:
        listener.say(messages.Began())
        await asyncio.sleep(60)
        return ANSWER

    host = Scripted(run)
    with connected(host) as (line, _):
        line.receive(seconds=60)
        line.send(messages.Run(payload=b"{}"))
        assert line.receive(seconds=60) == messages.Began()
    assert host.cancelled.wait(60)


def test_ctrl_c_while_a_part_is_shown_ends_what_runs() -> None:
    async def run(listener: Listener) -> Invocation:
        listener.say(messages.Began())
        await asyncio.to_thread(listener.chunk, b"one")
        await asyncio.sleep(60)
        return ANSWER

    def interrupted(_: bytes) -> None:
        raise KeyboardInterrupt

    host = Scripted(run)
    with run_of(host) as (kept, _, __):
        kept.planned()
        with pytest.raises(KeyboardInterrupt):
            kept.invoke(b"{}", chunk=interrupted)
    assert host.cancelled.is_set()


def test_another_samlocal_is_told_so_and_sees_nothing_more() -> None:
    with connected(Scripted(answered), samlocal="another") as (line, first):
        assert first == messages.Refused(reason=messages.Refusal.VERSION)
        assert line.receive(seconds=60) is None


def test_what_is_wrong_with_a_plan_is_raised_as_what_it_is() -> None:
    def plan(_: Telling) -> None:
        raise TemplateError("template.yaml:3: no", tip="mend it")

    with run_of(Scripted(answered, plan)) as (run, _, __), pytest.raises(TemplateError) as told:
        run.planned()
    assert (told.value.message, told.value.tip) == ("template.yaml:3: no", "mend it")
