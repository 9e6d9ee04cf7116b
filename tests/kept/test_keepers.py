"""The process that keeps sandboxes: who finds it, what becomes of it, and what is left of it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kept_kit import COUNTING, keeper, runs, said_to, sockets
from kit import Docker, Project, asleep, eventually, function, python, template

from samlocal.errors import ExitStatus
from samlocal.kept.folder import Folder

pytestmark = pytest.mark.docker

MakeProject = Callable[..., Project]


def listed(project: Project, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.run("kept", "--output", "json", *args).succeeded().payload
    return found


def test_its_time_over_a_sandbox_ends_and_with_the_last_one_the_process(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep", "3s")) == 1
    process = keeper(project)
    assert docker.nothing_left(project)
    eventually(lambda: not sockets(project))
    eventually(lambda: not os.path.exists(f"/proc/{process}"))  # noqa: PTH110
    assert list(project.cache.glob("kept/*/*.log")) == []
    assert list(project.sessions.iterdir()) == []


def test_other_keys_of_the_callers_end_what_was_kept_under_those_of_before(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep", environ={"AWS_SESSION_TOKEN": "one", "COLUMNS": "80"})) == 1
    # What tells one terminal from another tells nothing of the caller.
    assert runs(project.invoke("Fn", "--keep", environ={"AWS_SESSION_TOKEN": "one", "COLUMNS": "90"})) == 2
    first = keeper(project)
    other = project.invoke("Fn", "--keep", environ={"AWS_SESSION_TOKEN": "two"})
    assert runs(other) == 1
    assert "samlocal: changed since its last event: AWS_SESSION_TOKEN; it starts anew." in other.lines
    eventually(lambda: not os.path.exists(f"/proc/{first}"))  # noqa: PTH110
    assert len(listed(project)) == 1


@pytest.mark.parametrize("args", [(), ("--stop",), ("--all",)])
def test_a_process_that_cannot_be_asked_is_an_error_and_not_nothing(
    keeping: MakeProject, args: tuple[str, ...]
) -> None:
    project = keeping(python(COUNTING))
    assert "samlocal: nothing is kept." in project.run("kept", *args).succeeded().lines
    assert runs(project.invoke("Fn", "--keep", "1s")) == 1
    eventually(lambda: not sockets(project))
    (folder,) = project.cache.glob("kept/*")
    with Folder(folder).listen("keeper-00000000.sock") as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"\0\0\0\4none")
                connection.recv(1 << 16)

        with ThreadPoolExecutor() as threads:
            threads.submit(answer)
            outcome = project.run("kept", *args).ended(ExitStatus.KEPT)
    Folder(folder).remove("keeper-00000000.sock")
    assert any("cannot be asked" in line for line in outcome.lines)
    assert "samlocal: nothing is kept." not in outcome.lines


def test_of_one_function_the_four_ways_that_it_ran_last_are_kept(keeping: MakeProject, docker: Docker) -> None:
    code = {"CodeUri": "code/", "Environment": {"Variables": {"GIVEN": ""}}}
    files = template(Fn=function("python3.11", **code), Other=function("python3.11", **code))
    project = keeping({"template.json": files, "code/app.py": COUNTING})
    assert runs(project.invoke("Other", "--keep")) == 1
    for number in (1, 2, 3, 4, 1, 5, 6):
        project.invoke("Fn", "--keep", "--set", f"GIVEN={number}").succeeded()
    eventually(lambda: len(docker.containers(project)) == 5)
    # Neither other functions nor what ran in between go for it.
    assert runs(project.invoke("Other", "--keep")) == 2
    assert runs(project.invoke("Fn", "--keep", "--set", "GIVEN=1")) == 3
    assert runs(project.invoke("Fn", "--keep", "--set", "GIVEN=2")) == 1


def test_a_keeper_that_is_killed_during_an_event_is_told_and_leaves_nothing(
    keeping: MakeProject, docker: Docker
) -> None:
    project = keeping(python(COUNTING))
    with project.start("invoke", "Fn", "--keep", "--event", '{"sleep": 30}') as running:
        running.has_logged("asleep")
        before = docker.containers(project)
        os.kill(keeper(project), signal.SIGKILL)
        told = running.outcome().ended(ExitStatus.KEPT)
    assert told.stdout == b""
    assert told.lines[-2:] == [
        "Error: The process that runs the function (keeper) has ended in the middle of the event.",
        "What the function has done by then is done; run it again for an answer.",
    ]
    after = project.invoke("Fn", "--keep")
    assert runs(after) == 1
    eventually(lambda: not set(before) & set(docker.containers(project)))
    assert len(sockets(project)) == 1


def test_ctrl_c_during_a_build_ends_its_tools(keeping: MakeProject) -> None:
    described = function(CodeUri=".")
    described["Metadata"] = {"BuildMethod": "makefile"}
    # A length that no other test sleeps.
    project = keeping({"template.json": template(Fn=described), "Makefile": "build-Fn:\n\tsleep 6173\n"})
    with project.start("invoke", "Fn", "--keep", "--build") as running:
        eventually(lambda: asleep("6173"), told=running.stderr)
        running.signalled(signal.SIGINT).outcome().ended(ExitStatus.INTERRUPTED)
    eventually(lambda: not asleep("6173"))


def test_an_emptied_cache_ends_what_nobody_finds_any_more(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep")) == 1
    process = keeper(project)
    shutil.rmtree(project.cache)
    assert docker.nothing_left(project)
    eventually(lambda: not os.path.exists(f"/proc/{process}"))  # noqa: PTH110
    assert runs(project.invoke("Fn", "--keep")) == 1


def test_another_samlocal_is_not_served_and_ends_the_keeper(keeping: MakeProject, docker: Docker) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep")) == 1
    assert said_to(project, {"samlocal": "another", "more": 1}, {"type": "Unheard"}) == [
        {"type": "Refused", "reason": "version", "differing": [], "let_go": []}
    ]
    assert docker.nothing_left(project)
    eventually(lambda: not sockets(project))
    assert runs(project.invoke("Fn", "--keep")) == 1


def test_a_socket_at_which_nobody_listens_is_in_nobodys_way(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    assert runs(project.invoke("Fn", "--keep")) == 1
    process = keeper(project)
    os.kill(process, signal.SIGKILL)
    eventually(lambda: not os.path.exists(f"/proc/{process}/fd"))  # noqa: PTH110
    assert len(sockets(project)) == 1
    assert project.run("kept").succeeded().lines == ["samlocal: nothing is kept."]
    assert runs(project.invoke("Fn", "--keep")) == 1
    assert len(sockets(project)) == 1


def test_where_nothing_can_be_kept_it_runs_all_the_same(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    (project.cache / "kept").write_text("no folder")
    outcome = project.invoke("Fn", "--keep")
    assert runs(outcome) == 1
    assert any(
        line.startswith(f"samlocal: Nothing can be kept: the folder {project.cache}/kept/")
        and line.endswith("The function runs in a sandbox of its own.")
        for line in outcome.lines
    ), outcome
    (project.cache / "kept").unlink()


def test_a_process_that_does_not_come_up_is_told_with_its_last_words(keeping: MakeProject, tmp_path: Any) -> None:
    project = keeping(python(COUNTING))
    (tmp_path / "broken").mkdir()
    # The keeper's own first import.
    broken = "import sys\nif 'process.py' in ' '.join(sys.orig_argv): raise SystemExit('no room to start in')\n"
    (tmp_path / "broken" / "sitecustomize.py").write_text(broken)
    outcome = project.invoke("Fn", "--keep", environ={"PYTHONPATH": str(tmp_path / "broken")})
    assert runs(outcome) == 1
    assert "did not come up" in outcome.stderr


def test_a_long_path_is_no_hindrance(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    long = project.cache / ("long" * 40)
    environ = {"SAMLOCAL_CACHE_DIR": str(long)}
    try:
        assert [runs(project.invoke("Fn", "--keep", environ=environ)) for _ in range(2)] == [1, 2]
    finally:
        project.run("kept", "--stop", environ=environ).succeeded()


def test_the_way_to_a_kept_sandbox_loads_nothing_heavy(keeping: MakeProject) -> None:
    project = keeping(python(COUNTING))
    project.invoke("Fn", "--keep").succeeded()
    outcome = project.invoke("Fn", "--keep", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    imported = {line.rpartition("|")[2].strip() for line in outcome.lines if line.startswith("import time:")}
    assert "samlocal.kept.client" in imported
    roots = {name.partition(".")[0] for name in imported}
    heavy = {"asyncio", "boto3", "botocore", "docker", "requests", "rich", "samtranslator", "subprocess", "yaml"}
    assert not roots & heavy
    assert not imported & {"samlocal.sandbox.sandbox", "samlocal.pool.pool", "samlocal.template.reader"}

    alone = project.invoke("Fn", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    loaded = {line.rpartition("|")[2].strip() for line in alone.lines if line.startswith("import time:")}
    assert {name for name in loaded if name.startswith("samlocal.kept")} <= {"samlocal.kept", "samlocal.kept.folder"}
    # A function that is known needs no template, and the engine's socket no key of the environment.
    assert not {name.partition(".")[0] for name in loaded} & {"difflib", "filecmp", "netrc", "samtranslator", "yaml"}
