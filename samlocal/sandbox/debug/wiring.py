"""What a debugger needs in a sandbox, for each runtime, and how it shows that it waits and has been attached to.

Nothing of it is in the function's environment when the function runs: debug.sh starts the runtime with it and clears
it away.
"""

from __future__ import annotations

import re
import shlex
import socket
import time
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from threading import Lock

from msgspec import Struct

from samlocal.engine import Mount
from samlocal.errors import ConfigurationError
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.network.route import HOST_NETWORK

SECONDS = 86_400
"""In place of the function's timeout and of the init's: whoever looks at a stopped program has all day."""

LOOPBACK = "127.0.0.1"

_OWN_FOLDER = "/.samlocal"
_START = f"{_OWN_FOLDER}/debug.sh"
_DEBUGGER = f"{_OWN_FOLDER}/debugger"
_HERE = Path(__file__).parent.parent / "inside"

# A container that is being removed holds its port for a moment.
_PORT_SECONDS = 3.0


class Language(Enum):
    """What is debugged, by the name that the user knows."""

    PYTHON = "Python"
    NODE = "Node"
    JAVA = "Java"
    RUBY = "Ruby"
    DOTNET = ".NET"
    PROGRAM = "a program"


class DebugOptions(Struct, frozen=True, kw_only=True):
    """What the user asks for: ``path`` is the folder of a debugger that has to be brought along, such as dlv."""

    port: int
    wait: bool = True
    arguments: tuple[str, ...] = ()
    path: Path | None = None


class Debugging(Struct, frozen=True, kw_only=True):
    """What comes on top of a sandbox. ``memory`` is in MB, what the debugger itself may take.

    ``clients`` says which debuggers fit. ``listening`` and ``attached`` match lines that the debugger writes when it
    can be attached to and when it has been; ``noise`` is what it writes besides. Where ``attached`` is None the
    runtime stands still until the debugger lets it go, so its first poll tells. ``settling`` is in seconds: how long
    the first event waits for a debugger that sets its breakpoints when code has been loaded.
    """

    port: int
    wait: bool
    clients: str
    variables: Mapping[str, str]
    listening: re.Pattern[str]
    attached: re.Pattern[str] | None = None
    noise: re.Pattern[str] | None = None
    mounts: tuple[Mount, ...] = ()
    capabilities: tuple[str, ...] = ()
    memory: int = 64
    settling: float = 0.0

    def await_port(self) -> None:
        """Waits until the port is free, which it is at once or soon. Raises ConfigurationError."""
        until = time.monotonic() + _PORT_SECONDS
        while not _is_free(self.port):
            if time.monotonic() >= until:
                raise ConfigurationError(
                    f"The debug port {self.port} is in use on this machine.", tip="Name another with --debug-port."
                )
            time.sleep(0.05)


class DebuggerView:
    """Reads the debugger's own lines out of a sandbox's log and tells the user what they mean.

    ``log`` gets the other lines, ``notice`` the sentences. Called from the thread that reads the log and from the
    sandbox's own.
    """

    def __init__(self, debugging: Debugging, *, log: Callable[[str], None], notice: Callable[[str], None]) -> None:
        self._debugging = debugging
        self._log = log
        self._notice = notice
        self._lock = Lock()
        self._listens = False
        self._is_attached = False

    def line(self, line: str) -> None:
        """A line of the log. After the first attachment all belong to the function."""
        debugging = self._debugging
        if not self._listens and debugging.listening.search(line):
            self._listens = True
            self._notice(_listening_text(debugging))
        elif self._is_attached:
            self._log(line)
        elif debugging.attached is not None and debugging.attached.search(line):
            self.attached()
        elif debugging.noise is None or not debugging.noise.search(line):
            self._log(line)

    def ready(self) -> None:
        """The runtime asks for an event."""
        if self._debugging.wait and self._debugging.attached is None:
            self.attached()
        if self._is_attached:
            time.sleep(self._debugging.settling)

    def attached(self) -> None:
        with self._lock:
            before, self._is_attached = self._is_attached, True
        if not before:
            self._notice("the debugger is attached.")


def debugging(spec: FunctionSpec, options: DebugOptions, *, language: Language, network: str) -> Debugging:
    """How a function is debugged.

    Raises ConfigurationError where its runtime has no debugger, or needs one that ``options`` do not name.
    """
    host = LOOPBACK if network == HOST_NETWORK else "0.0.0.0"  # noqa: S104 - inside; published on loopback only
    wired = _Wired(spec=spec, options=options, host=host)
    match language:
        case Language.PYTHON:
            return _python(wired)
        case Language.NODE:
            return _node(wired)
        case Language.JAVA:
            return _java(wired)
        case Language.RUBY:
            return _ruby(wired)
        case Language.DOTNET:
            return _dotnet(wired)
        case Language.PROGRAM:
            return _program(wired)


def language_of(runtime: str) -> Language:
    """A runtime's language; the one of ``provided`` is not known, it is the one of its program."""
    for prefix, language in _LANGUAGES.items():
        if runtime.startswith(prefix):
            return language
    return Language.PROGRAM


def language_of_image(start: tuple[str, ...], has_file: Callable[[str], bool]) -> Language:
    """An image's language by the program it starts; where that is AWS's own script, by what stands in /var/lang."""
    if start[0] != LAMBDA_ENTRY_POINT:
        name = start[0].rpartition("/")[2]
        return next(
            (language for prefix, language in _LANGUAGES.items() if name.startswith(prefix)), Language.PROGRAM
        )
    for program, language in _PROGRAMS.items():
        if has_file(f"/var/lang/bin/{program}"):
            return language
    return Language.PROGRAM


LAMBDA_ENTRY_POINT = "/lambda-entrypoint.sh"

_LANGUAGES = {
    "python": Language.PYTHON,
    "node": Language.NODE,
    "java": Language.JAVA,
    "ruby": Language.RUBY,
    "dotnet": Language.DOTNET,
}
_PROGRAMS = {"python3": Language.PYTHON} | {
    name: language for name, language in _LANGUAGES.items() if name != "python"
}


class _Wired(Struct, frozen=True, kw_only=True):
    """What every runtime's wiring starts from; ``host`` is where the debugger listens in the container."""

    spec: FunctionSpec
    options: DebugOptions
    host: str

    @property
    def address(self) -> str:
        return f"{self.host}:{self.options.port}"

    @property
    def own_wrapper(self) -> dict[str, str]:
        """The function's own wrapper, which goes round the debugged program in its turn."""
        own = {variable.name: variable.value for variable in self.spec.variables}.get(_WRAPPER)
        return {"SAMLOCAL_DEBUG_WRAPPER": own} if own else {}

    def started(self, *, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> dict[str, str]:
        """The variables with which debug.sh puts words before and behind the runtime's program."""
        return {
            _WRAPPER: _START,
            "SAMLOCAL_DEBUG_BEFORE": "\n".join(before),
            "SAMLOCAL_DEBUG_AFTER": "\n".join(after),
            **self.own_wrapper,
        }

    def mounts(self, *more: Mount) -> tuple[Mount, ...]:
        mounts = [Mount(source=_HERE / "debug.sh", target=_START), *more]
        if self.options.path is not None:
            mounts.append(Mount(source=self.options.path, target=_DEBUGGER))
        return tuple(mounts)

    def refused(self, message: str, *, tip: str) -> ConfigurationError:
        return ConfigurationError(f"{self.spec.location}: {self.spec.logical_id}: {message}", tip=tip)


_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


def _python(wired: _Wired) -> Debugging:
    """debugpy, samlocal's own copy, in the runtime's process: debug_python.py starts it before the bootstrap."""
    import importlib.metadata
    import importlib.util

    found = importlib.util.find_spec("debugpy")
    if found is None or found.origin is None:
        raise wired.refused(
            "debugpy is not in samlocal's environment.", tip="Install it there: `python -m pip install debugpy`."
        )
    needed = re.search(r">=3\.(\d+)", importlib.metadata.metadata("debugpy")["Requires-Python"] or "")
    version = re.fullmatch(r"python([23])\.(\d+)", wired.spec.runtime or "")
    if needed and version and (version[1] != "3" or int(version[2]) < int(needed[1])):
        raise wired.refused(
            f"debugpy {importlib.metadata.version('debugpy')} knows Python 3.{needed[1]} and later, "
            f"not {wired.spec.runtime}.",
            tip=f"Run the function on python3.{needed[1]} or later, or install an older debugpy beside samlocal.",
        )
    options = wired.options
    script = f"{_OWN_FOLDER}/debug_python.py"
    folder = f"{_OWN_FOLDER}/debugpy"
    words = (folder, wired.host, str(options.port), "wait" if options.wait else "go", *options.arguments, "--")
    return Debugging(
        port=options.port,
        wait=options.wait,
        clients="debugpy, attach",
        # Else debugpy warns that it may miss breakpoints in the standard library.
        variables=wired.started(after=("-Xfrozen_modules=off", script, *words)),
        mounts=wired.mounts(
            Mount(source=_HERE / "debug_python.py", target=script),
            Mount(source=Path(found.origin).parent, target=f"{folder}/debugpy"),
        ),
        listening=re.compile(r"^samlocal: debugpy listens$"),
        attached=re.compile(r"^samlocal: debugpy is attached to$"),
    )


def _node(wired: _Wired) -> Debugging:
    """The inspector, opened by debug_node.cjs before the runtime client is loaded, which then stands still."""
    script = f"{_OWN_FOLDER}/debug_node.cjs"
    options = wired.options
    asked = f"{wired.host} {options.port} {'wait' if options.wait else 'go'}"
    return Debugging(
        port=options.port,
        wait=options.wait,
        clients="Node's inspector, attach",
        variables=wired.started(after=(f"--require={script}", *options.arguments)) | {"SAMLOCAL_DEBUG_NODE": asked},
        mounts=wired.mounts(Mount(source=_HERE / "debug_node.cjs", target=script)),
        listening=re.compile(r"^Debugger listening on ws://"),
        attached=re.compile(r"^Debugger attached\.$"),
        noise=re.compile(r"^For help, see: https://nodejs\.org/"),
        # Node 20 does not stop before a module that has a source map, as editors ask it to.
        settling=0.3,
    )


def _java(wired: _Wired) -> Debugging:
    """JDWP. Up to Java 8 a port alone means every address, and ``*`` is not known."""
    options, runtime = wired.options, wired.spec.runtime or ""
    every = "" if runtime.startswith("java8") else "*:"
    address = f"{LOOPBACK}:{options.port}" if wired.host == LOOPBACK else f"{every}{options.port}"
    suspend = "y" if options.wait else "n"
    agent = f"-agentlib:jdwp=transport=dt_socket,server=y,suspend={suspend},quiet=n,address={address}"
    words = (agent, *options.arguments)
    if runtime == "java8":
        # Its bootstrap knows no wrapper.
        own = {variable.name: variable.value for variable in wired.spec.variables}.get("JAVA_TOOL_OPTIONS", "")
        variables = {"JAVA_TOOL_OPTIONS": " ".join((own, *words)).strip()}
    else:
        variables = wired.started(after=words)
    return Debugging(
        port=options.port,
        wait=options.wait,
        clients="JDWP, attach",
        variables=variables,
        mounts=wired.mounts(),
        listening=re.compile(r"^Listening for transport dt_socket at address: "),
    )


def _program(wired: _Wired) -> Debugging:
    """A program of its own (Go, Rust, C++), started by the debugger that the user's folder holds."""
    options = wired.options
    path = options.path
    there = {name: path / name for name in ("dlv", "gdbserver", "lldb-server")} if path else {}
    name = next((name for name, file in there.items() if file.is_file()), None)
    if name is None:
        raise wired.refused(
            f"{wired.spec.runtime or 'its image'} is debugged with a debugger of yours"
            + (f", and there is none of {', '.join(there)} in {path}." if path else "."),
            tip="Name its folder with --debugger-path. For Go: `CGO_ENABLED=0 GOBIN=$PWD/.dlv go install "
            "github.com/go-delve/delve/cmd/dlv@latest`, then --debugger-path .dlv.",
        )
    program = f"{_DEBUGGER}/{name}"
    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    if name == "dlv":
        before = (
            *(program, "exec", "--headless", f"--listen={wired.address}", "--api-version=2", "--accept-multiclient"),
            # On the host's network the client is another user than the sandbox's.
            *("--only-same-user=false", "--check-go-version=false"),
            *(() if options.wait else ("--continue",)),
            *options.arguments,
        )
        after = ("--",)
        listening, clients = r"^API server listening at: ", "dlv, API 2, remote attach"
    elif name == "gdbserver":
        before = (program, *options.arguments, "--once", wired.address)
        listening, clients = r"^Listening on port ", "gdb, target remote"
    else:
        before, after = (program, "gdbserver", *options.arguments, wired.address, "--"), ()
        listening, clients = r"^Launched '|Listening", "lldb, gdb-remote"
    return Debugging(
        port=options.port,
        wait=options.wait or name != "dlv",
        clients=clients,
        variables=wired.started(before=before, after=after),
        mounts=wired.mounts(),
        capabilities=("SYS_PTRACE",),
        # dlv reads the whole of the program's debug information.
        memory=512,
        listening=re.compile(listening),
        noise=re.compile(r"layer=(rpc|debugger) |^Process .* created; pid = "),
    )


def _ruby(wired: _Wired) -> Debugging:
    """The debug gem of Ruby's own distribution (ruby/debug, "Remote debugging"). Untried."""
    options = wired.options
    own = {variable.name: variable.value for variable in wired.spec.variables}.get("RUBYOPT", "")
    return Debugging(
        port=options.port,
        wait=options.wait,
        clients="rdbg, attach",
        variables={
            "RUBYOPT": " ".join((own, "-rdebug/open", *options.arguments)).strip(),
            "RUBY_DEBUG_HOST": wired.host,
            "RUBY_DEBUG_PORT": str(options.port),
            **({} if options.wait else {"RUBY_DEBUG_NONSTOP": "1"}),
        },
        listening=re.compile(r"^DEBUGGER: Debugger can attach via TCP/IP"),
        attached=re.compile(r"^DEBUGGER: Connected"),
        noise=re.compile(r"^DEBUGGER: wait for debugger connection"),
    )


def _dotnet(wired: _Wired) -> Debugging:
    """vsdbg of the user's, which the IDE starts in the container; the runtime client waits for it. Untried.

    The client itself waits ten minutes (aws-lambda-dotnet, RuntimeSupportDebugAttacher).
    """
    options = wired.options
    if options.path is None:
        raise wired.refused(
            ".NET is debugged with vsdbg, which its licence lets only you fetch.",
            tip="Get it (https://aka.ms/getvsdbgsh) and name its folder with --debugger-path.",
        )
    return Debugging(
        port=options.port,
        wait=options.wait,
        clients=f"coreclr, attach, {_DEBUGGER}/vsdbg by `docker exec` in the container that publishes the port",
        variables={"_AWS_LAMBDA_DOTNET_DEBUGGING": "1"} if options.wait else {},
        mounts=wired.mounts(),
        capabilities=("SYS_PTRACE",),
        memory=256,
        listening=re.compile(r"Waiting for the debugger to attach\.\.\.$"),
    )


def _listening_text(debugging: Debugging) -> str:
    does = "waiting for the debugger" if debugging.wait else "a debugger can attach"
    return (
        f"{does} at {LOOPBACK}:{debugging.port} ({debugging.clients}). Timeouts are off. "
        "`samlocal debug-config` sets an IDE up for it."
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def split_arguments(text: str) -> tuple[str, ...]:
    """``--debug-args`` as a shell would read it. Raises ConfigurationError."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigurationError(f"--debug-args {text!r}: {error}.", tip="Mind the quotes.") from error
