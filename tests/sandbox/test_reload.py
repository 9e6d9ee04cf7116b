"""A sandbox goes on with other code, layers and variables in the container it has."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest
from event_loop import EventLoop
from extension_kit import layer, said, watched
from kit import Docker, Gate, Project, eventually, function, template, write
from sandbox_kit import Open

from samlocal.artifact.live import KIND
from samlocal.sandbox.result import TimedOut

pytestmark = pytest.mark.docker

SOURCE = """
import os, pathlib
version = {version!r}
def handler(event, context):
    found = sorted(os.listdir("/tmp"))
    pathlib.Path("/tmp/written").touch()
    return dict(version=version, tmp=found, variable=os.environ.get("VARIABLE"), opt=sorted(os.listdir("/opt")),
                stream=context.log_stream_name, limit=context.get_remaining_time_in_millis())
"""


def inline(version: int, **properties: Any) -> dict[str, Any]:
    """A template whose code is an entry of the cache: new code is another folder."""
    return template(
        Fn=function(CodeUri=None, InlineCode=SOURCE.format(version=version), Handler="index.handler", **properties)
    )


def save(project: Project, changed: dict[str, Any]) -> None:
    (project.folder / "template.json").write_text(json.dumps(changed))


def seen(sandbox: Open) -> dict[str, Any]:
    answer = json.loads(sandbox.invoke().result.payload)  # type: ignore[union-attr]
    assert isinstance(answer, dict), answer
    return answer


@pytest.fixture
def same(docker: Docker) -> Callable[[Project], Callable[[], bool]]:
    """Whether a project's one container is still the one it was."""

    def of(project: Project) -> Callable[[], bool]:
        (first,) = docker.containers(project)
        return lambda: docker.containers(project) == [first]

    return of


def test_new_code_runs_in_the_container_there_is_and_begins_as_in_a_new_sandbox(
    project: Callable[..., Project],
    opened: Callable[..., Open],
    same: Callable[[Project], Callable[[], bool]],
) -> None:
    own = project({"template.json": inline(1)})
    sandbox = opened(own, live=True)
    first = seen(sandbox)
    is_same = same(own)
    assert first["tmp"] == []
    assert seen(sandbox)["tmp"] == ["written"]
    save(own, inline(2))
    assert sandbox.reload()
    second = sandbox.invoke()
    answer = json.loads(second.result.payload)  # type: ignore[union-attr]
    assert is_same()
    assert (answer["version"], answer["tmp"]) == (2, [])
    assert answer["stream"] != first["stream"]
    # A cold start again.
    assert second.report.init_duration
    assert sandbox.invoke().report.init_duration is None
    assert len([record for record in sandbox.records if record.type == "platform.initStart"]) == 2
    assert [record.sandbox.instance for record in sandbox.records if record.type == "platform.start"] == [
        *[first["stream"]] * 2,
        *[answer["stream"]] * 2,
    ]


def test_a_folder_of_the_users_own_is_seen_as_it_is_and_one_made_anew_takes_a_new_sandbox(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    own = project({"template.json": template(Fn=function()), "code/app.py": SOURCE.format(version=1)})
    sandbox = opened(own, live=True)
    assert seen(sandbox)["version"] == 1
    is_same = same(own)
    write(own.folder / "code/app.py", SOURCE.format(version=2))
    assert sandbox.reload()
    assert seen(sandbox)["version"] == 2
    shutil.rmtree(own.folder / "code")
    write(own.folder / "code/app.py", SOURCE.format(version=3))
    assert not sandbox.reload()
    assert is_same()
    assert seen(sandbox)["version"] == 2


def test_layers_come_change_and_go_without_a_new_container(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    layers = {f"layer{number}/file{number}": "" for number in range(4)}

    def using(*numbers: int) -> dict[str, Any]:
        own = {f"Layer{number}": layer(f"layer{number}/") for number in numbers}
        names = [{"Ref": name} for name in own]
        return {**inline(1, Layers=names), "Resources": {**inline(1, Layers=names)["Resources"], **own}}

    own = project({"template.json": using(), **layers})
    sandbox = opened(own, live=True)
    assert seen(sandbox)["opt"] == []
    is_same = same(own)
    for numbers in ((0, 1), (2, 3, 0), ()):
        save(own, using(*numbers))
        assert sandbox.reload()
        assert seen(sandbox)["opt"] == [f"file{number}" for number in sorted(numbers)]
    assert is_same()


def test_other_variables_and_another_timeout_hold_at_once(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    own = project({"template.json": inline(1, Timeout=30)})
    sandbox = opened(own, live=True)
    assert seen(sandbox)["variable"] is None
    is_same = same(own)
    for value in ("one", "two\nlines", None):
        variables = {} if value is None else {"VARIABLE": value}
        save(own, inline(1, Timeout=5, Environment={"Variables": variables}))
        assert sandbox.reload()
        answer = seen(sandbox)
        assert answer["variable"] == value
        assert answer["limit"] <= 5000
    assert is_same()


@pytest.mark.parametrize(
    "changed",
    [
        {"MemorySize": 512},
        {"EphemeralStorage": {"Size": 600}},
        {"FunctionName": "another"},
        {"Environment": {"Variables": {"PATH": "/bin", "SECONDS": "5"}}},
    ],
)
def test_what_a_container_cannot_change_takes_a_new_sandbox_and_leaves_this_one(
    project: Callable[..., Project], opened: Callable[..., Open], changed: dict[str, Any]
) -> None:
    own = project({"template.json": inline(1)})
    sandbox = opened(own, live=True)
    seen(sandbox)
    save(own, inline(2, **changed))
    assert not sandbox.reload()
    answer = seen(sandbox)
    assert (answer["version"], answer["tmp"]) == (1, ["written"])


def test_a_sandbox_without_folders_of_its_own_is_not_reloaded(
    project: Callable[..., Project], opened: Callable[..., Open]
) -> None:
    own = project({"template.json": inline(1)})
    sandbox = opened(own)
    save(own, inline(2))
    assert not sandbox.reload()
    assert seen(sandbox)["version"] == 1


def test_a_sandbox_is_not_reloaded_during_an_event(
    project: Callable[..., Project], opened: Callable[..., Open], docker: Docker
) -> None:
    source = (
        "import socket\ndef handler(event, context):\n    socket.create_connection(event).recv(1)\n    return 1\n"
    )
    own = project({"template.json": template(Fn=function()), "code/app.py": source})
    sandbox = opened(own, live=True)
    with Gate(docker) as gate:
        running = sandbox.begin(json.dumps([gate.host, gate.port]).encode())
        gate.awaits()
        with pytest.raises(ValueError, match="between events"):
            sandbox.reload()
        gate.opens()
    assert running.result(60).result.payload == b"1"
    assert sandbox.reload()


def test_a_save_during_the_init_ends_that_init(project: Callable[..., Project], opened: Callable[..., Open]) -> None:
    def code(version: int, seconds: float) -> str:
        return f"import time\nprint('init', {version}, flush=True)\ntime.sleep({seconds})\n" + SOURCE.format(
            version=version
        )

    def save(version: int, seconds: float) -> None:
        write(own.folder / "code/app.py", code(version, seconds))
        began = time.monotonic()
        assert sandbox.reload()
        # An init that is let go on is ended after ten seconds.
        assert time.monotonic() - began < 10

    own = project({"template.json": template(Fn=function()), "code/app.py": code(1, 60)})
    sandbox = opened(own, live=True)
    save(2, 60)
    save(3, 60)
    eventually(lambda: "init 3" in sandbox.lines)
    save(4, 0)
    assert seen(sandbox)["version"] == 4
    # Version 4's alone came to its end, or to the end of its time.
    assert [record.type for record in sandbox.records].count("platform.initReport") == 1


@pytest.mark.parametrize("events", [0, 2])
def test_a_broken_save_fails_as_on_lambda_and_the_good_one_after_it_runs_in_the_same_container(
    project: Callable[..., Project],
    opened: Callable[..., Open],
    same: Callable[[Project], Callable[[], bool]],
    events: int,
) -> None:
    own = project({"template.json": template(Fn=function()), "code/app.py": SOURCE.format(version=1)})
    sandbox = opened(own, live=True)
    seen(sandbox)
    is_same = same(own)
    write(own.folder / "code/app.py", "def handler(:\n")
    assert sandbox.reload()
    for _ in range(events):
        failed = sandbox.invoke().result
        assert b"Runtime.UserCodeSyntaxError" in failed.payload  # type: ignore[union-attr]
    write(own.folder / "code/app.py", SOURCE.format(version=3))
    assert sandbox.reload()
    assert seen(sandbox)["version"] == 3
    assert is_same()


def test_a_failed_init_is_run_again_inside_the_event_in_the_same_container(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    source = "print('begun')\nraise ValueError('no database')\n"
    own = project({"template.json": template(Fn=function()), "code/app.py": source})
    sandbox = opened(own, live=True)
    is_same = same(own)
    invocation = sandbox.invoke()
    assert b"no database" in invocation.result.payload  # type: ignore[union-attr]
    assert is_same()
    # Lambda developer guide, "Lambda execution environment lifecycle": the init is retried with the invocation.
    phases = [record.fields["phase"] for record in sandbox.records if record.type == "platform.initStart"]  # type: ignore[index]
    assert phases == ["init", "invoke"]
    assert sandbox.lines.count("begun") == 2
    assert sandbox.lines[-1].startswith("REPORT ")


def test_what_an_event_that_timed_out_has_left_running_is_ended_with_it(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    source = (
        "import os, pathlib, subprocess, time\n"
        "def handler(event, context):\n"
        "    if event:\n"
        "        subprocess.Popen(['sleep', '77'], start_new_session=True)\n"
        "        pathlib.Path('/tmp/written').touch()\n"
        "        time.sleep(30)\n"
        "    processes = [each.read_bytes() for each in pathlib.Path('/proc').glob('[0-9]*/cmdline')]\n"
        "    return [any(b'sleep' in each for each in processes), os.listdir('/tmp')]\n"
    )
    own = project({"template.json": template(Fn=function(Timeout=3)), "code/app.py": source})
    sandbox = opened(own, live=True)
    assert sandbox.invoke().result.payload == b"[false, []]"
    is_same = same(own)
    assert isinstance(sandbox.invoke(b"[1]").result, TimedOut)
    assert sandbox.invoke().result.payload == b"[false, []]"
    assert is_same()


def test_the_next_start_after_a_crash_has_what_was_reloaded(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    crash = SOURCE.replace("found =", "event and os._exit(3)\n    found =")
    own = project({"template.json": template(Fn=function(CodeUri=None, InlineCode="", Handler="index.handler"))})

    def code(version: int) -> None:
        properties = {"CodeUri": None, "InlineCode": crash.format(version=version), "Handler": "index.handler"}
        save(own, template(Fn=function(**properties)))

    code(1)
    sandbox = opened(own, live=True)
    seen(sandbox)
    code(2)
    assert sandbox.reload()
    is_same = same(own)
    # Its end is told by the shell, whose container goes on.
    assert b"exit status 3" in sandbox.invoke(b"[1]").result.payload  # type: ignore[union-attr]
    assert seen(sandbox)["version"] == 2
    code(3)
    assert sandbox.reload()
    assert seen(sandbox)["version"] == 3
    assert is_same()


def test_extensions_are_told_of_the_end_and_start_anew(
    project: Callable[..., Project], opened: Callable[..., Open], same: Callable[[Project], Callable[[], bool]]
) -> None:
    files = watched(SOURCE.format(version=1), Timeout=20)
    own = project(files)
    sandbox = opened(own, live=True)
    assert seen(sandbox)["opt"] == ["extensions"]
    is_same = same(own)
    write(own.folder / "code/app.py", SOURCE.format(version=2))
    assert sandbox.reload()
    assert seen(sandbox)["version"] == 2
    assert is_same()
    # A line of an extension may come a moment after the answer.
    eventually(lambda: len(said(sandbox.lines, "watcher", "event")) == 3)
    events = [each["event"] for each in said(sandbox.lines, "watcher", "event")]
    assert [event["eventType"] for event in events] == ["INVOKE", "SHUTDOWN", "INVOKE"]
    assert events[1]["shutdownReason"] == "spindown"
    assert len(said(sandbox.lines, "watcher", "registered")) == 2


def test_nothing_is_left_of_a_sandbox_that_was_reloaded(
    project: Callable[..., Project], opened: Callable[..., Open], loop: EventLoop, docker: Docker
) -> None:
    own = project({"template.json": inline(1)})
    sandbox = opened(own, live=True)
    save(own, inline(2))
    assert sandbox.reload()
    assert len(list((own.cache / KIND).iterdir())) == 2
    loop.run(sandbox.sandbox.close())
    assert list((own.cache / KIND).iterdir()) == []
    assert docker.nothing_left(own)
