"""PyCharm and its sisters: .run/ holds one file for each configuration, which is samlocal's own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from samlocal.ide.target import DebugTarget
from samlocal.sandbox.debug.language import Language

_PROJECT = "$PROJECT_DIR$"


def files(targets: Sequence[DebugTarget], workspace: Path) -> dict[Path, str]:
    """A configuration that starts each function, and one that attaches where the IDE has a kind for it.

    Python has none: PyCharm's own debugger is not debugpy. Its "Attach to DAP", or a plugin that speaks the Debug
    Adapter Protocol, is set up by hand.
    """
    return {
        workspace / ".run" / f"{name}.run.xml": _written(configuration)
        for target in targets
        for name, configuration in _configurations(target, workspace)
    }


def _configurations(target: DebugTarget, workspace: Path) -> Iterator[tuple[str, Xml.Element]]:
    yield target.file_name, _start(target)
    attaching = _attach(target, workspace)
    if attaching is not None:
        yield f"{target.file_name}-attach", attaching


def _start(target: DebugTarget) -> Xml.Element:
    configuration = _configuration(target.title, "ShConfigurationType")
    options = {
        "SCRIPT_TEXT": shlex.join(target.command),
        "INDEPENDENT_SCRIPT_PATH": "true",
        "SCRIPT_PATH": "",
        "SCRIPT_OPTIONS": "",
        "INDEPENDENT_SCRIPT_WORKING_DIRECTORY": "true",
        "SCRIPT_WORKING_DIRECTORY": _PROJECT,
        "INDEPENDENT_INTERPRETER_PATH": "true",
        "INTERPRETER_PATH": "/bin/sh",
        "INTERPRETER_OPTIONS": "",
        "EXECUTE_IN_TERMINAL": "true",
        "EXECUTE_SCRIPT_FILE": "false",
    }
    return _with_options(configuration, options)


def _attach(target: DebugTarget, workspace: Path) -> Xml.Element | None:
    title = f"{target.title} (attach)"
    match target.language:
        case Language.JAVA:
            options = {
                "USE_SOCKET_TRANSPORT": "true",
                "SERVER_MODE": "false",
                "SHMEM_ADDRESS": "",
                "HOST": "127.0.0.1",
                "PORT": str(target.port),
                "AUTO_RESTART": "true" if target.stays else "false",
            }
            return _with_options(_configuration(title, "Remote"), options)
        case Language.NODE:
            configuration = _configuration(
                title,
                "ChromiumRemoteDebugType",
                factoryName="Chromium Remote",
                host="127.0.0.1",
                port=str(target.port),
            )
            if target.source is not None:
                attributes = {"url": "file:///var/task", "local-file": _path(target.source.local, workspace)}
                Xml.SubElement(configuration, "mapping", attributes)
            return _with_options(configuration, {})
        case Language.PROGRAM:
            configuration = _configuration(
                title,
                "GoRemoteDebugConfigurationType",
                factoryName="Go Remote",
                host="127.0.0.1",
                port=str(target.port),
            )
            return _with_options(configuration, {"disconnectOption": "LEAVE"})
    return None


def _configuration(name: str, type_: str, **attributes: str) -> Xml.Element:
    return Xml.Element("configuration", {"default": "false", "name": name, "type": type_, **attributes})


def _with_options(configuration: Xml.Element, options: dict[str, str]) -> Xml.Element:
    for name, value in options.items():
        Xml.SubElement(configuration, "option", {"name": name, "value": value})
    Xml.SubElement(configuration, "method", {"v": "2"})
    return configuration


def _written(configuration: Xml.Element) -> str:
    component = Xml.Element("component", {"name": "ProjectRunConfigurationManager"})
    component.append(configuration)
    Xml.indent(component)
    return Xml.tostring(component, encoding="unicode") + "\n"


def _path(path: Path, workspace: Path) -> str:
    return f"{_PROJECT}/{path.relative_to(workspace).as_posix()}" if path.is_relative_to(workspace) else str(path)
