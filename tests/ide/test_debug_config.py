"""``samlocal debug-config``: the files that make an editor start and debug functions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from kit import Project, function, template

from samlocal.errors import ExitStatus
from samlocal.ide.target import COMMANDS
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.debug.wiring import Debugging


def files(**more: Any) -> dict[str, Any]:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "shared/"}}
    built = layer | {"Metadata": {"BuildMethod": "python3.11"}, "Properties": {"ContentUri": "packages/"}}
    resources = {
        "Py": function("python3.12", CodeUri="py/", Layers=[{"Ref": "Shared"}, {"Ref": "Built"}]),
        "Js": function("nodejs22.x", CodeUri="js/"),
        "Jv": function("java21", CodeUri="jv/"),
        "Go": function("provided.al2023", CodeUri="go/"),
        "Rb": function("ruby3.4", CodeUri="rb/"),
        "Net": function("dotnet8", CodeUri="net/"),
        "Shared": layer,
        "Built": built,
    }
    return {"template.json": template(**resources), **more}


def written(project: Project, name: str) -> Any:
    return json.loads((project.folder / ".vscode" / name).read_text())


def test_vscode_attaches_to_each_function_by_its_language(project: Callable[..., Project]) -> None:
    made = project(files())
    made.run("debug-config", "--ide", "vscode", "--debugger-path", "tools").succeeded()
    found = {entry["name"]: entry for entry in written(made, "launch.json")["configurations"]}
    kinds = {name.removeprefix("samlocal: "): entry["type"] for name, entry in found.items()}
    assert kinds == {"Py": "debugpy", "Js": "node", "Jv": "java", "Go": "go", "Rb": "rdbg", "Net": "coreclr"}
    here = "${workspaceFolder}"
    assert found["samlocal: Py"]["pathMappings"] == [
        {"localRoot": f"{here}/py", "remoteRoot": "/var/task"},
        {"localRoot": f"{here}/shared", "remoteRoot": "/opt"},
        {"localRoot": f"{here}/packages", "remoteRoot": "/opt/python"},
    ]
    assert (found["samlocal: Js"]["localRoot"], found["samlocal: Js"]["remoteRoot"]) == (f"{here}/js", "/var/task")


def test_before_that_it_starts_the_function_and_waits_for_samlocals_own_line(project: Callable[..., Project]) -> None:
    made = project(files())
    made.run("debug-config", "Py", "--ide", "vscode", "-d", "7777", "--event", "e.json", "--build").succeeded()
    (entry,) = written(made, "launch.json")["configurations"]
    (task,) = written(made, "tasks.json")["tasks"]
    assert entry["preLaunchTask"] == task["label"]
    assert entry["connect"] == {"host": "127.0.0.1", "port": 7777}
    assert [task["command"], *task["args"]] == [
        *("samlocal", "invoke", "Py", "--event", "e.json", "--build", "--debug-port", "7777")
    ]
    ends = task["problemMatcher"]["background"]["endsPattern"]
    for wait in (True, False):
        said: list[str] = []
        debugging = Debugging(
            port=7000, entrance=7777, wait=wait, clients="c", variables={}, listening=re.compile("^listens$")
        )
        DebuggerView(debugging, log=lambda _: None, notice=said.append).line("listens")
        assert re.search(ends, f"samlocal: {said[0]}"), "what is waited for is what is said"


def test_a_command_that_stays_is_attached_to_again_where_the_editor_does_not_do_so_by_itself(
    project: Callable[..., Project],
) -> None:
    # js-debug's `restart` (js-debug, OPTIONS.md); the Debug Adapter Protocol's clients are asked to, by an event.
    made = project(files())
    made.run("debug-config", "Js", "Py", "--ide", "vscode", "--command", "start-lambda").succeeded()
    found = {entry["name"]: entry for entry in written(made, "launch.json")["configurations"]}
    assert found["samlocal start-lambda: Js"]["restart"] is True
    assert "restart" not in found["samlocal start-lambda: Py"]
    tasks = {task["label"]: task for task in written(made, "tasks.json")["tasks"]}
    task = tasks["samlocal start-lambda: Py"]
    assert [task["command"], *task["args"]] == [
        *("samlocal", "start-lambda", "--debug-port", "5678", "--debug-function", "Py")
    ]
    made.run("debug-config", "Js", "--ide", "vscode").succeeded()
    once = {entry["name"]: entry for entry in written(made, "launch.json")["configurations"]}
    assert "restart" not in once["samlocal: Js"], "it would come again for ever where the function runs once"
    assert "samlocal start-lambda: Js" in once


def test_watch_is_given_its_event_and_a_server_gets_its_events_by_http(project: Callable[..., Project]) -> None:
    made = project(files())
    made.run("debug-config", "Py", "--ide", "vscode", "--command", "watch", "--event", "e.json").succeeded()
    (task,) = written(made, "tasks.json")["tasks"]
    assert [task["command"], *task["args"]] == [
        *("samlocal", "watch", "Py", "--event", "e.json", "--debug-port", "5678")
    ]
    refused = made.run("debug-config", "--ide", "vscode", "--command", "start-api", "--event", "{}")
    assert "--event" in refused.ended(ExitStatus.USAGE).stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_what_runs_and_how_goes_on_into_the_command_as_it_was_typed(
    project: Callable[..., Project], command: str
) -> None:
    stage = {"Parameters": {"Stage": {"Type": "String", "Default": "test"}}}
    made = project(
        {"template.json": template(Py=function(CodeUri="py/")) | stage, "v.json": {"Py": {"TABLE": "orders"}}}
    )
    typed = (
        *("--aws-profile", "work", "--region", "eu-west-1", "--parameter-overrides", "Stage='a b'"),
        *("--env-vars", "v.json", "--set", "TABLE=orders", "--set", "EMPTY=", "--no-dotenv", "--strict"),
        *("--no-assume-role", "--no-build", "--engine", "Py=ssh://ada@far", "--docker-network", "shop"),
    )
    given = ("debug-config", "Py", "--ide", "vscode", "--command", command, *typed, "--refresh", "-q")
    made.run(*given, environ={"SAMLOCAL_ADD_HOST": "db:10.0.0.1"}).succeeded()
    (task,) = written(made, "tasks.json")["tasks"]
    assert task["args"][0] == command
    # Whatever their order; what is asked while this is written, and what is read again, is none of it.
    own = {command, "Py", "--debug-port", "5678", "--debug-function"}
    assert sorted(word for word in task["args"] if word not in own) == sorted(typed)
    made.run(*task["args"], "--help").succeeded()


def test_pycharms_java_debugger_attaches_again_by_itself(project: Callable[..., Project]) -> None:
    made = project(files())
    for command, restarts in (("start-api", "true"), ("invoke", "false")):
        made.run("debug-config", "Jv", "--ide", "pycharm", "--command", command).succeeded()
        name = "samlocal-Jv" if command == "invoke" else f"samlocal-{command}-Jv"
        attaching = Xml.parse(made.folder / ".run" / f"{name}-attach.run.xml").getroot()
        option = attaching.find(".//option[@name='AUTO_RESTART']")
        assert option is not None
        assert option.get("value") == restarts


def test_comments_stay_and_a_second_run_changes_nothing(project: Callable[..., Project]) -> None:
    mine = '{\n    // mine\n    "configurations": [\n        { "name": "own", }, // kept\n    ],\n}\n'
    made = project(files(**{".vscode/launch.json": mine}))
    made.run("debug-config", "--ide", "vscode").succeeded()
    path = made.folder / ".vscode" / "launch.json"
    once = path.read_text()
    assert "// mine" in once
    assert '{ "name": "own", }, // kept' in once
    assert "samlocal: Py" in once
    again = made.run("debug-config", "--ide", "vscode").succeeded()
    assert path.read_text() == once
    assert again.stderr.count("nothing to change") == 2


def test_what_needs_a_debugger_of_the_users_is_left_out_and_named(project: Callable[..., Project]) -> None:
    outcome = project(files()).run("debug-config", "--ide", "vscode").succeeded()
    assert "Go is left out" in outcome.stderr
    assert "--debugger-path" in outcome.stderr
    named = project(files()).run("debug-config", "Go", "--ide", "vscode").ended(ExitStatus.CONFIGURATION)
    assert "--debugger-path" in named.stderr


def test_a_broken_launch_file_is_left_as_it_is(project: Callable[..., Project]) -> None:
    made = project(files(**{".vscode/launch.json": '{ "configurations": [ }'}))
    outcome = made.run("debug-config", "--ide", "vscode").ended(ExitStatus.CONFIGURATION)
    assert "launch.json" in outcome.stderr
    assert (made.folder / ".vscode" / "launch.json").read_text() == '{ "configurations": [ }'
    assert not (made.folder / ".vscode" / "tasks.json").exists()


def test_pycharm_gets_a_file_for_each_and_keeps_a_changed_one(project: Callable[..., Project]) -> None:
    made = project(files())
    made.run("debug-config", "--ide", "pycharm", "--debugger-path", "tools").succeeded()
    found = {path.name: Xml.parse(path).getroot() for path in (made.folder / ".run").iterdir()}
    assert {name for name in found if "attach" in name} == {
        f"samlocal-{name}-attach.run.xml" for name in ("Js", "Jv", "Go")
    }
    script = found["samlocal-Py.run.xml"].find(".//option[@name='SCRIPT_TEXT']")
    assert script is not None
    assert script.get("value") == "samlocal invoke Py --debug-port 5678"
    changed = made.folder / ".run" / "samlocal-Py.run.xml"
    changed.write_text("<mine/>")
    made.run("debug-config", "--ide", "pycharm").succeeded()
    assert changed.read_text() == "<mine/>"


def test_neovims_file_is_lua(project: Callable[..., Project]) -> None:
    made = project(files())
    made.run("debug-config", "--ide", "nvim", "--debugger-path", "tools").succeeded()
    path = made.folder / ".nvim" / "samlocal.lua"
    assert 'samlocal = { "samlocal", "invoke", "Py", "--debug-port", "5678" }' in path.read_text()
    luac = shutil.which("luac") or shutil.which("luac5.4")
    if luac is None:
        pytest.skip("luac is not on this machine")
    subprocess.run([luac, "-p", path], check=True)


def test_debug_arguments_that_no_shell_could_read_are_named(project: Callable[..., Project]) -> None:
    made = project(files())
    outcome = made.run("invoke", "Py", "-d", "5678", "--debug-args", "'open").ended(ExitStatus.CONFIGURATION)
    assert "--debug-args" in outcome.stderr
