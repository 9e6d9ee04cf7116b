"""What each runtime's debugger needs, where there is no image here to try it in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, function, template

from samlocal.errors import ConfigurationError
from samlocal.function.application import application
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.debug.language import Language, debugging, language_of, language_of_image
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.debug.view import DebuggerView
from samlocal.sandbox.debug.wiring import Debugging
from samlocal.template.reader import read

# Lambda's runtimes of today (Lambda developer guide, "Lambda runtimes").
CURRENT = (
    *("python3.10", "python3.11", "python3.12", "python3.13", "python3.14"),
    *("nodejs20.x", "nodejs22.x", "nodejs24.x"),
    *("java8.al2", "java11", "java17", "java21", "java25"),
    *("ruby3.2", "ruby3.3", "ruby3.4", "dotnet8", "dotnet9", "provided.al2", "provided.al2023"),
)


@pytest.fixture
def wired(project: Callable[..., Project], tmp_path: Path) -> Callable[..., Debugging]:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dlv", "vsdbg"):
        (tools / name).touch()

    def spec(runtime: str, **properties: object) -> FunctionSpec:
        made = project({"template.json": template(Fn=function(runtime, **properties))})
        document = read(made.folder / "template.json")
        return application(document, environment=None, region="eu-west-1", flags={}, configured={}).function("Fn")

    def wire(runtime: str, *, wait: bool = True, network: str = "bridge", **properties: object) -> Debugging:
        options = DebugOptions(port=4000, wait=wait, path=tools)
        return debugging(spec(runtime, **properties), options, language=language_of(runtime), network=network)

    return wire


def words(of: Debugging) -> list[str]:
    """All that the debugger is told, by variables or by arguments."""
    return [word for value in of.variables.values() for word in value.split("\n")]


@pytest.mark.parametrize("runtime", CURRENT)
def test_every_current_runtime_can_be_debugged(runtime: str, wired: Callable[..., Debugging]) -> None:
    assert wired(runtime).port == 4000


def test_an_older_python_than_debugpy_knows_is_refused(wired: Callable[..., Debugging]) -> None:
    with pytest.raises(ConfigurationError, match=r"not python3\.8"):
        wired("python3.8")


def test_up_to_java_8_a_star_is_no_address(wired: Callable[..., Debugging]) -> None:
    def agent(runtime: str, **more: str) -> str:
        return next(word for word in words(wired(runtime, **more)) if "jdwp" in word)

    assert agent("java8.al2").endswith("suspend=y,quiet=n,address=4000")
    assert agent("java11").endswith("address=*:4000")
    assert agent("java8.al2", network="host").endswith("address=127.0.0.1:4000")


def test_java_of_the_first_image_knows_no_wrapper(wired: Callable[..., Debugging]) -> None:
    variables = wired("java8", Environment={"Variables": {"JAVA_TOOL_OPTIONS": "-Dmine=1"}}).variables
    assert set(variables) == {"JAVA_TOOL_OPTIONS"}
    assert variables["JAVA_TOOL_OPTIONS"].startswith("-Dmine=1 -agentlib:jdwp=")


def test_on_the_hosts_network_nothing_listens_off_the_machine(wired: Callable[..., Debugging]) -> None:
    for runtime in ("python3.13", "nodejs22.x", "java21", "ruby3.4", "provided.al2023"):
        assert not [word for word in words(wired(runtime, network="host")) if "0.0.0.0" in word or "*" in word]


def test_ruby_is_told_by_variables(wired: Callable[..., Debugging]) -> None:
    found = wired("ruby3.4", wait=False)
    assert found.variables["RUBYOPT"] == "-rdebug/open"
    assert found.variables["RUBY_DEBUG_PORT"] == "4000"
    assert found.variables["RUBY_DEBUG_NONSTOP"] == "1"


def test_dotnet_waits_by_itself_and_brings_its_debugger(wired: Callable[..., Debugging]) -> None:
    found = wired("dotnet8")
    assert found.variables == {"_AWS_LAMBDA_DOTNET_DEBUGGING": "1"}
    assert "/.samlocal/debugger" in {mount.target for mount in found.mounts}


def test_a_debugger_that_starts_the_program_may_trace_it(wired: Callable[..., Debugging]) -> None:
    found = wired("provided.al2023")
    assert found.capabilities == ("SYS_PTRACE",)
    assert words(found).index("exec") > words(found).index("/.samlocal/debugger/dlv")


@pytest.mark.parametrize(
    ("start", "files", "language"),
    [
        (("/lambda-entrypoint.sh", "app.handler"), {"/var/lang/bin/python3"}, Language.PYTHON),
        (("/lambda-entrypoint.sh", "app.handler"), {"/var/lang/bin/node"}, Language.NODE),
        (("/lambda-entrypoint.sh", "app.handler"), set(), Language.PROGRAM),
        (("/usr/local/bin/python3.12", "-m", "awslambdaric", "app.handler"), set(), Language.PYTHON),
        (("/usr/bin/java", "-jar"), set(), Language.JAVA),
        (("/main",), set(), Language.PROGRAM),
    ],
)
def test_an_images_language_is_its_programs(start: tuple[str, ...], files: set[str], language: Language) -> None:
    assert language_of_image(start, files.__contains__) is language


def test_the_debuggers_own_lines_become_one_sentence_each(wired: Callable[..., Debugging]) -> None:
    log: list[str] = []
    said: list[str] = []
    view = DebuggerView(wired("nodejs22.x"), log=log.append, notice=said.append)
    for line in (
        "before",
        "Debugger listening on ws://0.0.0.0:4000/7e5e3c52-3c3f-4c4e-9e4a-2f8f4f0d9c11",
        "For help, see: https://nodejs.org/en/docs/inspector",
        "Debugger attached.",
        "after",
        "Debugger attached.",
    ):
        view.line(line)
    assert log == ["before", "after", "Debugger attached."]
    assert [text.partition(" at ")[0] for text in said] == ["waiting for the debugger", "the debugger is attached."]
