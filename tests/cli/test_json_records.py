"""Records for machines: what comes when, and what happens where they cannot be written."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import pytest
from msgspec.structs import replace
from requests_kit import FAILED, Sandbox, Screen, run, served_functions

from samlocal.cli.shown import said
from samlocal.cli.shown.json_records import JsonRecords, RecordedOutput
from samlocal.cli.shown.requests import Requests
from samlocal.cli.shown.served import ServedApi, ServedRoute
from samlocal.cli.world import World
from samlocal.errors import CodeError, ExitStatus, ReaderGoneError
from samlocal.function.logging_config import LogFormat

SERVING = said.Serving(
    version="1",
    process=1,
    url="http://127.0.0.1:3001",
    region="eu-west-1",
    environment=None,
    stack=None,
    reloads=True,
    functions=served_functions(("getEvent",)),
)

SERVED = kit.python("handler = print", FunctionUrlConfig={"AuthType": "NONE"})


class Recorded:
    def __init__(self, *, is_terminal: bool = False, stdout: io.BytesIO | None = None) -> None:
        self.stdout = stdout or io.BytesIO()
        self.stderr = Screen(is_terminal=is_terminal)
        world = World(environ={}, cwd=Path("/"), stdin=io.BytesIO(), stdout=self.stdout, stderr=self.stderr)
        self.output = RecordedOutput(world)
        self.view = JsonRecords(self.output)
        self.requests = Requests(self.view)

    def sandbox(self, *, format: LogFormat = LogFormat.TEXT) -> Sandbox:  # noqa: A002 - AWS's word
        return Sandbox(self, "getEvent", "instance", format)

    def notices(self, name: str) -> None:
        for number in range(200):
            self.output.notice(f"{name} {number}")

    async def records(self) -> list[dict[str, Any]]:
        await self.view.outlet.drain()
        return self.written()

    def written(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.getvalue().splitlines()]


def test_what_is_served_comes_first_and_the_end_last() -> None:
    async def test() -> None:
        own = Recorded()
        own.output.notice("early")
        async with own.requests:
            own.output.warning("early, too")
            own.requests.serves(SERVING)
            own.sandbox().runs("r1", "hello", result=FAILED, status="error", error_type="ValueError")
            own.output.notice("early")
        found = await own.records()
        assert [each["type"] for each in found] == [
            *("serving", "notice", "warning", "request.begun", "log", "log", "request.ended", "log", "log", "ended")
        ]
        assert [each["text"] for each in found if each["type"] == "log"][:2] == [
            "START RequestId: r1 Version: $LATEST",
            "hello",
        ]
        assert found[4] | {"time": None, "text": None} == {
            "type": "log",
            "time": None,
            "function": "getEvent",
            "request_id": "r1",
            "sandbox": "instance",
            "source": "platform.start",
            "level": "INFO",
            "text": None,
        }

    run(test)


def test_what_is_served_is_told_again_where_functions_or_routes_have_changed() -> None:
    def api(*paths: str) -> ServedApi:
        same: dict[str, Any] = {
            "method": "GET",
            "leads_to": None,
            "not_run": None,
            "authorizer": None,
            "api_key": False,
        }
        routes = tuple(ServedRoute(path=path, **same) for path in paths)
        return ServedApi(id="Api", kind="REST API", stage="Prod", url=None, routes=routes)

    async def test() -> None:
        own = Recorded()
        async with own.requests:
            for apis in ((api("/a"),), (api("/a"),), (api("/a", "/b"),)):
                own.requests.serves(replace(SERVING, apis=apis))
            own.requests.serves(replace(SERVING, functions=served_functions(("more",)), apis=(api("/a", "/b"),)))
        found = [each for each in await own.records() if each["type"] == "serving"]
        assert [len(each["apis"][0]["routes"]) for each in found] == [1, 2, 2]
        assert [each["functions"][0]["id"] for each in found] == ["getEvent", "getEvent", "more"]

    run(test)


def test_a_command_that_never_came_to_serve_says_why() -> None:
    async def test() -> None:
        own = Recorded()
        own.output.notice("early")
        with pytest.raises(CodeError):
            async with own.requests:
                raise CodeError("template.yaml:7: no code", tip="Write some.")
        failed, notice, ended = await own.records()
        assert (failed["message"], failed["tip"], failed["ends"]) == ("template.yaml:7: no code", "Write some.", True)
        assert (notice["text"], ended["type"]) == ("early", "ended")

    run(test)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
def test_what_was_said_of_a_command_that_was_ended_before_it_served_is_not_lost(error: BaseException) -> None:
    own = Recorded()
    own.output.notice("early")
    own.output.ended_by(error)
    own.output.notice("late")
    notice, ended = own.written()
    assert (notice["type"], notice["text"], ended["type"]) == ("notice", "early", "ended")


def test_the_end_is_the_last_record_whatever_comes_behind_it() -> None:
    async def test() -> None:
        own = Recorded()
        async with own.requests:
            own.requests.serves(SERVING)
        own.output.notice("late")
        own.output.ended_by(LookupError("id"))
        assert [each["type"] for each in await own.records()] == ["serving", "ended"]

    run(test)


def test_a_fault_that_ends_a_command_that_serves_is_a_record() -> None:
    own = Recorded()

    async def fails() -> None:
        async with own.requests:
            own.requests.serves(SERVING)
            raise LookupError("id")

    with pytest.raises(LookupError):
        run(fails)
    serving, failed, ended = own.written()
    assert (serving["type"], failed["type"], failed["ends"], ended["type"]) == ("serving", "error", True, "ended")
    assert failed["message"] == "LookupError: id"


@pytest.mark.parametrize("command", ["start-lambda", "start-api"])
@pytest.mark.parametrize(
    ("files", "args", "status", "says"),
    [
        ({"template.json": "{"}, (), ExitStatus.TEMPLATE, "template.json:1"),
        (SERVED, ("--warm", "Fn"), ExitStatus.USAGE, "--warm Fn: write FUNCTION=N."),
    ],
    ids=["template", "usage"],
)
def test_a_command_that_fails_before_it_serves_ends_its_records_with_its_error(
    project: Callable[..., kit.Project],
    command: str,
    files: dict[str, Any],
    args: tuple[str, ...],
    status: ExitStatus,
    says: str,
) -> None:
    failed = project(files).run(command, "--output", "json", "--port", "0", *args).ended(status)
    error, *_, ended = [json.loads(line) for line in failed.stdout.splitlines()]
    assert (error["type"], error["ends"], ended["type"]) == ("error", True, "ended")
    assert says in error["message"]
    assert says in failed.stderr


def test_routes_that_cannot_be_read_are_no_records(project: Callable[..., kit.Project]) -> None:
    args = ("start-api", "--print-routes", "--output", "json")
    assert project({"template.json": "{"}).run(*args).ended(ExitStatus.TEMPLATE).stdout == b""


def test_every_record_is_one_line_whatever_a_function_writes() -> None:
    async def test() -> None:
        own = Recorded()
        hostile = 'a\rb\u2028c\x1b]52;c;x\x07"\\ \udc80'
        async with own.requests:
            own.requests.serves(SERVING)
            own.sandbox().runs("r1", hostile)
        text = own.stdout.getvalue()
        assert len(text.splitlines()) == len(text.split(b"\n")) - 1
        assert b"\x1b" not in text
        assert hostile in [each.get("text") for each in await own.records()]

    run(test)


def test_a_json_log_is_in_its_own_form_and_filtered_as_it_is() -> None:
    async def test() -> None:
        own = Recorded()
        async with own.requests:
            own.requests.serves(SERVING)
            own.sandbox(format=LogFormat.JSON).runs("r1", '{"level": "DEBUG", "message": "no"}', '{"level": "INFO"}')
        texts = [
            each["text"] for each in await own.records() if each["type"] == "log" and each["source"] == "function"
        ]
        assert texts == ['{"level": "INFO"}']

    run(test)


def test_who_writes_from_several_threads_writes_whole_lines() -> None:
    async def test() -> None:
        own = Recorded()
        async with own.requests:
            own.requests.serves(SERVING)
            threads = [threading.Thread(target=own.notices, args=(name,)) for name in "abcd"]
            for thread in threads:
                thread.start()
            sandbox = own.sandbox()
            for number in range(200):
                sandbox.runs(f"r{number}", "hello")
            for thread in threads:
                await asyncio.to_thread(thread.join)
        kinds = [each["type"] for each in await own.records()]
        assert (kinds.count("notice"), kinds.count("request.ended")) == (800, 200)

    run(test)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_who_sits_at_a_terminal_hears_where_it_is_served(is_terminal: bool) -> None:
    async def test() -> None:
        own = Recorded(is_terminal=is_terminal)
        async with own.requests:
            own.requests.serves(SERVING)
        assert ("Lambda is served at http://127.0.0.1:3001" in own.stderr.getvalue()) is is_terminal
        assert own.stdout.getvalue().startswith(b'{"type":"serving"')

    run(test)


class Gone(io.BytesIO):
    """Nobody reads it."""

    tried = 0

    def write(self, _: object, /) -> int:
        self.tried += 1
        raise ReaderGoneError("Whoever read standard output has gone.")


def test_the_command_ends_when_nobody_reads() -> None:
    stdout = Gone()

    async def stand() -> None:
        own = Recorded(stdout=stdout)
        async with own.requests:
            own.output.notice("early")
            own.requests.serves(SERVING)
            await own.requests.stand()

    with pytest.raises(ReaderGoneError):
        run(stand)
    assert stdout.tried == 1
