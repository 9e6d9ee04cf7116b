"""The standard streams in every state that a shell hands them over in."""

from __future__ import annotations

import io
import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from kit import Docker, Project, node, python

from samlocal.cli.streams import Streams
from samlocal.cli.world import World
from samlocal.errors import ExitStatus

ECHO = python("def handler(event, context):\n    print('seen')\n    return event\n")


@pytest.mark.docker
@pytest.mark.parametrize("state", ["2>/dev/full", "2>&-", "2> >(true)", "<&- 2>&-"])
def test_a_payload_comes_whole_whatever_became_of_standard_error(project: Callable[..., Project], state: str) -> None:
    outcome = project(ECHO).shell(f"samlocal invoke Fn --event '{{\"id\": 7}}' {state}").succeeded()
    assert outcome.payload == {"id": 7}


@pytest.mark.docker
def test_a_failing_function_keeps_its_status_without_standard_error(project: Callable[..., Project]) -> None:
    failing = project(python("def handler(event, context):\n    raise KeyError('id')\n"))
    outcome = failing.shell("samlocal invoke Fn 2>&-").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["errorType"] == "KeyError"


@pytest.mark.parametrize("command", ["list", "list --output json", "env Fn", "--help", "list --help", "--version"])
@pytest.mark.parametrize("state", [">/dev/full", ">&-"])
def test_standard_output_that_takes_nothing_is_said_once(
    project: Callable[..., Project], command: str, state: str
) -> None:
    outcome = project(ECHO).shell(f"samlocal {command} {state}").ended(ExitStatus.OUTPUT)
    assert outcome.stderr.count("Standard output cannot be written") == 1
    assert len(outcome.lines) == 2


def test_both_streams_may_be_full(project: Callable[..., Project]) -> None:
    project(ECHO).shell("samlocal list >/dev/full 2>/dev/full").ended(ExitStatus.OUTPUT)


@pytest.mark.parametrize("state", ["2>/dev/full", "2>&-", "2> >(true)"])
def test_an_error_that_nobody_reads_keeps_its_status(project: Callable[..., Project], state: str) -> None:
    project({}).shell(f"samlocal list {state}").ended(ExitStatus.TEMPLATE)
    project({}).shell(f"samlocal liszt {state}").ended(ExitStatus.USAGE)


@pytest.mark.parametrize("command", ["list", "list --help"])
def test_a_reader_that_has_gone_ends_the_run_as_sigpipe_does_and_quietly(
    project: Callable[..., Project], command: str
) -> None:
    # The reader is gone before samlocal writes: its end is what wakes the writer up.
    script = f"coproc true; gone=$COPROC_PID; exec 5>&${{COPROC[1]}}; wait $gone; samlocal {command} >&5"
    outcome = project(ECHO).shell(script).ended(ExitStatus.READER_GONE)
    assert outcome.stderr == ""


@pytest.mark.parametrize(("given", "says"), [("<&-", "Bad file descriptor"), ("</proc/self/mem", "Input/output")])
def test_an_event_that_standard_input_does_not_give(project: Callable[..., Project], given: str, says: str) -> None:
    outcome = project(ECHO).shell(f"samlocal invoke Fn --event - {given}").ended(ExitStatus.EVENT)
    assert says in outcome.stderr


def test_a_file_never_gets_the_number_of_a_closed_stream(project: Callable[..., Project]) -> None:
    made = project(ECHO)
    made.shell("samlocal list <&- >out 2>&-; samlocal env nope <&- 2>&- >/dev/null")
    assert json.loads((made.folder / "template.json").read_text())["Resources"]
    assert b"Fn" in (made.folder / "out").read_bytes()


def test_a_working_folder_that_was_removed_is_said(project: Callable[..., Project]) -> None:
    outcome = project({}).shell("mkdir gone; cd gone; rmdir ../gone; samlocal list").ended(ExitStatus.CONFIGURATION)
    assert "working folder" in outcome.stderr
    assert len(outcome.lines) == 2


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=str,
)
def test_a_locale_without_a_letter_stops_nothing(project: Callable[..., Project], environ: dict[str, str]) -> None:
    files = python("", Environment={"Variables": {"CITY": "Zürich…"}})
    made = project({**files, ".env": "STREET=Bäckerstraße\n"})
    assert "Zürich…" in made.run("env", "Fn", environ=environ).succeeded().stdout.decode()
    assert made.run("env", "Fn", "--output", "json", environ=environ).succeeded().payload
    # The help has an ellipsis.
    made.run("invoke", "--help", environ=environ).succeeded()
    made.run("env", "Fü", environ=environ).ended(ExitStatus.FUNCTION_NOT_FOUND)


def test_a_folder_may_be_called_by_any_bytes(project: Callable[..., Project]) -> None:
    made = project(ECHO)
    script = "mkdir $'\\xff\\e[2J' && cp -r template.json code $'\\xff\\e[2J' && cd $'\\xff\\e[2J' && {}"
    made.shell(script.format("samlocal list")).succeeded()
    outcome = (
        project({}).shell("mkdir $'\\xff\\e[2J' && cd $'\\xff\\e[2J' && samlocal list").ended(ExitStatus.TEMPLATE)
    )
    assert "\\xff\\u001b[2J" in outcome.stderr


LARGE = python("def handler(event, context):\n    print('answers', flush=True)\n    return 'x' * 3_000_000\n")
STREAM = node(
    "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
    "  console.log('answers');\n"
    "  for (let part = 0; part < 100; part++) stream.write('x'.repeat(100000));\n"
    "  stream.end();\n"
    "});\n",
    FunctionUrlConfig={"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"},
)


@pytest.mark.docker
@pytest.mark.parametrize("files", [LARGE, STREAM], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, ExitStatus.INTERRUPTED), (signal.SIGTERM, ExitStatus.TERMINATED)]
)
def test_one_signal_ends_a_run_whose_payload_nobody_reads(
    number: signal.Signals, status: int, files: dict[str, Any], project: Callable[..., Project], docker: Docker
) -> None:
    made = project(files)
    with made.start("invoke", "Fn") as running:
        running.has_logged("answers")
        # Until far more has been written than any pipe takes.
        time.sleep(1)
        assert running.process.poll() is None
        running.signalled(number)
        assert running.process.wait(60) == status
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_a_signal_ends_a_run_whose_log_nobody_reads(project: Callable[..., Project], docker: Docker) -> None:
    made = project(python("def handler(event, context):\n    while True:\n        print('x' * 10_000)\n", Timeout=60))
    with made.start("invoke", "Fn", merged=True) as running:
        assert running.read()
        time.sleep(2)
        running.signalled(signal.SIGTERM)
        # A second for those who read slowly, and what the engine takes for the container.
        assert running.process.wait(60) == ExitStatus.TERMINATED
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_a_reader_who_takes_long_gets_the_log_of_a_run_that_has_ended_whole(project: Callable[..., Project]) -> None:
    lines = 3000
    source = (
        f"def handler(event, context):\n    for number in range({lines}):\n        print('line', number, 'x' * 50)\n"
    )
    with project(python(source, Timeout=30)).start("invoke", "Fn", merged=True) as running:
        read = [running.read()]
        # Longer than the end of a container's output is waited for.
        time.sleep(7)
        while piece := running.read():
            read.append(piece)
    written = b"".join(read).decode().splitlines()
    assert [line for line in written if line.startswith("line ")] == [
        f"line {number} {'x' * 50}" for number in range(lines)
    ]
    assert any(line.startswith("REPORT RequestId: ") for line in written)


def test_a_command_goes_by_the_variables_that_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.StringIO())
    monkeypatch.delenv("NO_COLOR", raising=False)
    for world in (World.of_process(streams), World.nowhere(streams)):
        monkeypatch.setenv("NO_COLOR", "1")
        assert "NO_COLOR" not in world.environ
        monkeypatch.delenv("NO_COLOR")
