"""What ``samlocal start-lambda`` says to people and to machines, and how it ends."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import kit
import pytest
from kit import Docker, Gate, Running, eventually

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import json, socket, time
print("loading")
def handler(event, context):
    print("saw", json.dumps(event), flush=True)
    if event.get("raise"):
        raise ValueError("no")
    time.sleep(event.get("sleep", 0))
    if "gate" in event:
        socket.create_connection(event["gate"]).recv(1)
    return event
"""
FILES = {
    "template.json": kit.template(getEvent=kit.function(), putEvent=kit.function()),
    "code/app.py": SOURCE,
}
REGION = {"AWS_REGION": "eu-west-1"}


@contextlib.contextmanager
def served(made: kit.Project, *args: str) -> Iterator[tuple[Running, str]]:
    with made.start("start-lambda", "--port", "0", *args, environ=REGION) as running:
        yield running, url_in(running.has_logged("Lambda is served at").stderr())


def url_in(text: str) -> str:
    found = re.search(r"Lambda is served at (http://[\d.:]+)", text)
    assert found, text
    return found[1]


def call(url: str, function: str, event: object, *, kind: str = "RequestResponse") -> Any:
    """The payload; raises an OSError where the answer is none of a function's."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    with contextlib.closing(connection):
        path = f"/2015-03-31/functions/{function}/invocations"
        connection.request("POST", path, json.dumps(event), {"X-Amz-Invocation-Type": kind})
        with connection.getresponse() as answer:
            body = answer.read()
            if answer.status >= 300:
                raise ConnectionError(f"{answer.status} {body!r}")
            return json.loads(body or b"null")


def records_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().splitlines()]


def test_every_record_for_machines_is_a_line_of_standard_output_and_nothing_else_is(project: MakeProject) -> None:
    made = project(FILES)
    with made.start("start-lambda", "--port", "0", "--output", "json", environ=REGION) as running:
        first = json.loads(running.read())
        url = first["url"]
        assert first["type"] == "serving"
        assert [each["id"] for each in first["functions"]] == ["getEvent", "putEvent"]
        assert first["functions"][0]["arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:getEvent"
        assert (first["environment"], first["region"], first["process"]) == (None, "eu-west-1", running.process.pid)
        assert call(url, "getEvent", {"a": 1}) == {"a": 1}
        call(url, "putEvent", {"raise": 1})
        call(url, "putEvent", {"raise": 2}, kind="Event")
        with pytest.raises(ConnectionError, match="404"):
            call(url, "nope", {})
        # The last of what the calls have brought about.
        seen = running.prints(b'"event.retried"')
        outcome = running.signalled(signal.SIGTERM).outcome().ended(143)
    records = records_of(seen + outcome.stdout)
    for record in records:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", record["time"])
    kinds = [record["type"] for record in records]
    assert kinds[-1] == "ended"
    ended = [record for record in records if record["type"] == "request.ended"]
    assert [(each["function"], each["status"], each["error_type"], each["attempt"]) for each in ended] == [
        ("getEvent", "success", None, None),
        ("putEvent", "error", "ValueError", None),
        ("putEvent", "error", "ValueError", 1),
    ]
    assert ended[0]["billed_duration"] >= ended[0]["duration"] > 0
    assert ended[0]["init_duration"] > 0
    assert ended[0]["memory_size"] == 128
    for each in ended:
        own = [record for record in records if record.get("request_id") == each["request_id"]]
        assert own[0]["type"] == "request.begun"
        text = [record["text"] for record in own if record["type"] == "log"]
        assert text[0].startswith("START RequestId: ")
        assert text[1].startswith("saw ")
        assert text[-1].startswith("REPORT RequestId: ")
    (retried,) = (record for record in records if record["type"] == "event.retried")
    assert (retried["function"], retried["attempt"], retried["seconds"]) == ("putEvent", 2, 60.0)
    (refused,) = (record for record in records if record["type"] == "request.refused")
    assert (refused["status"], refused["error_type"]) == (404, "ResourceNotFoundException")
    assert "saw" not in outcome.stderr


def test_text_is_on_standard_error_alone(project: MakeProject) -> None:
    with served(project(FILES)) as (running, url):
        call(url, "getEvent", {"a": 1})
        running.has_logged('getEvent | saw {"a": 1}')
        outcome = running.signalled(signal.SIGTERM).outcome().ended(143)
    assert outcome.stdout == b""
    lines = outcome.lines
    begins = next(number for number, line in enumerate(lines) if " getEvent success " in line)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d getEvent success +[\d.]+ m?s  init [\d.]+ m?s  \d+ MB  [\da-f]{8}", lines[begins]
    )
    assert lines[begins + 1 : begins + 3] == ["getEvent | loading", 'getEvent | saw {"a": 1}']


def test_the_line_to_paste_calls_the_first_function(project: MakeProject) -> None:
    if shutil.which("aws") is None:
        pytest.skip("the AWS CLI is not on this machine")
    made = project(FILES)
    with served(made) as (running, _):
        lines = running.stderr().splitlines()
        begins = next(number for number, line in enumerate(lines) if line.startswith("  aws "))
        pasted = "\n".join(lines[begins : begins + 2])
        ran = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, check=True, env=pasting(made))
        assert ran.stdout.startswith("{}")
        running.signalled(signal.SIGTERM).outcome()


def pasting(made: kit.Project) -> dict[str, str]:
    """Of somebody who has set up nothing of AWS's."""
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), str(made.folder / "none"))
    own = {**files, "AWS_EC2_METADATA_DISABLED": "true"}
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | own


def test_a_function_that_is_added_to_the_template_is_told_and_served(project: MakeProject) -> None:
    made = project(FILES)
    with served(made) as (running, url):
        call(url, "getEvent", {})
        more = {**FILES["template.json"]["Resources"], "sellTicket": kit.function()}
        kit.write(made.folder / "template.json", kit.template(**more))
        running.has_logged("samlocal: served, too: sellTicket")
        assert call(url, "sellTicket", {"a": 1}) == {"a": 1}
        running.has_logged(" sellTicket success ")
        running.signalled(signal.SIGTERM).outcome().ended(143)


# the end


@contextlib.contextmanager
def calling(url: str, function: str, event: object) -> Iterator[Future[Any]]:
    with ThreadPoolExecutor(1) as callers:
        yield callers.submit(call, url, function, event)


def test_ctrl_c_says_what_it_waits_for_and_leaves_nothing(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)
    with Gate(docker) as gate, served(made) as (running, url):
        event = {"gate": [gate.host, gate.port]}
        with calling(url, "getEvent", event) as answer:
            gate.awaits()
            running.signalled(signal.SIGINT).has_logged("ends when getEvent is done")
            gate.opens()
            assert answer.result(60) == event
        outcome = running.outcome().ended(130)
    assert docker.nothing_left(made)
    assert " getEvent success " in outcome.stderr


@pytest.mark.parametrize(
    "numbers",
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGINT, signal.SIGHUP),
    ],
    ids=lambda numbers: "-".join(each.name for each in numbers),
)
def test_a_second_signal_ends_at_once_and_leaves_nothing(
    project: MakeProject, docker: Docker, numbers: tuple[signal.Signals, signal.Signals]
) -> None:
    made = project(FILES)
    with served(made) as (running, url), calling(url, "getEvent", {"sleep": 50}) as answer:
        running.has_logged('saw {"sleep": 50}')
        running.signalled(numbers[0]).has_logged("ends when getEvent is done")
        outcome = running.signalled(numbers[1]).outcome()
        assert outcome.status in {128 + number for number in numbers}
        with pytest.raises((OSError, http.client.HTTPException)):
            answer.result(60)
    assert "Traceback" not in outcome.stderr
    assert docker.nothing_left(made)


def ended(process: subprocess.Popen[bytes]) -> int:
    """The status of one that ends by itself; one that does not is killed."""
    try:
        return process.wait(60)
    finally:
        process.kill()


def test_it_ends_in_good_order_when_nobody_reads_what_it_says(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)
    reads, writes = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "samlocal", "start-lambda", "--port", "0"],
        cwd=made.folder,
        env=made.environment(REGION),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writes,
    ) as process:
        os.close(writes)
        seen = b""
        while b"/dev/stdout" not in seen:
            seen += os.read(reads, 1 << 16)
        url = url_in(seen.decode())
        assert call(url, "getEvent", {"a": 1}) == {"a": 1}
        os.close(reads)
        assert ended(process) == 141
    assert docker.nothing_left(made)


def test_it_ends_when_nobody_reads_its_records(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)
    with made.start("start-lambda", "--port", "0", "--output", "json", environ=REGION) as running:
        url = json.loads(running.read())["url"]
        assert call(url, "getEvent", {}) == {}
        assert running.process.stdout is not None
        running.process.stdout.close()
        assert ended(running.process) == 141
    assert docker.nothing_left(made)


def test_it_ends_with_its_terminal(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen = bytearray()
    closed = threading.Event()

    def read() -> None:
        # Whoever waits in read() holds the terminal open.
        while not closed.is_set():
            if select.select([near], [], [], 0.05)[0]:
                seen.extend(os.read(near, 1 << 16))
        os.close(near)

    with subprocess.Popen(
        [sys.executable, "-P", "-m", "samlocal", "start-lambda", "--port", "0"],
        cwd=made.folder,
        env=made.environment({**REGION, "TERM": "xterm-256color"}),
        stdin=far,
        stdout=far,
        stderr=far,
        # A session of its own, whose terminal this is: closing it sends SIGHUP.
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(far)
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        eventually(lambda: b"/dev/stdout" in seen, told=lambda: seen)
        call(url_in(seen.decode()), "getEvent", {"a": 1})
        eventually(lambda: b"saw" in seen)
        assert docker.containers(made)
        closed.set()
        assert ended(process) == 129
    assert docker.nothing_left(made)
    text = re.sub(r"\x1b\[[0-9;]*m", "", seen.decode())
    assert max(map(len, text.split("/dev/stdout")[0].splitlines())) <= 80
