"""``samlocal event save``, and events that are run by their names."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_client import aws_client
from kit import Docker, Project, eventually, function, node, python, template
from pool_kit import Fake, World, plan_of
from project_kit import settings_of

from samlocal.captured.saved import is_name
from samlocal.errors import ExitStatus
from samlocal.project.last_events import LastEvent, LastEvents
from samlocal.records import encoded
from samlocal.service.remembering import RememberingPool

MakeProject = Callable[..., Project]

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}
ECHO = """\
def handler(event, context):
    if "fails" in event:
        raise ValueError(event["fails"])
    return {"got": event}
"""


def remembered(made: Project, name: str = "Fn", *, at: float = 1.0, **more: Any) -> None:
    """As a command has left it that ran the function."""
    given: dict[str, Any] = {"environment": None, "event": b'{"id":1}', "answer": b"7\n", "failed": False, **more}
    LastEvents(settings_of(made)).put(LastEvent(function=name, at=at, **given))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def differs(made: Project, name: str, *args: str) -> str:
    """What `diff` says of an answer that was kept and the one of now."""
    ran = made.run("invoke", "Fn", "--event", name, *args)
    compared = subprocess.run(
        ["diff", made.folder / f"events/{name}.answer", "-"], input=ran.stdout, capture_output=True, check=False
    )
    return compared.stdout.decode()


@pytest.mark.docker
def test_the_last_event_is_kept_with_its_answer_whichever_command_ran_it(
    project: MakeProject, docker: Docker
) -> None:
    made = project(python(ECHO))
    made.invoke("Fn", event={"fails": "no"}).ended(ExitStatus.FUNCTION_FAILED)
    failed = made.run("event", "save", "failed").succeeded()
    assert "events/failed.json is the event that Fn got" in failed.stderr
    assert "and its error events/failed.answer." in failed.stderr
    error = json.loads((made.folder / "events/failed.answer").read_bytes())
    assert error["errorMessage"] == "no"
    # An error may be what is wanted, and each request has an id of its own.
    assert error["requestId"]
    made.run("invoke", "Fn", "--event", "failed", "--compare").succeeded()

    # In the sandbox that is kept, which is another process's.
    made.invoke("Fn", "--keep", event={"by": "kept"}).succeeded()
    made.run("event", "save", "kept", "Fn").succeeded()
    assert (made.folder / "events/kept.json").read_text() == '{\n  "by": "kept"\n}\n'
    assert differs(made, "kept", "--keep") == ""
    made.run("kept", "--stop", "--all").succeeded()

    with made.start("start-lambda", "--port", "0") as running:
        running.has_logged("Lambda is served at")
        found = re.search(r"Lambda is served at (http://\S+),", running.stderr())
        assert found
        client = aws_client("lambda", found[1])
        with contextlib.closing(client):
            client.invoke(FunctionName="Fn", Payload='{"by": "start-lambda"}')

        def saved() -> bool:
            made.run("event", "save", "served", "--replace").succeeded()
            return json.loads((made.folder / "events/served.json").read_bytes()) == {"by": "start-lambda"}

        # It is put down beside the answer.
        eventually(saved)
        running.signalled(signal.SIGTERM).outcome()
    assert (made.folder / "events/served.answer").read_text() == '{"got": {"by": "start-lambda"}}\n'
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_answers_are_compared_with_those_that_are_kept_and_the_status_says_whether_they_are_the_same(
    project: MakeProject,
) -> None:
    files = {
        "events/a.json": '{"a": 1}',
        # Laid out by somebody, and the same.
        "events/a.answer": '{\n  "got": {"a": 1}\n}\n',
        "events/b.json": '{"b": 2}',
        "events/b.answer": '{"got": {"b": 3}}\n',
        "events/none.json": "{}",
    }
    made = project({**python(ECHO), **files})
    differs = made.run("invoke", "Fn", "--event", "events", "--compare").ended(ExitStatus.FUNCTION_FAILED)
    assert differs.stdout.decode().splitlines() == ['{"got": {"a": 1}}', '{"got": {"b": 2}}', '{"got": {}}']
    assert "not compared, since no answer is kept beside it: events/none.json." in differs.stderr
    assert "events/b.json: the answer is another one than the one that is kept." in differs.stderr
    assert {'-    "b": 3', '+    "b": 2'} <= set(differs.lines)
    assert not any('"a"' in line for line in differs.lines)

    same = made.run("invoke", "Fn", "--event", "a", "--compare").succeeded()
    assert "the answer is the one that is kept." in same.stderr
    none = made.run("invoke", "Fn", "--event", "none", "--compare").ended(ExitStatus.EVENT)
    assert "--compare: no answer is kept beside events/none.json." in none.stderr


@pytest.mark.docker
def test_the_answer_of_a_function_that_streams_is_kept_as_it_was_shown(project: MakeProject) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first\\n"); stream.end("last");
});"""
    made = project(node(source))
    made.invoke("Fn", event={}).succeeded()
    made.run("event", "save", "streams").succeeded()
    assert (made.folder / "events/streams.answer").read_bytes() == b"first\nlast"


def test_what_is_remembered_is_its_owners_alone_and_so_are_new_files(project: MakeProject) -> None:
    made = project(python(ECHO))
    previous = os.umask(0)
    try:
        remembered(made, event=b'{"headers":{"Cookie":"a"}}')
        outcome = made.run("event", "save", "first").succeeded()
    finally:
        os.umask(previous)
    (record,) = made.cache.glob("last-events/*/*.json")
    assert [mode(record), mode(record.parent), mode(record.parent.parent)] == [0o600, 0o700, 0o700]
    assert [mode(made.folder / f"events/first.{kind}") for kind in ("json", "answer")] == [0o600, 0o600]
    assert "it holds headers.Cookie: take out what is secret before you commit it." in outcome.stderr


def test_an_event_is_replaced_only_if_that_is_said_and_keeps_its_mode(project: MakeProject) -> None:
    made = project({**python(ECHO), "events/first.json": "{}", "events/first.answer": "old"})
    (made.folder / "events/first.json").chmod(0o644)
    remembered(made)
    taken = made.run("event", "save", "first").ended(ExitStatus.EVENT)
    assert "events/first.json is there already." in taken.stderr
    assert (made.folder / "events/first.json").read_text() == "{}"
    made.run("event", "save", "first", "--replace", "--no-answer").succeeded()
    assert json.loads((made.folder / "events/first.json").read_bytes()) == {"id": 1}
    assert mode(made.folder / "events/first.json") == 0o644
    # It would be the answer to another event.
    assert not (made.folder / "events/first.answer").exists()


def test_a_number_is_kept_with_all_of_its_digits(project: MakeProject) -> None:
    made = project(python(ECHO))
    remembered(made, event=b'{"a": 1.10, "b": 123456789012345678901234567890, "c": 1e999}')
    made.run("event", "save", "digits").succeeded()
    text = (made.folder / "events/digits.json").read_text()
    assert text == '{\n  "a": 1.10,\n  "b": 123456789012345678901234567890,\n  "c": 1e999\n}\n'


def test_the_function_that_ran_last_is_meant_unless_one_is_named_by_any_of_its_names(project: MakeProject) -> None:
    made = project({"template.json": template(Fn=function(FunctionName="named"), Other=function())})
    remembered(made, "named", at=3.0, event=b'"by name"')
    remembered(made, "Fn", at=2.0, event=b'"by id"')
    remembered(made, "Other", at=4.0, event=b'"other"')

    def saved(name: str, *args: str) -> Any:
        made.run("event", "save", name, *args).succeeded()
        return json.loads((made.folder / f"events/{name}.json").read_bytes())

    assert saved("last") == "other"
    assert saved("fn", "Fn") == saved("named", "named") == "by name"
    assert "did you mean Other?" in made.run("event", "save", "x", "Othr").ended(ExitStatus.FUNCTION_NOT_FOUND).stderr


def test_with_an_environment_only_what_ran_in_it_counts(project: MakeProject) -> None:
    made = project({**python(ECHO), "samconfig.toml": '[dev.deploy.parameters]\nstack_name = "s"\n'})
    remembered(made, at=5.0)
    remembered(made, at=4.0, environment="dev", event=b'"dev"')
    made.run("event", "save", "in-dev", "-e", "dev").succeeded()
    assert (made.folder / "events/in-dev.json").read_text() == '"dev"\n'
    none = made.run("event", "save", "x", "-e", "local").ended(ExitStatus.EVENT)
    assert "No event of this template's functions is remembered in local." in none.stderr


def test_nothing_is_remembered_where_the_user_does_not_want_it(project: MakeProject) -> None:
    made = project(python(ECHO), SAMLOCAL_LAST_EVENTS="off")
    remembered(made)
    assert not list(made.cache.glob("last-events/*/*"))
    assert "SAMLOCAL_LAST_EVENTS is off" in made.run("event", "save", "x").ended(ExitStatus.EVENT).stderr


def test_what_is_a_month_old_is_forgotten(project: MakeProject) -> None:
    made = project(python(ECHO))
    remembered(made, "Old")
    (old,) = made.cache.glob("last-events/*/*.json")
    os.utime(old, (1.0, 1.0))
    remembered(made, "New")
    assert old.exists(), "it is looked for once a day"
    os.utime(made.cache / "last-events/looked", (1.0, 1.0))
    remembered(made, "New")
    assert not old.exists()
    assert len(list(made.cache.glob("last-events/*/*.json"))) == 1


def test_an_events_name_is_that_of_a_file(project: MakeProject) -> None:
    made = project(python(ECHO))
    remembered(made)
    made.run("event", "save", "--", "../up").ended(ExitStatus.USAGE)
    assert not (made.folder / "events").exists()
    refused = ["../up", "a/b", ".hidden", "", "x" * 101, "-", "a b"]
    assert [name for name in refused if is_name(name)] == []
    taken = ["a", "x" * 100, "_a.b-c", "2026"]
    assert [name for name in taken if is_name(name)] == taken


def test_a_saved_event_is_run_by_its_name_and_a_file_of_that_name_wins(project: MakeProject) -> None:
    made = project(
        {
            **python(ECHO),
            "samconfig.toml": "version = 0.1\n",
            "events/first.json": '{"id": }',
            "events/second.json": "{}",
            "second": '{"id": 1, }',
        }
    )
    # The place of what is wrong says which one was read.
    first = made.run("invoke", "Fn", "--event", "first").ended(ExitStatus.EVENT)
    assert "events/first.json:1:8: the event is not JSON" in first.stderr
    second = made.run("invoke", "Fn", "--event", "second").ended(ExitStatus.EVENT)
    assert "second:1:11: the event is not JSON" in second.stderr
    watched = made.run("watch", "Fn", "--event", "first").ended(ExitStatus.EVENT)
    assert "events/first.json:1:8" in watched.stderr
    unknown = made.run("invoke", "Fn", "--event", "frist").ended(ExitStatus.EVENT)
    assert "no event is saved by that name; did you mean first?" in unknown.stderr
    assert "Saved are first, second." in unknown.stderr
    twice = made.run("invoke", "Fn", "--event", "events/second.json", "--event", "first").ended(ExitStatus.EVENT)
    assert "events/first.json:1:8" in twice.stderr


def test_json_is_no_name_and_a_folder_runs_no_answers(project: MakeProject) -> None:
    files = {"events/null.json": "{", "events/a.json": "{}", "events/a.answer": "no JSON"}
    made = project({**python(ECHO), **files, "events/null.json": "[]"}, **NO_ENGINE)
    made.run("invoke", "Fn", "--event", "null").ended(ExitStatus.DOCKER)
    made.run("invoke", "Fn", "--event", "events").ended(ExitStatus.DOCKER)


def test_saved_events_are_listed_first(project: MakeProject) -> None:
    files = {"events/put.json": "{}", "events/get.json": "{}", "events/get.answer": "1", "events/b c.json": "{}"}
    made = project({**python(ECHO), **files})
    listed = made.run("event", "list").succeeded()
    assert [line.split() for line in listed.stdout.decode().splitlines()[:4]] == [
        ["Saved", "File", "Answer"],
        ["get", "events/get.json", "get.answer"],
        ["put", "events/put.json"],
        [],
    ]
    assert "Saved" not in made.run("event", "list", "sqs").succeeded().stdout.decode()
    saved = made.run("event", "list", "--saved", "--output", "json").succeeded().payload
    assert [(each["name"], each["answer"]) for each in saved] == [("get", "events/get.answer"), ("put", None)]
    assert (
        made.run("event", "list", "--saved", "--output", "json", "-t", "template.json").succeeded().payload == saved
    )
    made.run("event", "list", "--saved", "sqs").ended(ExitStatus.USAGE)


def test_of_a_busy_function_the_last_event_is_written(project: MakeProject) -> None:
    made = project(python(ECHO))
    last_events = LastEvents(settings_of(made))

    async def main() -> None:
        world = World()
        world.plans["Fn"] = plan_of("Fn")
        world.pool = RememberingPool(world.plan, lambda spec: Fake(spec, world), last_events=last_events)
        for number in range(200):
            await world.serve("Fn", str(number))
        await world.pool.close()

    asyncio.run(main())
    newest = last_events.newest()
    assert newest is not None
    assert (newest.event, newest.answer) == (b"199", b"199\n")


def test_a_record_that_is_broken_counts_as_absent(project: MakeProject) -> None:
    made = project(python(ECHO))
    remembered(made)
    (record,) = made.cache.glob("last-events/*/*.json")
    record.write_bytes(encoded({"function": 7}))
    assert "No event of Fn is remembered." in made.run("event", "save", "x", "Fn").ended(ExitStatus.EVENT).stderr


def test_of_two_functions_of_one_name_each_has_its_own_events(project: MakeProject) -> None:
    child = {"Type": "AWS::Serverless::Application", "Properties": {"Location": "child.json"}}
    made = project({"template.json": template(Fn=function(), Child=child), "child.json": template(Fn=function())})
    remembered(made, "Fn", at=2.0, event=b'"of the top"')
    remembered(made, "Child/Fn", at=1.0, event=b'"nested"')
    made.run("event", "save", "nested", "Child/Fn").succeeded()
    made.run("event", "save", "top", "Fn").succeeded()
    assert (made.folder / "events/nested.json").read_text() == '"nested"\n'
    assert (made.folder / "events/top.json").read_text() == '"of the top"\n'
