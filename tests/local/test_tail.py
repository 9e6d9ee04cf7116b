"""``samlocal local tail``: what the functions of the local environment have written, and go on to write."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import kit
import pytest
from kit import eventually

from samlocal.local.log_line import LogLine
from samlocal.local.moto.function_log import FunctionLog
from samlocal.local.project import LocalProject
from samlocal.local.runner import Runner
from samlocal.local.stack_resources import resources

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/shop/all"}}
TEMPLATE = kit.template(All=GROUP, getEvent=kit.function(), putEvent=kit.function())


def line(function: str, text: str, *, age: float = 0.0, request_id: str | None = None) -> LogLine:
    return LogLine(
        time=time.time() - age,
        function=function,
        group="/shop/all",
        stream="2026/01/01/[$LATEST]0123456789abcdef",
        request_id=request_id,
        source="function",
        level=None,
        text=text,
    )


class Own:
    """A project whose local environment is up; ``writes`` is what a function's sandbox would."""

    def __init__(self, project: kit.Project) -> None:
        self.project = project
        self.project.run("local", "start").succeeded()
        template = project.folder / "template.json"
        self._local = LocalProject(project.cache, template, environ=project.environment())

    @property
    def runner(self) -> Runner:
        server = self._local.running()
        assert server is not None
        return Runner(server)

    def writes(self, function: str, text: str, **more: Any) -> None:
        aws = self.runner.server.aws("us-east-1")
        (name,) = (each.physical_id for each in resources(aws, "local") if each.path == function)
        self.runner.wrote([line(name, text, **more)])

    def tail(self, *args: str) -> list[str]:
        return self.project.run("local", "tail", "--no-follow", *args).succeeded().stdout.decode().splitlines()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    project = kit.make_project(tmp_path_factory.mktemp("tail"), {"template.json": TEMPLATE, "code/app.py": ""})
    made = Own(project)
    made.writes("getEvent", "INIT_START Runtime Version: python:3.11")
    made.writes("getEvent", "long ago", age=3600)
    made.writes("getEvent", "ERROR one", request_id="11111111-aaaa")
    made.writes("putEvent", '{"level": "ERROR", "seats": 2}', request_id="22222222-bbbb")
    yield made
    project.run("local", "stop")


def texts(lines: list[str]) -> list[str]:
    return [each.partition(" | ")[2] for each in lines]


def test_each_line_has_its_time_its_function_and_its_request(own: Own) -> None:
    init, error, structured = own.tail()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} getEvent init     \| INIT_START Runtime Version: python:3\.11", init)
    assert re.fullmatch(r"\S+ getEvent 11111111 \| ERROR one", error)
    assert re.fullmatch(r'\S+ putEvent 22222222 \| {"level": "ERROR", "seats": 2}', structured)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("putEvent",), ['{"level": "ERROR", "seats": 2}']),
        (("--since", "2h", "getEvent"), ["INIT_START Runtime Version: python:3.11", "long ago", "ERROR one"]),
        (("--since", "2999-01-01T00:00:00Z"), []),
        (("--filter", "ERROR -seats"), ["ERROR one"]),
        (("--filter", "{ $.seats > 1 }"), ['{"level": "ERROR", "seats": 2}']),
    ],
)
def test_what_is_meant_is_shown_and_no_more(own: Own, args: tuple[str, ...], wanted: list[str]) -> None:
    assert texts(own.tail(*args)) == wanted


def test_for_programs_each_line_is_an_object(own: Own) -> None:
    told = [json.loads(each) for each in own.tail("--output", "json", "putEvent")]
    assert [{**each, "time": None} for each in told] == [
        {
            "type": "log",
            "time": None,
            "function": "putEvent",
            "request_id": "22222222-bbbb",
            "sandbox": "2026/01/01/[$LATEST]0123456789abcdef",
            "source": "function",
            "level": None,
            "text": '{"level": "ERROR", "seats": 2}',
        }
    ]


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("getEvnt",), 11, "has no function getEvnt; did you mean getEvent?"),
        (("--since", "yesterday"), 2, "'yesterday' is no time"),
        (("--since", "99999999999w"), 2, "is no time"),
        (("--filter", "{ $.seats > }"), 2, "'{ $.seats > }'"),
    ],
)
def test_what_cannot_be_followed_is_said(own: Own, args: tuple[str, ...], status: int, says: str) -> None:
    assert says in own.project.run("local", "tail", *args).ended(status).stderr


def test_what_is_written_is_in_its_log_group_too(own: Own) -> None:
    answer = own.runner.server.aws("us-east-1").call("logs", "filter_log_events", logGroupName="/shop/all")
    assert "ERROR one" in [each["message"] for each in answer["events"]]


def test_what_comes_is_shown_as_it_comes_also_in_the_environment_that_comes_next(
    local: Callable[..., kit.Project],
) -> None:
    own = Own(local({"template.json": TEMPLATE, "code/app.py": ""}))
    with own.project.start("local", "tail") as running:
        running.has_logged("nobody runs its functions now: `samlocal up` does.")
        own.writes("getEvent", "one")
        running.prints(b"| one\n")
        own.project.run("local", "stop").succeeded()
        running.has_logged("the local environment has ended")
        own.project.run("local", "start").succeeded()
        own.writes("putEvent", "two")
        running.prints(b"putEvent init     | two\n")
        # Whoever read it has gone.
        assert running.process.stdout is not None
        running.process.stdout.close()
        eventually(lambda: running.process.poll() == 141)


def test_without_an_environment_it_is_said_what_starts_one(project: Callable[..., kit.Project]) -> None:
    told = project({"template.json": TEMPLATE}).run("local", "tail").ended(6).stderr
    assert "The local environment is not up." in told
    assert "`samlocal up` starts it" in told


# what is kept


def test_no_more_is_kept_than_has_room_and_who_comes_late_hears_how_much_is_lost() -> None:
    log = FunctionLog(put=lambda _: None, most=3)
    log.write([line("Fn", str(number)) for number in range(1, 3)])
    assert [each.text for each in log.after(0, 0).lines] == ["1", "2"]
    log.write([line("Fn", str(number)) for number in range(3, 7)])
    late = log.after(2, 0)
    assert ([each.text for each in late.lines], late.lost) == (["4", "5", "6"], 1)
    # Who begins has missed nothing.
    assert log.after(0, 0).lost == 0
    assert log.after(6, 0).lines == ()


def test_who_waits_is_told_at_once() -> None:
    log = FunctionLog(put=lambda _: None)
    got: list[str] = []
    waits = threading.Thread(target=lambda: got.extend(each.text for each in log.after(0, 20).lines))
    waits.start()
    log.write([line("Fn", "now")])
    waits.join(15)
    assert got == ["now"]
