"""A function in a sandbox that a debugger may enter, and that lives for several events."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import platformdirs
import pytest
from debug_kit import Debugged, function_of, tool
from event_loop import EventLoop
from kit import Project, free_port

from samlocal.artifact.cache import Cache
from samlocal.engine import Engine
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.debug.port import DebugPort
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.plan import sandbox_spec
from samlocal.sandbox.sandbox import Sandbox
from samlocal.sandbox.session import session

DELVE = "v1.27.2"
ESBUILD = "0.25.0"


@pytest.fixture
def debugged(project: Callable[..., Project]) -> Iterator[Callable[..., Debugged]]:
    """Starts the function ``Fn`` of a project for a debugger."""
    with ExitStack() as stack:
        loop = EventLoop()
        stack.callback(loop.close)

        def start(
            of: Project, *, path: Path | None = None, wait: bool = True, live: bool = False, stays: bool = False
        ) -> Debugged:
            """``stays`` puts the port of a command that stays before it."""
            entrance = DebugPort(free_port()) if stays else None
            port = entrance.port if entrance is not None else free_port()
            debug = DebugOptions(
                port=port, behind=None if entrance is None else entrance.inside, wait=wait, path=path
            )
            own = Debugged(port)
            engine = Engine.connect(os.environ)
            stack.callback(engine.close)

            def spec() -> SandboxSpec:
                return sandbox_spec(
                    function_of(of),
                    engine=engine,
                    cache=Cache(of.cache),
                    credentials=None,
                    options=SandboxOptions(skip_pull=True, debug=debug),
                    progress=lambda _, __: None,
                )

            run = stack.enter_context(session(of.sessions))
            sandbox = loop.enter(
                Sandbox(engine, spec(), session=run, log=own, live=Cache(of.cache) if live else None)
            )
            stack.callback(loop.leave, sandbox)
            if entrance is not None:
                loop.enter(entrance)
                stack.callback(loop.leave, entrance)
            own.run_in(sandbox, loop, spec)
            return own

        yield start


@pytest.fixture(scope="session")
def go() -> Callable[..., str]:
    """Runs go and gives what it prints; the test is skipped where the modules cannot be had."""
    program = tool("go")

    def run(*args: str, cwd: Path, **environ: str) -> str:
        done = subprocess.run(
            [program, *args],
            cwd=cwd,
            env={**os.environ, "CGO_ENABLED": "0", **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            if "dial tcp" in done.stderr or "proxy" in done.stderr:
                pytest.skip(f"go {args[0]}: no Go module proxy in reach")
            raise AssertionError(done.stderr)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def delve(go: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a dlv that runs in every container, made once on this machine and kept."""
    folder = platformdirs.user_cache_path("samlocal-tests") / f"delve-{DELVE}"
    if not (folder / "dlv").is_file():
        go(
            "install",
            f"github.com/go-delve/delve/cmd/dlv@{DELVE}",
            cwd=tmp_path_factory.mktemp("delve"),
            GOBIN=str(folder),
        )
    return folder


@pytest.fixture(scope="session")
def esbuild() -> str:
    """The folder of esbuild's program, from npm, kept on this machine; the test is skipped where there is none."""
    npm = tool("npm")
    folder = platformdirs.user_cache_path("samlocal-tests") / f"esbuild-{ESBUILD}"
    programs = folder / "node_modules" / ".bin"
    if not (programs / "esbuild").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--silent", "--prefix", str(folder), f"esbuild@{ESBUILD}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no npm registry in reach")
    return str(programs)
