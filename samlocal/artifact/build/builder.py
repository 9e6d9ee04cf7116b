"""aws-lambda-builders, in a process of its own: it is told what to build in JSON and answers in JSON.

A process each gives every build the user's own environment, lets several run at once, and can be ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from samlocal.artifact.build.job import BuilderFolders, Job
from samlocal.artifact.build.log import check_answer, failed, log_level, plain, step_of
from samlocal.artifact.build.npm_packages import local_packages
from samlocal.artifact.build.npm_packing import INSTALL_LINKS, pack
from samlocal.artifact.build.python_wheels import install_command
from samlocal.artifact.build.tools import check_tools, find, path_with_own, python_for, search_folders
from samlocal.artifact.build.workflow import (
    ESBUILD,
    NPM,
    PIP,
    UV,
    builder_runtime,
    options,
    source_folder,
)
from samlocal.errors import BuildError
from samlocal.template.values import Json

PROTOCOL = "0.3"
"""Of aws-lambda-builders' JSON-RPC interface (its __main__)."""

BUILD_SECONDS = 1800.0
"""How long a build may take."""

# How long the last of its output may take once it has ended.
_END_SECONDS = 5.0


class Builder(Protocol):
    """Something that builds. ``key`` is what tells its results from another's."""

    @property
    def key(self) -> str: ...

    def build(self, job: Job, step: Callable[[str], None]) -> BuilderFolders:
        """Fills the job's folder, telling the steps it takes. Raises BuildError with the tool's own output."""

    def stop(self) -> None:
        """Ends the builds that run."""


PACKAGES = "packages"
"""Where beside the copy of the sources the packages of this machine are packed."""

IN_CONTAINER = "container"
"""How the key of a builder in containers begins."""


def library_version() -> str:
    return version("aws-lambda-builders")


def _check_runtime(job: Job) -> None:
    """Raises BuildError for a runtime that aws-lambda-builders refuses, which says only that it does."""
    from aws_lambda_builders.supported_runtimes import ALL_RUNTIMES

    runtime = builder_runtime(job.target)
    if runtime in ALL_RUNTIMES:
        return
    language = runtime.rstrip(".x0123456789")
    known = [name for name in ALL_RUNTIMES if name.startswith(language)]
    raise BuildError(
        f"{job.target.metadata.location}: {job.target.path}: aws-lambda-builders {library_version()}, SAM CLI's own "
        f"builder, does not build {runtime}.",
        tip=(f"It builds {', '.join(known)}. " if known else "")
        + "An image that has a builder for it is named with --build-in-container --build-image; a makefile "
        "(Metadata BuildMethod: makefile) builds anything; `samlocal invoke --no-build` runs it as it is.",
    )


def _options(job: Job, scratch: str) -> Mapping[str, Json] | None:
    own = options(job.target, job.workflow, scratch=scratch)
    if job.packed and job.workflow is NPM:
        # `npm ci` refuses a lock that does not name what was packed; `npm install` takes what else it pins.
        own = {**(own or {}), "use_npm_ci": False}
    return {**(own or {}), "sourcemap": True} if job.debug and job.workflow is ESBUILD else own


def variables(job: Job) -> dict[str, str]:
    """What the builder's process is told beside the request."""
    return {"LAMBDA_BUILDERS_LOG_LEVEL": log_level(job.workflow), **(INSTALL_LINKS if job.packed else {})}


def request(
    job: Job,
    *,
    source: str,
    artifacts: str,
    scratch: str,
    manifest: str | None,
    dependencies: str | None,
    search: tuple[str, ...],
) -> str:
    """The JSON that aws-lambda-builders takes, with the folders as it sees them."""
    return json.dumps(
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "LambdaBuilder.build",
            "params": {
                "__protocol_version": PROTOCOL,
                "capability": {
                    "language": job.workflow.language,
                    "dependency_manager": job.workflow.dependency_manager,
                    "application_framework": None,
                },
                "source_dir": source,
                "artifacts_dir": artifacts,
                "scratch_dir": scratch,
                "manifest_path": manifest,
                "runtime": builder_runtime(job.target),
                "optimizations": None,
                "options": _options(job, scratch),
                "executable_search_paths": list(search) or None,
                "mode": "debug" if job.debug else None,
                "architecture": job.target.architecture,
                "is_building_layer": job.target.is_layer,
                "download_dependencies": job.fetch,
                "dependencies_dir": dependencies,
                "combine_dependencies": True,
                "experimental_flags": [],
            },
        }
    )


class HostBuilder:
    """Builds with the tools of this machine."""

    key = "host"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ) | {"PATH": path_with_own(environ)}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def build(self, job: Job, step: Callable[[str], None]) -> BuilderFolders:
        _check_runtime(job)
        check_tools(job.target, job.workflow, self._environ)
        if job.workflow is PIP and job.manifest is not None and job.manifest.is_file():
            job = self._python(job, job.manifest, step)
        source = source_folder(job.target, job.workflow)
        job = self.packed(job, step)
        sent = request(
            job,
            source=str(job.packed or source),
            artifacts=str(job.folder),
            scratch=str(job.scratch),
            manifest=None if job.manifest is None else str(job.manifest),
            dependencies=None if job.dependencies is None else str(job.dependencies),
            search=tuple(map(str, search_folders(job.target, job.workflow))),
        )
        answer, log, _ = self._run([sys.executable, "-P", "-m", "aws_lambda_builders", sent], job, step)
        seen = BuilderFolders(artifacts=str(job.folder), folders={str(job.scratch): source})
        check_answer(job, answer, log, seen=seen)
        return seen

    def packed(self, job: Job, step: Callable[[str], None], *, seen_as: str | None = None) -> Job:
        """With packages of this machine that a Node project needs packed, the project itself among them.

        ``seen_as`` is what another builder calls the folder that they are packed into. Raises BuildError.
        """
        source = source_folder(job.target, job.workflow)
        if job.workflow not in (NPM, ESBUILD) or not local_packages(source):
            return job
        into = job.scratch.parent / PACKAGES
        into.mkdir()

        def npm_pack(package: Path, into: Path) -> Path:
            step(f"pack {package.name}")
            command = ["npm", "pack", "--quiet", f"--pack-destination={into}", f"file:{package}"]
            told, log, status = self._run(command, job, step)
            if status or not told.strip():
                raise failed(job, "\n".join([f"npm pack {package}:", *log]))
            return into / told.split()[-1]

        bundled = job.workflow is ESBUILD
        try:
            packed = pack(source, into, seen_as=seen_as or str(into), bundled=bundled, npm_pack=npm_pack)
        except (OSError, tarfile.TarError) as error:
            raise failed(job, f"the packages of this machine cannot be packed: {error}") from error
        return replace(job, packed=packed, manifest=packed / "package.json")

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                # Its group: the tools that it has started end with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _python(self, job: Job, manifest: Path, step: Callable[[str], None]) -> Job:
        """Where there is no Python of the runtime's version: uv, which needs none, else pip for another version."""
        runtime = job.target.runtime or job.target.metadata.method or ""
        if not job.fetch or python_for(runtime, self._environ):
            return job
        if find("uv", self._environ):
            return replace(job, workflow=UV, dependencies=None)
        folder = job.dependencies or job.scratch / "dependencies"
        step(f"wheels for {runtime}")
        command = install_command(
            sys.executable,
            runtime=runtime,
            architecture=job.target.architecture,
            manifest=str(manifest),
            folder=str(folder),
        )
        _, log, status = self._run(list(command), job, step)
        if status:
            raise failed(job, "\n".join(log))
        folder.mkdir(exist_ok=True)
        return replace(job, dependencies=folder, fetch=False)

    def _run(self, command: list[str], job: Job, step: Callable[[str], None]) -> tuple[str, list[str], int]:
        """Standard output, the lines of standard error, and the exit status."""
        with self._lock:
            if self._stopped:
                raise failed(job, "it was stopped.")
            process = subprocess.Popen(
                command,
                env=self._environ | variables(job),
                cwd=source_folder(job.target, job.workflow),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running.add(process)
        log: list[str] = []
        answer = bytearray()
        late = threading.Event()

        def end() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        def listen() -> None:
            for raw in process.stderr or ():
                line = plain(raw)
                log.append(line)
                taken = step_of(line)
                if taken:
                    step(taken)

        def read() -> None:
            # As it comes: what has been said counts also where the end does not come.
            while process.stdout is not None and (piece := os.read(process.stdout.fileno(), 1 << 16)):
                answer.extend(piece)

        timer = threading.Timer(BUILD_SECONDS, end)
        readers = [threading.Thread(target=each, daemon=True) for each in (listen, read)]
        timer.start()
        for reader in readers:
            reader.start()
        try:
            status = process.wait(BUILD_SECONDS + _END_SECONDS)
            # What a tool has left running behind the build may hold its output open for ever.
            for reader, stream in zip(readers, (process.stderr, process.stdout), strict=True):
                reader.join(_END_SECONDS)
                if stream is not None and not reader.is_alive():
                    stream.close()
        except subprocess.TimeoutExpired:
            raise failed(job, "\n".join([*log[-20:], "It could not be ended."])) from None
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(process)
        if late.is_set():
            raise failed(job, "\n".join([*log[-20:], f"It took more than {BUILD_SECONDS / 60:.0f} minutes."]))
        return bytes(answer).decode(errors="replace"), log, status
