"""The test kit: a project in a folder of its own, samlocal run on it as a real process, and what came of it.

``project(files).run("invoke", "Fn")`` gives an Outcome to assert on. Nothing of this machine reaches the process but
its PATH and its Docker engine.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import ipaddress
import json
import os
import pty
import random
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import loaded
from aws_client import aws_client

T = TypeVar("T")

FUNCTIONS = Path(__file__).parent / "functions"
"""Functions for the tests, a folder each."""

STAND_INS = tuple(f"samlocal/lambda-{name}" for name in ("python:3.11", "nodejs:20", "provided:al2023"))

STARTUP_SECONDS = 60.0
"""What a run may take beside the function's own time, and anything that is waited for, on a busy machine."""

_PASSED_ON = (
    "PATH",
    "PYTHONPATH",
    "LANG",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
)
_REPORT = re.compile(r"^REPORT RequestId: (?P<id>\S+)\t(?P<fields>.*)\t$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run of samlocal."""

    status: int
    stdout: bytes
    stderr: str
    seconds: float

    @property
    def payload(self) -> Any:
        """Standard output as JSON: all of it, which is the claim that it holds nothing else."""
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise AssertionError(f"standard output is not one JSON document\n{self}") from None

    @property
    def lines(self) -> list[str]:
        """Standard error, line by line."""
        return self.stderr.splitlines()

    @property
    def request_id(self) -> str:
        """From the START line."""
        found = re.search(r"^START RequestId: (\S+) Version: \$LATEST$", self.stderr, re.MULTILINE)
        assert found, f"no START line\n{self}"
        return found[1]

    @property
    def report(self) -> dict[str, str]:
        """The fields of the one REPORT line by name."""
        ((request_id, report),) = self.reports.items()
        assert request_id == self.request_id
        return report

    @property
    def reports(self) -> dict[str, dict[str, str]]:
        """The fields of every REPORT line by name, by the invocation's id."""
        found = _REPORT.finditer(self.stderr)
        return {each["id"]: dict(item.split(": ", 1) for item in each["fields"].split("\t")) for each in found}

    def report_number(self, name: str) -> float:
        """A figure of the REPORT line, without its unit (ms, MB)."""
        return float(self.report[name].split()[0])

    def succeeded(self) -> Outcome:
        assert self.status == 0, str(self)
        return self

    def ended(self, status: int) -> Outcome:
        assert self.status == status, str(self)
        return self

    def __str__(self) -> str:
        return (
            f"exit status {self.status} after {self.seconds:.1f} s\n"
            f"--- standard output\n{self.stdout[:2000].decode(errors='replace')}\n--- standard error\n{self.stderr}"
        )


class Running:
    """samlocal at work: to send signals to, and to read as it writes."""

    def __init__(self, process: subprocess.Popen[bytes], *, log: IO[bytes]) -> None:
        self.process = process
        self._log = log
        self._began = time.monotonic()

    def stderr(self) -> str:
        """What has been written there so far."""
        # pread: the process's own place in the file stays where it is.
        return os.pread(self._log.fileno(), 1 << 24, 0).decode(errors="replace")

    def has_logged(self, text: str, *, within: float = STARTUP_SECONDS) -> Running:
        """Waits until standard error holds a text."""
        eventually(
            lambda: text in self.stderr(),
            within=within,
            told=lambda: f"no {text!r} on standard error\n{self.stderr()}",
        )
        return self

    def read(self, *, within: float = 60.0) -> bytes:
        """The next piece of standard output, empty at its end."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], within)[0], f"nothing is written\n{self.stderr()}"
        return os.read(self.process.stdout.fileno(), 1 << 16)

    def prints(self, text: bytes) -> bytes:
        """Waits until standard output holds a text; all that has been read for it."""
        seen = b""
        while text not in seen:
            piece = self.read()
            assert piece, f"standard output ends without {text!r}: {seen!r}\n{self.stderr()}"
            seen += piece
        return seen

    def signalled(self, number: int) -> Running:
        self.process.send_signal(number)
        return self

    def outcome(self, *, within: float = STARTUP_SECONDS) -> Outcome:
        """Waits for the end."""
        try:
            stdout, _ = self.process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"samlocal did not end within {within} s\n{self.stderr()}") from None
        return Outcome(
            status=self.process.returncode,
            stdout=stdout,
            stderr=self.stderr(),
            seconds=time.monotonic() - self._began,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with a template, and a home and a cache that no other project uses.

    ``launcher`` is a program, with its arguments, that becomes samlocal in a place of its own (nsenter).
    """

    folder: Path
    home: Path
    cache: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()

    @property
    def sessions(self) -> Path:
        """What samlocal's containers of this project are labelled with."""
        return self.cache / "sessions"

    def just_asked(self) -> None:
        """Has AWS have said a moment ago that what is kept of a stack still holds, however long ago it did."""
        for file in self.cache.glob("snapshots/*/*.json"):
            write(file, json.loads(file.read_text()) | {"confirmed": time.time()})

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Everything the process sees: none of this machine's AWS settings."""
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {"HOME": str(self.home), "SAMLOCAL_CACHE_DIR": str(self.cache)}
        return passed_on | own | dict(self.environ) | dict(more or {})

    def run(
        self, *args: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"", within: float = 60.0
    ) -> Outcome:
        """Runs samlocal to its end, in a fresh process or in what is like one (``loaded.py``)."""
        own = self.environment(environ)
        if not self.launcher and loaded.can_run(own):
            began = time.monotonic()
            status, stdout, stderr = loaded.run(args, cwd=self.folder, environ=own, stdin=stdin, within=within)
            return Outcome(status=status, stdout=stdout, stderr=stderr, seconds=time.monotonic() - began)
        with self.start(*args, environ=environ, stdin=stdin) as running:
            return running.outcome(within=within)

    def shell(self, script: str, *, environ: Mapping[str, str] | None = None, within: float = 60.0) -> Outcome:
        """Runs a line of shell in which ``samlocal`` is the command: for streams, signals and folders."""
        own = f'samlocal() {{ "{sys.executable}" -P -m samlocal "$@"; }}\n'
        began = time.monotonic()
        ran = subprocess.run(
            [*self.launcher, "bash", "-c", own + script],
            cwd=self.folder,
            env=self.environment(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=within,
            check=False,
        )
        return Outcome(
            status=ran.returncode,
            stdout=ran.stdout,
            stderr=ran.stderr.decode(errors="replace"),
            seconds=time.monotonic() - began,
        )

    def terminal(
        self, *args: str, columns: int = 80, environ: Mapping[str, str] | None = None, within: float = 60.0
    ) -> Outcome:
        """Runs samlocal in a terminal of so many columns; standard output and error come as the terminal got them."""
        near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "samlocal", *args],
            cwd=self.folder,
            env=self.environment({"TERM": "xterm-256color", **(environ or {})}),
            stdin=far,
            stdout=far,
            stderr=far,
        ) as process:
            os.close(far)
            seen = bytearray()
            # EIO is how Linux says that the last one has closed the terminal.
            with contextlib.suppress(OSError):
                while data := os.read(near, 1 << 16):
                    seen += data
            os.close(near)
            status = process.wait(timeout=within)
        return Outcome(
            status=status,
            stdout=bytes(seen),
            stderr=seen.decode(errors="replace"),
            seconds=time.monotonic() - began,
        )

    def invoke(self, *args: str, event: object = None, environ: Mapping[str, str] | None = None) -> Outcome:
        """Runs ``samlocal invoke``; ``event`` is given as JSON."""
        given = () if event is None else ("--event", json.dumps(event))
        return self.run("invoke", *args, *given, environ=environ)

    @contextlib.contextmanager
    def start(
        self, *args: str, environ: Mapping[str, str] | None = None, stdin: bytes = b"", merged: bool = False
    ) -> Iterator[Running]:
        """Starts samlocal; it is killed at the end of the block if it still runs.

        ``merged`` sends standard error where standard output goes, which keeps the order of both.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as log:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                [*self.launcher, sys.executable, "-P", "-m", "samlocal", *args],
                cwd=self.folder,
                env=self.environment(environ),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else log,
            )
            try:
                yield Running(process, log=log)
            finally:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()


def make_project(root: Path, files: Mapping[str, str | bytes | Path | Mapping[str, Any]], **environ: str) -> Project:
    """Writes a project's files: text, bytes, a mapping as JSON, or a folder to copy."""
    project = Project(folder=root / "project", home=root / "home", cache=root / "cache", environ=environ)
    for folder in (project.folder, project.home, project.cache):
        folder.mkdir()
    for name, content in files.items():
        write(project.folder / name, content)
    return project


def write(path: Path, content: str | bytes | Path | Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case str():
            save(path, content.encode())
        case bytes():
            save(path, content)
        case Path():
            shutil.copytree(content, path, ignore=shutil.ignore_patterns("__pycache__"))
        case _:
            save(path, json.dumps(content, indent=2).encode())
    if path.name == "bootstrap":
        path.chmod(0o755)


def save(path: Path, content: bytes) -> None:
    """Writes a file where it lies. It is never empty in between, for whoever watches looks at once."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        assert os.write(handle, content) == len(content)
        if os.fstat(handle).st_size > len(content):
            os.ftruncate(handle, len(content))
    finally:
        os.close(handle)


def template(**resources: Mapping[str, Any]) -> dict[str, Any]:
    """A SAM template of these resources."""
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def function(runtime: str = "python3.11", **properties: Any) -> dict[str, Any]:
    """A SAM function, with its code in ``code/`` and its handler ``app.handler`` unless ``properties`` say more.

    It has a minute, too: Lambda's three seconds are little on a busy machine for a test that is not about them.
    """
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": runtime, "CodeUri": "code/", "Handler": "app.handler", "Timeout": 60, **properties},
    }


def python(source: str, **properties: Any) -> dict[str, Any]:
    """The files of a project with one Python function, ``Fn``."""
    return {"template.json": template(Fn=function(**properties)), "code/app.py": source}


def node(source: str, **properties: Any) -> dict[str, Any]:
    """The files of a project with one Node function, ``Fn``."""
    return {"template.json": template(Fn=function("nodejs20.x", **properties)), "code/app.js": source}


def unignore_signals() -> None:
    """Whoever starts the suite in the background, or with nohup, has it ignore signals; what it starts shall not.

    A program inherits what is ignored, and gets the default for what is handled (signal(7)): so this process goes on
    ignoring them, by hand.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def eventually(
    what: Callable[[], T], *, within: float = STARTUP_SECONDS, told: Callable[[], object] | None = None
) -> T:
    """Asks again until the answer is true, and gives it. Raises AssertionError, with ``told``, when time is up."""
    until = time.monotonic() + within
    while not (answer := what()):
        if time.monotonic() >= until:
            raise AssertionError(f"not within {within} s: {answer if told is None else told()}")
        time.sleep(0.02)
    return answer


def throughout(what: Callable[[], object], *, seconds: float) -> None:
    """Holds that the answer stays true: where what must not happen would leave no other sign."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert what()
        time.sleep(0.02)


@contextlib.contextmanager
def open_files(count: int) -> Iterator[None]:
    """Lets this process have so many, whatever it was started with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def free_port() -> int:
    """A port of the loopback below those that a kernel gives by itself: to no connection until it is used here."""
    while True:
        port = random.randrange(15_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def asleep(seconds: str) -> bool:
    """Whether a process of this machine is ``sleep`` of so many seconds."""
    wanted = b"\0".join((b"sleep", seconds.encode(), b""))
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if process.read_bytes() == wanted:
                return True
    return False


class Docker:
    """What the tests ask the engine, beside samlocal."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def containers(self, project: Project) -> list[str]:
        """The names of the project's containers, running or not; other projects' are not looked at."""
        found = self._client.containers(all=True, filters={"label": f"samlocal.sessions={project.sessions}"})
        return [name.lstrip("/") for container in found for name in container["Names"]]

    def labels(self, container: str) -> dict[str, str]:
        labels: dict[str, str] = self._client.inspect_container(container)["Config"]["Labels"]
        return labels

    def described(self, container: str) -> dict[str, Any]:
        """What the engine says of a container."""
        described: dict[str, Any] = self._client.inspect_container(container)
        return described

    def all_labels(self) -> list[dict[str, str]]:
        """The labels of every container."""
        return [dict(container["Labels"]) for container in self._client.containers(all=True)]

    def volumes(self, project: Project) -> list[str]:
        """The names of the volumes of the project's containers."""
        found = self._client.volumes(filters={"label": f"samlocal.sessions={project.sessions}"})
        return [volume["Name"] for volume in found["Volumes"] or ()]

    @contextlib.contextmanager
    def image(self, name: str, dockerfile: str) -> Iterator[str]:
        """An image of the test's own."""
        steps = self._client.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, decode=True)
        errors = [step["error"] for step in steps if "error" in step]
        assert not errors, errors
        try:
            yield name
        finally:
            self._client.remove_image(name, force=True)

    def nothing_left(self, project: Project) -> bool:
        """The engine removes containers by itself, soon: this waits for it."""
        return eventually(lambda: not self.containers(project), told=lambda: self.containers(project))

    def remove_all(self, project: Project) -> None:
        from docker.errors import APIError

        for container in self.containers(project):
            # Gone, or going, already.
            with contextlib.suppress(APIError):
                self._client.remove_container(container, force=True, v=True)

    def gateway(self, network: str = "bridge") -> str:
        """The address of this machine on a network: the subnet's first, where a new engine names none."""
        (pool, *_) = self._client.inspect_network(network)["IPAM"]["Config"]
        return str(pool.get("Gateway") or next(ipaddress.ip_network(pool["Subnet"]).hosts()))

    @contextlib.contextmanager
    def network(self, *, bridge: str) -> Iterator[str]:
        """A network of the test's own; ``bridge`` names its interface."""
        name = f"samlocal-test-{bridge}"
        self._client.create_network(name, driver="bridge", options={"com.docker.network.bridge.name": bridge})
        try:
            yield name
        finally:
            # A container that is still being removed holds its network.
            eventually(lambda: self._removed(name))

    def _removed(self, network: str) -> bool:
        from docker.errors import APIError, NotFound

        try:
            self._client.remove_network(network)
        except NotFound:
            return True
        except APIError:
            return False
        return True


class Gate:
    """Functions wait at it until the test lets them go: they connect to it, and read until its end."""

    def __init__(self, docker: Docker) -> None:
        self._listens = socket.create_server((docker.gateway(), 0))
        self._listens.settimeout(STARTUP_SECONDS)
        self._waiting: list[socket.socket] = []
        self.host, self.port = self._listens.getsockname()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.opens()
        self._listens.close()

    def awaits(self, count: int = 1) -> None:
        """Until so many functions have come."""
        while len(self._waiting) < count:
            self._waiting.append(self._listens.accept()[0])

    def opens(self) -> None:
        """For those who wait at it; others may come."""
        for each in self._waiting:
            each.close()
        self._waiting = []


class SlowEngine:
    """The machine's engine, slow at one kind of request: a socket in between that passes everything on.

    ``request`` is the end of the path that it is slow at. ``answer`` holds back what the engine says to it, else the
    request itself is held back; it is carried out in any case, as the engine does when nobody waits any more.
    One that is ``always`` slow is so at each further piece of that answer too, as of the stream that it becomes.
    ``reached`` says that there was such a request, ``requests`` how many, ``answered`` that the engine has answered
    one that was held back.
    """

    def __init__(
        self, path: Path, *, request: str, seconds: float, answer: bool = False, always: bool = False
    ) -> None:
        self.environ = {"DOCKER_HOST": f"unix://{path}"}
        self.reached = threading.Event()
        self.requests = 0
        self.answered = threading.Event()
        self._request = request
        self._seconds = seconds
        self._answer = answer
        self._always = always
        self._engine = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
        self._path = path
        self._open: list[socket.socket] = []

    def __enter__(self) -> SlowEngine:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self._path))
        listening.listen()
        self._open.append(listening)
        self._accepting = threading.Thread(target=self._accept, args=(listening,), daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A connection that is being accepted is among those to close.
        self._open[0].shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.socket(socket.AF_UNIX)
                self._open += (near, far)
                far.connect(self._engine)
                late, asked = threading.Event(), threading.Event()
                threading.Thread(target=self._pass_on, args=(near, far, late, asked, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(far, near, late, asked, False), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, late: threading.Event, asked: threading.Event, asks: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if asks and self._is_meant(data):
                    self.requests += 1
                    late.set()
                if late.is_set() and asks is not self._answer:
                    if not self._always:
                        late.clear()
                    self.reached.set()
                    time.sleep(self._seconds)
                    asked.set()
                elif asked.is_set() and not asks:
                    self.answered.set()
                target.sendall(data)
            # Half of a connection may end before the other: what was asked is still carried out.
            target.shutdown(socket.SHUT_WR)

    def _is_meant(self, data: bytes) -> bool:
        first = data.partition(b"\r\n")[0].decode(errors="replace").split()
        return len(first) == 3 and first[1].partition("?")[0].endswith(self._request)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsEndpoint:
    """An AWS endpoint on loopback, moto's, in a process of its own."""

    url: str
    region: str = "eu-west-1"

    @property
    def environ(self) -> dict[str, str]:
        """For a process that is to use it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @contextlib.contextmanager
    def client(self, service: str) -> Iterator[Any]:
        """boto3 itself: the second opinion on what is there."""
        client = aws_client(service, self.url, region=self.region, key="testing")
        try:
            yield client
        finally:
            client.close()

    def deploy(self, name: str, deployed: Mapping[str, Any], *, parameters: Mapping[str, str] | None = None) -> Any:
        """Deploys plain CloudFormation and gives the stack's physical ids by logical id."""
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()]
        with self.client("cloudformation") as client:
            client.create_stack(
                StackName=name,
                TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", **deployed}),
                Capabilities=["CAPABILITY_IAM"],
                Parameters=given,
            )
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
            assert stack["StackStatus"] == "CREATE_COMPLETE", stack
            resources = client.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


@contextlib.contextmanager
def aws_endpoint(**environ: str) -> Iterator[AwsEndpoint]:
    """Starts moto's server and stops it at the end of the block."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={"PATH": os.environ["PATH"], "HOME": os.devnull, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            eventually(lambda: _answers(port), told=lambda: "moto's server did not come up")
            yield AwsEndpoint(url=f"http://127.0.0.1:{port}")
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
