"""VS Code: .vscode/launch.json attaches, and before that .vscode/tasks.json starts the function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from samlocal.ide.jsonc import with_entries
from samlocal.ide.target import RELOADS, WAITS, DebugTarget, Mapping
from samlocal.sandbox.debug.language import Language
from samlocal.sandbox.debug.wiring import DEBUG_LABEL

_NEW_LAUNCH = '{\n    "version": "0.2.0",\n    "configurations": []\n}\n'
_NEW_TASKS = '{\n    "version": "2.0.0",\n    "tasks": []\n}\n'

_HERE = "${workspaceFolder}"

_TYPES = {
    Language.PYTHON: "debugpy",
    Language.NODE: "node",
    Language.JAVA: "java",
    Language.PROGRAM: "go",
    Language.RUBY: "rdbg",
    Language.DOTNET: "coreclr",
}


def files(targets: Sequence[DebugTarget], workspace: Path, *, replace: bool) -> dict[Path, str]:
    """The two files as they are to be. Raises ConfigurationError where one of them cannot be read."""
    launch, tasks = workspace / ".vscode" / "launch.json", workspace / ".vscode" / "tasks.json"
    return {
        launch: with_entries(
            _text(launch, _NEW_LAUNCH),
            "configurations",
            [attach(target, workspace) for target in targets],
            named_by="name",
            replace=replace,
            path=launch,
        ),
        tasks: with_entries(
            _text(tasks, _NEW_TASKS),
            "tasks",
            [_task(target) for target in targets],
            named_by="label",
            replace=replace,
            path=tasks,
        ),
    }


def attach(target: DebugTarget, workspace: Path) -> dict[str, object]:
    """An entry of launch.json, by the attributes that each language's extension documents."""
    common: dict[str, object] = {
        "name": target.title,
        "type": _TYPES[target.language],
        "request": "attach",
        "preLaunchTask": target.title,
    }
    source = target.source
    local = _path(source.local, workspace) if source else _HERE
    address = f"127.0.0.1:{target.port}"
    match target.language:
        case Language.PYTHON:
            return common | {
                "connect": {"host": "127.0.0.1", "port": target.port},
                "pathMappings": [_mapping(mapping, workspace) for mapping in target.mappings],
            }
        case Language.NODE:
            return common | {
                "address": "127.0.0.1",
                "port": target.port,
                "localRoot": local,
                "remoteRoot": "/var/task",
                # A bundle's map names the sources by their paths here.
                "resolveSourceMapLocations": None,
                "skipFiles": ["<node_internals>/**", "/var/runtime/**"],
                # The Debug Adapter Protocol's others are asked to attach again, this one comes by itself.
                **({"restart": True} if target.stays else {}),
            }
        case Language.JAVA:
            return common | {
                "hostName": "127.0.0.1",
                "port": target.port,
                "sourcePaths": [local],
            }
        case Language.PROGRAM:
            # The program knows its sources by their paths on the machine that built it, which is this one.
            return common | {"mode": "remote", "host": "127.0.0.1", "port": target.port}
        case Language.RUBY:
            return common | {"debugPort": address, "localfsMap": f"/var/task:{local}"}
        case Language.DOTNET:
            pipe = f"docker exec -i $(docker ps -q -f label={DEBUG_LABEL}={target.port}) ${{debuggerCommand}}"
            return common | {
                "processName": "dotnet",
                "pipeTransport": {
                    "pipeProgram": "sh",
                    "pipeArgs": ["-c", pipe],
                    "debuggerPath": "/.samlocal/debugger/vsdbg",
                    "pipeCwd": _HERE,
                },
                "sourceFileMap": {"/var/task": local},
            }


def _task(target: DebugTarget) -> dict[str, object]:
    """Starts the function in the background; VS Code attaches when samlocal says that it waits."""
    program, *arguments = target.command
    return {
        "label": target.title,
        "type": "process",
        "command": program,
        "args": arguments,
        "isBackground": True,
        "presentation": {"reveal": "always", "panel": "dedicated", "clear": True},
        "problemMatcher": {
            "owner": "samlocal",
            "fileLocation": ["autoDetect", _HERE],
            "pattern": {"regexp": r"^Error: (.+?):(\d+): (.*)$", "file": 1, "line": 2, "message": 3},
            "background": {
                "activeOnStart": True,
                "beginsPattern": RELOADS if target.stays else "^START RequestId: ",
                "endsPattern": WAITS if target.stays else f"{WAITS}|^END RequestId: ",
            },
        },
    }


def _mapping(mapping: Mapping, workspace: Path) -> dict[str, str]:
    return {"localRoot": _path(mapping.local, workspace), "remoteRoot": mapping.remote}


def _path(path: Path, workspace: Path) -> str:
    if path == workspace:
        return _HERE
    return f"{_HERE}/{path.relative_to(workspace).as_posix()}" if path.is_relative_to(workspace) else str(path)


def _text(path: Path, new: str) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read() or new
    except FileNotFoundError:
        return new
